using Hearth.Models.Tokenizers;

namespace Hearth.Models.Generation;

/// <summary>What a part of an answer is.</summary>
public enum AnswerPart
{
    /// <summary>What the reader is meant to see.</summary>
    Answer,

    /// <summary>What the model wrote to itself.</summary>
    Reasoning,

    /// <summary>What is meant for a tool, or said before a tool is called.</summary>
    Commentary,
}

/// <summary>Some text of an answer.</summary>
/// <param name="Part">What it belongs to.</param>
/// <param name="Text">The text.</param>
/// <param name="Header">What the message's header says, such as <c>commentary to=functions.find</c>; empty where there are no headers.</param>
public readonly record struct AnswerText(AnswerPart Part, string Text, string Header = "");

/// <summary>How a model marks its reasoning.</summary>
public enum ReasoningFormat
{
    /// <summary>Not at all: everything is answer.</summary>
    None,

    /// <summary>Between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.</summary>
    Think,

    /// <summary>In channels: <c>&lt;|channel|&gt;analysis&lt;|message|&gt;...&lt;|end|&gt;</c> (OpenAI's harmony response format).</summary>
    Harmony,
}

/// <summary>
/// Separates reasoning from answer while tokens come. Marks that are special tokens are known by their ids, so that text which only looks like a
/// mark is text; others are found in the text, wherever the tokens are cut.
/// </summary>
public sealed class ReasoningReader
{
    private const string Begin = "<think>", End = "</think>", Channel = "<|channel|>", Message = "<|message|>";
    private static readonly string[] Ends = ["<|end|>", "<|return|>", "<|call|>", "<|start|>"];

    private readonly StreamingDecoder _decoder;
    private readonly StopStrings? _marks;
    private readonly ReasoningFormat _format;
    private readonly int? _begin, _end, _channel, _message;
    private readonly int[] _ends;
    private AnswerPart _part = AnswerPart.Answer;
    private string _header = "";
    private bool _inHeader;

    /// <summary>A reader at the beginning of an answer.</summary>
    /// <param name="tokenizer">Whose tokens they are.</param>
    /// <param name="format">How the model marks its reasoning.</param>
    /// <param name="began">The prompt ended inside reasoning, as templates do that write <c>&lt;think&gt;</c> themselves.</param>
    public ReasoningReader(Tokenizer tokenizer, ReasoningFormat format, bool began = false)
    {
        _format = format;
        _decoder = new StreamingDecoder(tokenizer);
        (_begin, _end) = (tokenizer.Special(Begin), tokenizer.Special(End));
        (_channel, _message) = (tokenizer.Special(Channel), tokenizer.Special(Message));
        _ends = [.. Ends.Select(tokenizer.Special).OfType<int>()];
        if (format == ReasoningFormat.Think && (_begin is null || _end is null)) _marks = new StopStrings([Begin, End]);
        if (began) _part = AnswerPart.Reasoning;
    }

    /// <summary>How a model with this tokenizer marks its reasoning, as far as its special tokens tell.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    public static ReasoningFormat Detect(Tokenizer tokenizer) =>
        tokenizer.Special(Channel) is not null && tokenizer.Special(Message) is not null ? ReasoningFormat.Harmony
            : tokenizer.Special(Begin) is not null && tokenizer.Special(End) is not null ? ReasoningFormat.Think
            : ReasoningFormat.None;

    /// <summary>The texts that have become certain with one more token.</summary>
    /// <param name="token">The next token's id.</param>
    public IReadOnlyList<AnswerText> Push(int token)
    {
        var texts = new List<AnswerText>();
        if (_format == ReasoningFormat.Think && _marks is null && (token == _begin || token == _end))
        {
            Add(texts, _decoder.Flush());
            _part = token == _begin ? AnswerPart.Reasoning : AnswerPart.Answer;
        }
        else if (_format == ReasoningFormat.Harmony && (token == _channel || token == _message || _ends.Contains(token)))
        {
            Add(texts, _decoder.Flush());
            Turn(token);
        }
        else
        {
            Add(texts, _decoder.Push(token));
        }
        return texts;
    }

    /// <summary>Ends the answer: what was held back.</summary>
    public IReadOnlyList<AnswerText> Flush()
    {
        var texts = new List<AnswerText>();
        Add(texts, _decoder.Flush());
        if (_marks?.Flush() is { Length: > 0 } held) texts.Add(new AnswerText(_part, held));
        return texts;
    }

    /// <summary>A mark of harmony: a channel's name begins, a message begins, or a message ends and a header may follow.</summary>
    private void Turn(int mark)
    {
        if (mark == _message)
        {
            _header = _header.Trim();
            _inHeader = false;
            string channel = _header.Split(' ', 2)[0];
            _part = channel == "analysis" ? AnswerPart.Reasoning : channel == "commentary" ? AnswerPart.Commentary : AnswerPart.Answer;
            return;
        }
        (_inHeader, _header) = (true, "");
    }

    private void Add(List<AnswerText> texts, string text)
    {
        if (_inHeader)
        {
            _header += text;
            return;
        }
        if (_marks is null)
        {
            if (text.Length > 0) texts.Add(new AnswerText(_part, text, _header));
            return;
        }
        while (true)
        {
            string certain = _marks.Push(text);
            if (certain.Length > 0) texts.Add(new AnswerText(_part, certain));
            if (_marks.Found is not { } mark) return;
            _part = mark == Begin ? AnswerPart.Reasoning : AnswerPart.Answer;
            text = _marks.Rest;
            _marks.Restart();
        }
    }
}
