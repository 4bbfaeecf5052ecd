using System.Text;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>
/// Answers in channels: analysis is reasoning, commentary to a function is a call, final is text (OpenAI's harmony response format, "Channels" and
/// "Receiving tool calls").
/// </summary>
internal sealed class HarmonyReader : AnswerReader
{
    private const string Channel = "<|channel|>", Message = "<|message|>", Start = "<|start|>";
    private const string Functions = "functions.", First = "assistant";
    private static readonly string[] Ends = ["<|end|>", "<|return|>", "<|call|>"];

    private readonly StringBuilder _header = new();
    private string _channel = "";
    private string? _tool;
    private bool _inHeader = true, _any;

    public HarmonyReader(Tokenizer tokenizer)
        : base(tokenizer)
    {
        foreach (string mark in (string[])[Channel, Message, Start, .. Ends]) Know(mark);
        _header.Append(First);                                                   // the prompt ends in <|start|>assistant
    }

    public override bool InReasoning => !_inHeader && _tool is null && _channel == "analysis";

    private protected override void Text(string text, List<ChatUpdate> updates)
    {
        if (text.Length == 0) return;
        if (_inHeader) _header.Append(text);
        else if (_tool is not null) updates.Add(new ToolArgumentsUpdate(Calls - 1, text));
        else updates.Add(_channel == "analysis" ? new ReasoningUpdate(text) : new TextUpdate(text));
    }

    private protected override void Mark(string mark, List<ChatUpdate> updates)
    {
        if (mark == Start)
        {
            _header.Clear();
            _inHeader = true;
        }
        else if (mark == Channel)
        {
            _header.Append(' ').Append(Channel);
            _inHeader = true;
        }
        else if (mark == Message)
        {
            Open(updates);
        }
        else
        {
            (_tool, _channel, _inHeader) = (null, "", false);
            _header.Clear();
        }
    }

    private protected override void End(List<ChatUpdate> updates)
    {
        if (!_any && _header.Length > First.Length) updates.Add(new TextUpdate(_header.ToString()[First.Length..]));     // no channel at all
    }

    private void Open(List<ChatUpdate> updates)
    {
        _any = true;
        string header = _header.ToString();
        _header.Clear();
        _inHeader = false;
        int channel = header.IndexOf(Channel, StringComparison.Ordinal);
        _channel = channel < 0 ? "" : header[(channel + Channel.Length)..].Trim().Split(' ', 2)[0];
        int to = header.IndexOf("to=" + Functions, StringComparison.Ordinal);
        if (to < 0) return;
        string name = header[(to + 3 + Functions.Length)..];
        int end = name.AsSpan().IndexOfAny(' ', '<', '\n');
        _tool = end < 0 ? name : name[..end];
        int index = Calls;
        updates.Add(new ToolCallUpdate(index, NextId(), _tool));
    }
}
