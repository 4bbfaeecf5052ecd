using Hearth.Models.Chat.Templates;
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
    private readonly ChatTemplate _template = ChatTemplate.Parse(file.Text, file.Path);

    /// <inheritdoc/>
    public int[] Encode(IEnumerable<ChatMessage> messages, bool askForAnswer)
    {
        ChatMessage[] said = [.. messages];
        string text = Render(said, askForAnswer);
        var tokens = new List<int>();
        int from = 0;
        foreach (string content in said.Select(m => m.Content.Trim()).Where(HoldsSpecialToken))
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

    /// <summary>The conversation as text.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public string Render(IEnumerable<ChatMessage> messages, bool askForAnswer) => _template.Render(Value.Dict(
    [
        .. file.Tokens,
        new("messages", Value.List(messages.Select(m => Value.Dict([new("role", Value.Of(m.Role)), new("content", Value.Of(m.Content))])))),
        new("add_generation_prompt", Value.Of(askForAnswer)),
    ]), new TemplateOptions { Clock = clock });

    private bool HoldsSpecialToken(string content) => content.Length > 0 && tokenizer.SpecialTokens.Any(t => content.Contains(t.Content, StringComparison.Ordinal));
}
