using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api.OpenAi;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.Anthropic;

/// <summary><c>POST /v1/messages</c> (Anthropic API reference, "Messages" and "Streaming messages").</summary>
internal static class MessagesRoute
{
    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonNode asked = fields.Whole();
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        ChatRequest request = MessagesReader.Read(fields, model, needsMaxTokens: true);
        bool stream = fields.Flag("stream") ?? false;
        fields.Done();
        var answer = new ChatAnswer(model, request, 0);
        string id = Asked.Id("msg_");
        if (stream)
        {
            await new MessagesStream(context, model, id).Run(request, asked).ConfigureAwait(false);
            return Results.Empty;
        }
        await answer.Run(_ => default, context.RequestAborted).ConfigureAwait(false);
        await Asked.Record(context, model, answer.Seed, asked, answer.Message(), answer.Usage).ConfigureAwait(false);
        JsonObject message = Envelope(model, id, answer.Usage);
        message["content"] = Content(answer);
        message["stop_reason"] = StopReason(answer.Reason, answer.StopString);
        message["stop_sequence"] = answer.StopString;
        return Json.Answer(message);
    }

    public static async Task<IResult> Count(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        ChatRequest request = MessagesReader.Read(fields, model, needsMaxTokens: false);
        fields.Done();
        return Json.Answer(new JsonObject { ["input_tokens"] = model.Engine.Encode(request.Prompt).Length });
    }

    public static JsonObject Envelope(LoadedModel model, string id, ChatUsage usage) => new()
    {
        ["id"] = id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = model.Name,
        ["content"] = new JsonArray(),
        ["stop_reason"] = null,
        ["stop_sequence"] = null,
        ["usage"] = Usage(usage),
    };

    public static JsonObject Usage(ChatUsage usage) => new() { ["input_tokens"] = usage.PromptTokens, ["output_tokens"] = usage.AnswerTokens };

    public static string StopReason(FinishReason reason, string? stop) => reason switch
    {
        FinishReason.Length => "max_tokens",
        FinishReason.ToolCalls => "tool_use",
        _ => stop is null ? "end_turn" : "stop_sequence",
    };

    public static JsonObject ToolInput(string arguments)
    {
        try
        {
            return JsonNode.Parse(arguments.Length == 0 ? "{}" : arguments) as JsonObject ?? new JsonObject { ["value"] = arguments };
        }
        catch (JsonException)
        {
            return new JsonObject { ["text"] = arguments };                      // cut short by the limit
        }
    }

    private static JsonArray Content(ChatAnswer answer)
    {
        var content = new JsonArray();
        if (answer.Reasoning.Length > 0) content.Add(new JsonObject { ["type"] = "thinking", ["thinking"] = answer.Reasoning, ["signature"] = "" });
        if (answer.Text.Length > 0) content.Add(new JsonObject { ["type"] = "text", ["text"] = answer.Text, ["citations"] = null });
        foreach (ToolCall call in answer.Calls) content.Add(new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = ToolInput(call.Arguments) });
        return content;
    }
}

/// <summary>Reads what Anthropic's interface asks for.</summary>
internal static class MessagesReader
{
    public static ChatRequest Read(Fields fields, LoadedModel model, bool needsMaxTokens)
    {
        fields.Accept("service_tier", "cache_control");
        if (fields.Object("metadata") is { } metadata) metadata.Accept("user_id").Done();
        int? most = fields.Whole("max_tokens", 1, int.MaxValue);
        if (most is null && needsMaxTokens) throw new ApiException(400, "max_tokens: Field required", "max_tokens");
        var messages = new List<ChatMessage>();
        if (fields.Raw("system") is { }) messages.Add(new ChatMessage("system", Messages.Content(fields, "system")));
        foreach (Fields message in fields.Objects("messages") ?? throw new ApiException(400, "messages: Field required", "messages")) messages.AddRange(Message(message));
        if (!messages.Exists(m => m.Role != "system")) throw new ApiException(400, "messages: at least one message is required", "messages");
        ContextBound.Require(model, "messages", messages.Sum(m => (long)m.Content.Length));
        bool open = messages is [.., { Role: "assistant", ToolCalls.Count: 0 }];
        bool? thinking = null;
        int? budget = null;
        if (fields.Object("thinking") is { } think)
        {
            thinking = think.OneOf("type", "enabled", "disabled", "adaptive") != "disabled";
            budget = think.Whole("budget_tokens", 1, int.MaxValue);
            think.Accept("display").Done();
        }
        (ToolChoice choice, string? tool, bool parallel) = Choice(fields);
        return new ChatRequest(new ChatPrompt(messages) { Tools = [.. (fields.Objects("tools", 256) ?? []).Select(Tool)], Thinking = thinking, ContinueLast = open })
        {
            Options = Sampling.Read(fields, model, most ?? int.MaxValue),
            Stops = fields.Texts("stop_sequences", 64) ?? [],
            ToolChoice = choice,
            ToolName = tool,
            ParallelCalls = parallel,
            ReasoningBudget = budget,
        };
    }

    private static (ToolChoice Choice, string? Name, bool Parallel) Choice(Fields fields)
    {
        if (fields.Object("tool_choice") is not { } choice) return (ToolChoice.Auto, null, true);
        string? type = choice.OneOf("type", "auto", "any", "tool", "none");
        string? name = choice.Text("name");
        bool parallel = !(choice.Flag("disable_parallel_tool_use") ?? false);
        choice.Done();
        return (type is "any" or "tool" ? ToolChoice.Required : type == "none" ? ToolChoice.None : ToolChoice.Auto, type == "tool" ? name : null, parallel);
    }

    private static Tool Tool(Fields tool)
    {
        if (tool.Text("type") is { } type and not "custom") throw new ApiException(400, $"The tool type '{type}' is not supported; tools of your own are.", tool.At("type"));
        var read = new Tool(tool.Need("name"), tool.Text("description"), tool.Raw("input_schema")?.GetRawText()) { Strict = tool.Flag("strict") ?? false };
        tool.Accept("cache_control").Done();
        return read;
    }

    /// <summary>A message, or the answers of tools and what the user said after them.</summary>
    private static List<ChatMessage> Message(Fields message)
    {
        string role = message.OneOf("role", "user", "assistant") ?? message.Need("role");
        if (message.Raw("content") is { ValueKind: JsonValueKind.String } plain)
        {
            message.Done();
            return [new ChatMessage(role, plain.GetString()!)];
        }
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var calls = new List<ToolCall>();
        var said = new List<ChatMessage>();
        foreach (Fields block in message.Objects("content") ?? [])
        {
            block.Accept("cache_control", "citations", "signature");
            switch (block.Need("type"))
            {
                case "text": text.Append(block.Need("text")); break;
                case "thinking": reasoning.Append(block.Need("thinking")); break;
                case "tool_use": calls.Add(new ToolCall(block.Need("id"), block.Need("name"), block.Raw("input")?.GetRawText() ?? "{}")); break;
                case "tool_result":
                    said.Add(new ChatMessage("tool", Messages.Content(block)) { ToolCallId = block.Need("tool_use_id") });
                    block.Accept("is_error");
                    break;
                case var type: throw new ApiException(400, $"The field '{block.At("type")}' is '{type}'; models here read text only.", block.At("type"));
            }
            block.Done();
        }
        message.Done();
        if (text.Length > 0 || calls.Count > 0 || said.Count == 0)
        {
            said.Add(new ChatMessage(role, text.ToString()) { Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null, ToolCalls = calls });
        }
        return said;
    }
}
