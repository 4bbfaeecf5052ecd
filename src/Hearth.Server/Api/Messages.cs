using System.Text;
using System.Text.Json;
using Hearth.Models.Chat;
using Hearth.Server.Api.Wire;

namespace Hearth.Server.Api;

/// <summary>Conversations and tools as OpenAI's chat completions write them.</summary>
internal static class Messages
{
    private const int MostMessages = 10_000, MostTools = 256;

    public static List<ChatMessage> Read(Fields fields)
    {
        Fields[] all = fields.Objects("messages", MostMessages) ?? throw new ApiException(400, "The field 'messages' is missing.", "messages", "missing_required_parameter");
        if (all.Length == 0) throw new ApiException(400, "The field 'messages' is empty, expected at least one message.", "messages");
        return [.. all.Select(Message)];
    }

    public static List<Tool> Tools(Fields fields)
    {
        var tools = new List<Tool>();
        foreach (Fields item in fields.Objects("tools", MostTools) ?? [])
        {
            if (item.OneOf("type", "function") is null) throw new ApiException(400, $"The field '{item.At("type")}' is missing, expected function.", item.At("type"));
            Fields function = item.Object("function") ?? throw new ApiException(400, $"The field '{item.At("function")}' is missing.", item.At("function"));
            tools.Add(Function(function));
            item.Done();
        }
        return tools;
    }

    /// <summary>A tool's name, description and parameters.</summary>
    public static Tool Function(Fields function)
    {
        string name = function.Need("name");
        if (name.Length > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw new ApiException(400, $"The field '{function.At("name")}' must be up to 64 letters, digits, _, - and '.'.", function.At("name"));
        JsonElement? parameters = function.Raw("parameters");
        if (parameters is { ValueKind: not JsonValueKind.Object } wrong) throw Fields.Bad(function.At("parameters"), wrong.ValueKind, "an object");
        var tool = new Tool(name, function.Text("description"), parameters?.GetRawText()) { Strict = function.Flag("strict") ?? false };
        function.Accept("type").Done();
        return tool;
    }

    /// <summary>What may be done with the tools, and which must be called.</summary>
    public static (ToolChoice Choice, string? Name) Choice(Fields fields)
    {
        if (fields.Raw("tool_choice") is not { } choice) return (ToolChoice.Auto, null);
        if (choice.ValueKind == JsonValueKind.String)
        {
            return fields.OneOf("tool_choice", "auto", "none", "required") switch
            {
                "none" => (ToolChoice.None, null),
                "required" => (ToolChoice.Required, null),
                _ => (ToolChoice.Auto, null),
            };
        }
        Fields named = fields.Object("tool_choice")!;
        named.OneOf("type", "function");
        Fields function = named.Object("function") ?? named;
        string name = function.Need("name");
        function.Done();
        named.Done();
        return (ToolChoice.Required, name);
    }

    /// <summary>A text, or parts of which all are text.</summary>
    public static string Content(Fields message, string name = "content")
    {
        if (message.Raw(name) is not { } content) return "";
        if (content.ValueKind == JsonValueKind.String) return content.GetString()!;
        var text = new StringBuilder();
        foreach (Fields part in message.Objects(name)!)
        {
            string type = part.Need("type");
            if (type is not ("text" or "input_text" or "output_text" or "refusal"))
                throw new ApiException(400, $"The field '{part.At("type")}' is '{type}'; models here read text only.", part.At("type"), "unsupported_content");
            text.Append(part.Text(type == "refusal" ? "refusal" : "text"));
            part.Accept("annotations", "cache_control", "citations", "logprobs").Done();
        }
        return text.ToString();
    }

    private static ChatMessage Message(Fields message)
    {
        string role = message.OneOf("role", "system", "developer", "user", "assistant", "tool", "function") ?? message.Need("role");
        var read = new ChatMessage(role == "function" ? "tool" : role, Content(message))
        {
            Name = message.Text("name"),
            Reasoning = message.Text("reasoning_content") ?? message.Text("reasoning"),
            ToolCallId = message.Text("tool_call_id"),
            ToolCalls = [.. (message.Objects("tool_calls", MostTools) ?? []).Select(Call)],
        };
        message.Accept("refusal", "annotations", "audio").Done();
        return read;
    }

    private static ToolCall Call(Fields call)
    {
        Fields function = call.Object("function") ?? throw new ApiException(400, $"The field '{call.At("function")}' is missing.", call.At("function"));
        var read = new ToolCall(call.Text("id") ?? "", function.Need("name"), function.Text("arguments") is { Length: > 0 } arguments ? arguments : "{}");
        call.Accept("type", "index").Done();
        function.Done();
        return read;
    }
}
