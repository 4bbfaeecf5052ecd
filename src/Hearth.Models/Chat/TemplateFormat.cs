using System.Text.Json;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Chat.Tools;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>
/// The conversation format of a model that brings a template. What a person writes can not pretend to be a role: where a message holds the characters of
/// a special token, it is turned into tokens by itself, as ordinary text.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="file">The template.</param>
/// <param name="clock">The time that the template may show; null for none.</param>
public sealed class TemplateFormat(Tokenizer tokenizer, TemplateFile file, Func<DateTime>? clock = null) : IChatFormat
{
    private const string OpenMark = "\uF8FFhearth-continues-here\uF8FF";

    private readonly ChatTemplate _template = ChatTemplate.Parse(file.Text, file.Path);

    /// <inheritdoc/>
    public string Template => file.Text;

    /// <inheritdoc/>
    public int[] Encode(ChatPrompt prompt)
    {
        string text = Render(prompt);
        var tokens = new List<int>();
        int from = 0;
        foreach (string content in prompt.Messages.Select(m => m.Content.Trim()).Where(HoldsSpecialToken))
        {
            int at = text.IndexOf(content, from, StringComparison.Ordinal);
            if (at < 0) continue;                                                // the template left it out or changed it
            tokens.AddRange(tokenizer.Encode(text[from..at], parseSpecial: true));
            tokens.AddRange(tokenizer.Encode(content));
            from = at + content.Length;
        }
        tokens.AddRange(tokenizer.Encode(text[from..], parseSpecial: true));

        // Templates write the opening token themselves, where there is one; a model told without it would see a text it was not trained on.
        return tokenizer.Opening is [var first, ..] && (tokens.Count == 0 || tokens[0] != first) ? [.. tokenizer.Opening, .. tokens] : [.. tokens];
    }

    /// <summary>The tokens of a conversation of plain messages.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    public int[] Encode(IEnumerable<ChatMessage> messages, bool askForAnswer) => Encode(new ChatPrompt([.. messages]) { AskForAnswer = askForAnswer });

    /// <summary>The conversation as text.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public string Render(IEnumerable<ChatMessage> messages, bool askForAnswer) => Render(new ChatPrompt([.. messages]) { AskForAnswer = askForAnswer });

    /// <summary>The conversation as text.</summary>
    /// <param name="prompt">What was said, and what the model is to know.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public string Render(ChatPrompt prompt)
    {
        bool tools = prompt.Tools.Count > 0 || prompt.Messages.Any(m => m.Role == "tool" || m.ToolCalls.Count > 0);
        if (tools && !file.Text.Contains(ToolFormat.Variable, StringComparison.Ordinal)) prompt = prompt with { Messages = PlainTools.Tell(prompt), Tools = [] };
        if (!prompt.Messages.Any(m => m.ToolCalls.Count > 0)) return Render(prompt, argumentsAsText: false);
        try
        {
            return Render(prompt, argumentsAsText: false);
        }
        catch (ChatTemplateException)                                            // some templates put the arguments' text together themselves
        {
            return Render(prompt, argumentsAsText: true);
        }
    }

    private string Render(ChatPrompt prompt, bool argumentsAsText)
    {
        bool open = prompt.ContinueLast && prompt.Messages.Count > 0;
        ChatMessage? last = open ? prompt.Messages[^1] : null;
        string mark = open ? last!.Content + OpenMark : "";
        IEnumerable<ChatMessage> messages = open ? [.. prompt.Messages.SkipLast(1), last! with { Content = mark }] : prompt.Messages;
        var variables = new List<KeyValuePair<string, Value>>(file.Tokens)
        {
            new("messages", Value.List(messages.Select(m => Message(m, argumentsAsText)))),
            new("add_generation_prompt", Value.Of(prompt.AskForAnswer && !open)),
        };
        if (prompt.Tools.Count > 0) variables.Add(new("tools", Value.List(prompt.Tools.Select(Definition))));
        if (prompt.Thinking is { } thinking)
        {
            variables.Add(new("enable_thinking", Value.Of(thinking)));
            variables.Add(new("thinking", Value.Of(thinking)));
        }
        if (prompt.ReasoningEffort is { } effort) variables.Add(new("reasoning_effort", Value.Of(effort)));
        string text = _template.Render(Value.Dict(variables), new TemplateOptions { Clock = clock });
        if (!open) return text;
        int end = text.LastIndexOf(OpenMark, StringComparison.Ordinal);
        return end >= 0 ? text[..end] : throw new ChatException("The model's template leaves out the last message, so it can not be continued.");
    }

    private static Value Message(ChatMessage message, bool argumentsAsText)
    {
        var entries = new List<KeyValuePair<string, Value>> { new("role", Value.Of(message.Role)), new("content", Value.Of(message.Content)) };
        if (message.Reasoning is { } reasoning)
        {
            entries.Add(new("reasoning_content", Value.Of(reasoning)));
            entries.Add(new("thinking", Value.Of(reasoning)));
        }
        if (message.ToolCalls.Count > 0) entries.Add(new("tool_calls", Value.List(message.ToolCalls.Select(c => Call(c, argumentsAsText)))));
        if (message.ToolCallId is { } id) entries.Add(new("tool_call_id", Value.Of(id)));
        if (message.Name is { } name) entries.Add(new("name", Value.Of(name)));
        return Value.Dict(entries);
    }

    private static Value Call(ToolCall call, bool argumentsAsText) => Value.Dict(
    [
        new("id", Value.Of(call.Id)),
        new("type", Value.Of("function")),
        new("function", Value.Dict(
        [
            new("name", Value.Of(call.Name)),
            new("arguments", argumentsAsText ? Value.Of(call.Arguments) : Json(call.Arguments, $"the arguments of the call '{call.Name}'")),
        ])),
    ]);

    private static Value Definition(Tool tool) => Value.Dict(
    [
        new("type", Value.Of("function")),
        new("function", Value.Dict(
        [
            new("name", Value.Of(tool.Name)),
            new("description", Value.Of(tool.Description ?? "")),
            new("parameters", Json(tool.Parameters ?? """{"type": "object", "properties": {}}""", $"the parameters of the tool '{tool.Name}'")),
        ])),
    ]);

    private static Value Json(string text, string what)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return Value.FromJson(json.RootElement, what);
        }
        catch (JsonException e)
        {
            throw new ChatException($"{what} are not JSON: {e.Message}");
        }
    }

    private bool HoldsSpecialToken(string content) => content.Length > 0 && tokenizer.SpecialTokens.Any(t => content.Contains(t.Content, StringComparison.Ordinal));
}
