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
    private const string LogProbabilities = "message.output_text.logprobs";

    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonNode asked = fields.Whole();
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        string? previous = fields.Text("previous_response_id"), conversation = ConversationItems.Id(fields, "conversation");
        if (previous is not null && conversation is not null) throw new ApiException(400, "The fields 'conversation' and 'previous_response_id' exclude each other. Leave one out.", "conversation");
        bool store = fields.Flag("store") ?? true;
        List<ChatMessage> before =
            await StoredResponses.Conversation(context.RequestServices.GetRequiredService<ResponseStore>(), context.Caller().Id, previous, context.RequestAborted).ConfigureAwait(false);
        if (conversation is not null)
        {
            (ConversationRow row, IReadOnlyList<MessageRow> said) = await Conversations.Find(context, conversation).ConfigureAwait(false);
            foreach (MessageRow message in ConversationStore.Shown(row, said)) ConversationItems.Add(before, message);
        }
        ChatRequest request = Read(fields, model, before);
        bool stream = fields.Flag("stream") ?? false;
        _ = Asked.WantsUsage(fields);                                            // a response always ends with what it took
        fields.Done();
        var response = new ResponseBuilder(model, request, Asked.Id("resp_"), Asked.Now(context), asked) { Store = store, Conversation = conversation };
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
            if (conversation is not null) await Conversations.Append(context, conversation, Rows(asked["input"]!, response, model, request)).ConfigureAwait(false);
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

    /// <summary>What was asked and answered, for a conversation.</summary>
    private static List<MessageRow> Rows(JsonNode input, ResponseBuilder response, LoadedModel model, ChatRequest request)
    {
        List<MessageRow> output = ConversationItems.Rows(response.Output());
        foreach (MessageRow row in output) (row.Model, row.ModelDigest, row.Seed) = (model.Name, model.Digest, request.Options.Seed);
        JsonElement items = JsonSerializer.SerializeToElement(StoredResponses.Items(input));
        return [.. ConversationItems.Rows(items.EnumerateArray().Select(i => new Fields(i, "input"))), .. output];
    }

    /// <summary>What a request asks for, after what was said before. The caller reads what is left and calls <see cref="Fields.Done"/>.</summary>
    public static ChatRequest Read(Fields fields, LoadedModel model, List<ChatMessage> before)
    {
        _ = Metadata.Read(fields);
        fields.Accept("user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier");
        if (fields.Flag("background") == true) throw new ApiException(400, "The field 'background' may only be false here.", "background", "unknown_parameter");
        if (fields.Text("truncation") is not (null or "disabled")) throw new ApiException(400, "The field 'truncation' may only be disabled here.", "truncation", "unknown_parameter");
        string[] include = fields.Texts("include", 16) ?? [];
        if (include.FirstOrDefault(i => i is not (LogProbabilities or "reasoning.encrypted_content")) is { } unknown)
            throw new ApiException(400, $"The field 'include' holds '{Query.Short(unknown)}', which is not supported here.", "include");
        var messages = new List<ChatMessage>();
        if (fields.Text("instructions") is { Length: > 0 } instructions) messages.Add(new ChatMessage("system", instructions));
        messages.AddRange(before);
        JsonElement input = fields.Raw("input") ?? throw new ApiException(400, "The field 'input' is missing.", "input", "missing_required_parameter");
        if (input.ValueKind == JsonValueKind.String) messages.Add(new ChatMessage("user", input.GetString()!));
        else foreach (Fields item in fields.Objects("input")!) Add(messages, item);
        ContextBound.Require(model, "input", messages.Sum(m => (long)m.Content.Length));
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
            ReasoningBudget = Asked.ThinkingBudget(fields),
            LogProbabilities = include.Contains(LogProbabilities, StringComparer.Ordinal),
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
