using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hearth.Models.Chat.Tools;

/// <summary>
/// Tools for models whose template has no place for them: the first message describes them, and calls and answers are text in the form of
/// <see cref="TaggedJsonFormat"/>, which many models have seen.
/// </summary>
internal static class PlainTools
{
    /// <summary>The conversation in plain messages.</summary>
    public static IReadOnlyList<ChatMessage> Tell(ChatPrompt prompt)
    {
        var messages = new List<ChatMessage>();
        IEnumerable<ChatMessage> rest = prompt.Messages;
        if (prompt.Tools.Count > 0 && prompt.Messages is [var first, ..])
        {
            // With what the first message says: some templates know no system.
            messages.Add(first with { Content = first.Role is "system" or "developer" ? $"{first.Content}\n\n{Describe(prompt.Tools)}" : $"{Describe(prompt.Tools)}\n\n{first.Content}" });
            rest = rest.Skip(1);
        }
        foreach (ChatMessage message in rest)
        {
            messages.Add(message.Role == "tool" ? new ChatMessage("user", $"<tool_response>\n{message.Content}\n</tool_response>")
                : message.ToolCalls.Count > 0 ? message with { Content = (message.Content + "\n" + string.Join('\n', message.ToolCalls.Select(Write))).Trim(), ToolCalls = [] }
                : message);
        }
        return messages;
    }

    /// <summary>A call as text.</summary>
    public static string Write(ToolCall call) => $$"""
        <tool_call>
        {"name": {{JsonSerializer.Serialize(call.Name)}}, "arguments": {{call.Arguments}}}
        </tool_call>
        """;

    private static string Describe(IReadOnlyList<Tool> tools)
    {
        var text = new StringBuilder("These tools can be called, one JSON object a line:\n");
        foreach (Tool tool in tools)
        {
            text.Append(new JsonObject
            {
                ["name"] = tool.Name,
                ["description"] = tool.Description,
                ["parameters"] = tool.Parameters is null ? null : JsonNode.Parse(tool.Parameters),
            }.ToJsonString()).Append('\n');
        }
        return text.Append("To call one, write its name and arguments as JSON between these marks:\n<tool_call>\n{\"name\": ..., \"arguments\": {...}}\n</tool_call>").ToString();
    }
}
