using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation.Constraints;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Api.OpenAi;

/// <summary><c>POST /v1/responses</c> (OpenAI API reference, "Responses").</summary>
internal static class Responses
{
    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonNode asked = fields.Whole();
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        string? previous = fields.Text("previous_response_id");
        bool store = fields.Flag("store") ?? true;
        ChatRequest request = Read(fields, model, await StoredResponses.Conversation(context.RequestServices.GetRequiredService<ResponseStore>(), context.Caller().Id, previous, context.RequestAborted).ConfigureAwait(false));
        bool stream = fields.Flag("stream") ?? false;
        fields.Done();
        var response = new ResponseBuilder(model, request, Asked.Id("resp_"), Asked.Now(context)) { Store = store, Previous = previous };
        var events = new EventStream(context);
        int number = 0;
        Task Tell(string type, JsonObject data)
        {
            data.Insert(0, "type", type);
            data["sequence_number"] = number++;
            return stream ? events.Send(data, type) : Task.CompletedTask;
        }

        bool began = false;
        try
        {
            await foreach (ChatUpdate update in model.Engine.AnswerAsync(request, context.RequestAborted).ConfigureAwait(false))
            {
                if (!began)
                {
                    began = true;
                    await Tell("response.created", new JsonObject { ["response"] = response.Json("in_progress") }).ConfigureAwait(false);
                    await Tell("response.in_progress", new JsonObject { ["response"] = response.Json("in_progress") }).ConfigureAwait(false);
                }
                foreach ((string type, JsonObject data) in response.Take(update)) await Tell(type, data).ConfigureAwait(false);
            }
            await Asked.Record(context, model, request.Options.Seed, asked, response.Output(), response.Usage).ConfigureAwait(false);
            if (store) await StoredResponses.Keep(context, asked["input"], previous, response.Json(response.Status)).ConfigureAwait(false);
            string last = response.Status == "completed" ? "response.completed" : "response.incomplete";
            if (!stream) return Json.Answer(response.Json(response.Status));
            await Tell(last, new JsonObject { ["response"] = response.Json(response.Status) }).ConfigureAwait(false);
        }
        catch (Exception e) when (stream && began && e is not OperationCanceledException)
        {
            ApiException error = ApiErrors.Of(e, context);
            await Tell("error", new JsonObject { ["code"] = error.Code ?? "server_error", ["message"] = error.Message, ["param"] = error.Param }).ConfigureAwait(false);
        }
        return Results.Empty;
    }

    /// <summary>What a request asks for, after what was said before. The caller reads what is left and calls <see cref="Fields.Done"/>.</summary>
    public static ChatRequest Read(Fields fields, LoadedModel model, List<ChatMessage> before)
    {
        fields.Accept("metadata", "user", "safety_identifier", "prompt_cache_key", "service_tier", "truncation");
        if (fields.Flag("background") == true) throw new ApiException(400, "The field 'background' may only be false here.", "background", "unknown_parameter");
        if (fields.Texts("include", 16) is { } include && include.FirstOrDefault(i => i is not ("message.output_text.logprobs" or "reasoning.encrypted_content")) is { } unknown)
            throw new ApiException(400, $"The field 'include' holds '{unknown}', which is not supported here.", "include");
        var messages = new List<ChatMessage>();
        if (fields.Text("instructions") is { Length: > 0 } instructions) messages.Add(new ChatMessage("system", instructions));
        messages.AddRange(before);
        JsonElement input = fields.Raw("input") ?? throw new ApiException(400, "The field 'input' is missing.", "input", "missing_required_parameter");
        if (input.ValueKind == JsonValueKind.String) messages.Add(new ChatMessage("user", input.GetString()!));
        else foreach (Fields item in fields.Objects("input")!) Add(messages, item);
        var tools = new List<Tool>();
        foreach (Fields tool in fields.Objects("tools", 256) ?? [])
        {
            if (tool.OneOf("type", "function") is null) throw new ApiException(400, $"The field '{tool.At("type")}' is missing, expected function.", tool.At("type"));
            tools.Add(Messages.Function(tool));
        }
        (ToolChoice choice, string? name) = Messages.Choice(fields);
        string? effort = null;
        if (fields.Object("reasoning") is { } reasoning)
        {
            effort = reasoning.OneOf("effort", "none", "minimal", "low", "medium", "high");
            reasoning.Accept("summary", "generate_summary").Done();
        }
        Grammar? shape = null;
        if (fields.Object("text") is { } text)
        {
            if (text.Object("format") is { } format)
            {
                string? type = format.OneOf("type", "text", "json_object", "json_schema");
                shape = type == "json_schema" ? Sampling.Schema(format, "schema") : type == "json_object" ? Grammar.JsonObject : null;
                format.Accept("name", "description", "strict").Done();
            }
            text.Accept("verbosity").Done();
        }
        return new ChatRequest(new ChatPrompt(messages)
        {
            Tools = tools,
            Thinking = effort == "none" ? false : null,
            ReasoningEffort = effort == "minimal" ? "low" : effort == "none" ? null : effort,
        })
        {
            Options = Sampling.Read(fields, model, fields.Whole("max_output_tokens", 1, int.MaxValue) ?? int.MaxValue) with { Alternatives = fields.Whole("top_logprobs", 0, 20) ?? 0 },
            Shape = shape,
            ToolChoice = choice,
            ToolName = name,
            ParallelCalls = fields.Flag("parallel_tool_calls") ?? true,
        };
    }

    /// <summary>Adds an item of a conversation, given in or given back.</summary>
    public static void Add(List<ChatMessage> messages, Fields item)
    {
        item.Accept("id", "status");
        switch (item.Text("type") ?? "message")
        {
            case "message":
                messages.Add(new ChatMessage(item.OneOf("role", "system", "developer", "user", "assistant") ?? item.Need("role"), Messages.Content(item)));
                break;
            case "function_call":
                var call = new ToolCall(item.Need("call_id"), item.Need("name"), item.Text("arguments") is { Length: > 0 } arguments ? arguments : "{}");
                if (messages is [.., { Role: "assistant" } last]) messages[^1] = last with { ToolCalls = [.. last.ToolCalls, call] };
                else messages.Add(new ChatMessage("assistant", "") { ToolCalls = [call] });
                break;
            case "function_call_output":
                messages.Add(new ChatMessage("tool", Messages.Content(item, "output")) { ToolCallId = item.Need("call_id") });
                break;
            case "reasoning":
                item.Accept("summary", "content", "encrypted_content");
                break;
            case var type: throw new ApiException(400, $"The field '{item.At("type")}' is '{type}', which is not supported here.", item.At("type"));
        }
        item.Done();
    }
}
