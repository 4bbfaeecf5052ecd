using Hearth.Models.Chat.Tools;
using Hearth.Models.Formats;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>
/// Separates an answer into text, reasoning and calls of tools while its tokens come. How the text is cut into tokens makes no difference. Marks that
/// are tokens of their own are known by their ids, so that text which only looks like one is text.
/// </summary>
internal abstract class AnswerReader(Tokenizer tokenizer)
{
    private readonly StreamingDecoder _decoder = new(tokenizer, showSpecial: true);
    private readonly Dictionary<int, string> _marks = [];
    private readonly HashSet<int> _hidden = [.. tokenizer.SpecialTokens.Where(t => t.Hidden).Select(t => t.Id)];

    /// <summary>What comes now.</summary>
    public abstract AnswerPart Part { get; }

    /// <summary>Calls of tools so far.</summary>
    public int Calls { get; protected set; }

    /// <summary>The prompt's tokens, which tell ids of this answer's calls from those of others.</summary>
    public IReadOnlyList<int> Prompt { get; set; } = [];

    /// <summary>A reader for a model's answers.</summary>
    /// <param name="tokenizer">Whose tokens they are.</param>
    /// <param name="template">The model's template.</param>
    /// <param name="tools">Tools that were offered; calls are only looked for when there are some.</param>
    /// <param name="began">The prompt ended inside reasoning.</param>
    public static AnswerReader Create(Tokenizer tokenizer, string template, IReadOnlyList<Tool> tools, bool began) =>
        ReasoningReader.Detect(tokenizer) == ReasoningFormat.Harmony
            ? new HarmonyReader(tokenizer, began)
            : new MarkedReader(tokenizer, tools.Count > 0 ? ToolFormat.Of(template) : null, tools, began);

    /// <summary>What has become certain with one more token.</summary>
    /// <param name="token">The token's id.</param>
    /// <param name="updates">Receives it.</param>
    public void Push(int token, List<ChatUpdate> updates)
    {
        if (_marks.TryGetValue(token, out string? mark))
        {
            Text(_decoder.Flush(), updates);
            Mark(mark, updates);
        }
        else if (!_hidden.Contains(token))
        {
            Text(_decoder.Push(token), updates);
        }
    }

    /// <summary>Ends the answer: what was held back.</summary>
    /// <param name="updates">Receives it.</param>
    public void Flush(List<ChatUpdate> updates)
    {
        Text(_decoder.Flush(), updates);
        End(updates);
    }

    /// <summary>Says that a text is a mark; whether it is a token of its own.</summary>
    private protected bool Know(string mark)
    {
        if (tokenizer.Special(mark) is not { } id) return false;
        _marks[id] = mark;
        return true;
    }

    /// <summary>The id of a call, the same every time the answer is generated: nine letters and digits, as Mistral's templates ask for.</summary>
    private protected string NextId() => Digest.Of($"{string.Join(' ', Prompt)} {Calls++}")[..TemplateFormat.IdLength];

    private protected abstract void Text(string text, List<ChatUpdate> updates);

    private protected abstract void Mark(string mark, List<ChatUpdate> updates);

    private protected abstract void End(List<ChatUpdate> updates);
}
