using System.Text;
using Hearth.Models.Chat.Tools;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>Answers with reasoning between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>, and calls of tools after a mark.</summary>
internal sealed class MarkedReader : AnswerReader
{
    /// <summary>What reasoning begins and ends with.</summary>
    public const string ThinkBegin = "<think>", ThinkEnd = "</think>";

    private readonly ToolFormat? _format;
    private readonly IReadOnlyList<Tool> _tools;
    private readonly StopStrings _written;       // marks that are not tokens of their own
    private readonly StringBuilder _region = new();
    private readonly List<int> _told = [];       // characters of each call's arguments
    private bool _reasoning, _inRegion, _began, _trims;
    private bool _thought;                       // whether reasoning came before the region
    private JsonScanner _scanner;                // of the arguments that have not ended
    private string _space = "";                  // before an answer that may be a bare call
    private string _open = "";                   // what they began with
    private int _first;                          // the region's first call

    public MarkedReader(Tokenizer tokenizer, ToolFormat? format, IReadOnlyList<Tool> tools, bool began)
        : base(tokenizer)
    {
        (_format, _tools, _reasoning, _trims) = (format, tools, began, began);
        string[] begin = [ThinkBegin, ThinkEnd, .. format?.Opens ?? []];
        string[] written = [.. begin.Concat(format?.Marks ?? []).Distinct().Where(m => !Know(m))];
        _written = new StopStrings(written.Intersect(begin));
    }

    public override AnswerPart Part => _reasoning ? AnswerPart.Reasoning : _inRegion ? AnswerPart.Commentary : AnswerPart.Answer;

    private protected override void Text(string text, List<ChatUpdate> updates)
    {
        while (text.Length > 0)
        {
            if (_inRegion)
            {
                text = Region(text, updates);
                continue;
            }
            string certain = _written.Push(text);
            if (certain.Length > 0) Say(certain, updates);
            if (_inRegion)                                                       // a bare call began
            {
                text = (_written.Found ?? _written.Flush()) + _written.Rest;
                _written.Restart();
                continue;
            }
            if (_written.Found is not { } mark) return;
            text = _written.Rest;
            _written.Restart();
            Turn(mark, updates);
        }
    }

    private protected override void Mark(string mark, List<ChatUpdate> updates)
    {
        if (_inRegion)
        {
            string rest = Region(mark, updates);
            if (rest == mark) Turn(mark, updates);
            else Text(rest, updates);
            return;
        }
        if (_written.Flush() is { Length: > 0 } held) Say(held, updates);
        Turn(mark, updates);
    }

    private protected override void End(List<ChatUpdate> updates)
    {
        if (!_inRegion)
        {
            if (_written.Flush() is { Length: > 0 } held) Say(held, updates);
            if (_space.Length > 0) updates.Add(new TextUpdate(_space));
            return;
        }
        _inRegion = false;
        if (_told.Count == 0) NoCall(_region.ToString(), updates);
    }

    /// <summary>What looked like calls was not: it is what came before it.</summary>
    private void NoCall(string text, List<ChatUpdate> updates)
    {
        _reasoning = _thought;
        updates.Add(_reasoning ? new ReasoningUpdate(text) : new TextUpdate(text));
    }

    private void Turn(string mark, List<ChatUpdate> updates)
    {
        if (mark is ThinkBegin or ThinkEnd)
        {
            _reasoning = mark == ThinkBegin;
            _trims = true;
            return;
        }
        if (!_format!.Opens.Contains(mark, StringComparer.Ordinal)) return;      // the end of nothing
        Begin();
        Region(mark, updates);
    }

    private void Begin()
    {
        (_inRegion, _thought, _reasoning) = (true, _reasoning, false);
        _region.Clear();
        _told.Clear();
        _open = "";
        _first = Calls;
    }

    /// <summary>Text or reasoning, without the new lines that models write after a mark of reasoning.</summary>
    private void Say(string text, List<ChatUpdate> updates)
    {
        if (_trims)
        {
            text = text.TrimStart('\n');
            if (text.Length == 0) return;
            _trims = false;
        }
        if (_format?.Bare == true && !_reasoning && !_began)
        {
            text = _space + text;
            string start = text.TrimStart();
            _space = start.Length == 0 ? text : "";
            if (start.Length == 0) return;
            _began = true;
            if (start[0] == '{')
            {
                Begin();
                string rest = Region(start, updates);
                if (rest.Length > 0) updates.Add(new TextUpdate(rest));
                return;
            }
        }
        updates.Add(_reasoning ? new ReasoningUpdate(text) : new TextUpdate(text));
    }

    /// <summary>Reads calls with more text; what stands after them, empty while they may go on.</summary>
    private string Region(string text, List<ChatUpdate> updates)
    {
        _region.Append(text);
        if (InArguments(text, updates)) return "";
        string all = _region.ToString();
        CallRegion region = _format!.Read(all, _tools);
        if (_told.Count == 0 && all[0] == '{' && region.Calls.Any(c => !_tools.Any(t => t.Name == c.Name))) region = new CallRegion([], all.Length);   // an object, no call
        for (int i = 0; i < region.Calls.Count; i++)
        {
            PartialCall call = region.Calls[i];
            if (i == _told.Count)
            {
                updates.Add(new ToolCallUpdate(_first + i, NextId(), call.Name));
                _told.Add(0);
            }
            if (call.Arguments.Length > _told[i]) updates.Add(new ToolArgumentsUpdate(_first + i, call.Arguments[_told[i]..]));
            _told[i] = Math.Max(_told[i], call.Arguments.Length);
        }
        if (region.End is not { } end)
        {
            _open = region.Calls is [.., { Complete: false } last] ? last.Arguments : "";
            _scanner = default;
            if (_format.Verbatim && _open.Length > 0) _scanner.Push(_open);
            return "";
        }
        (_inRegion, _open) = (false, "");
        _trims = _told.Count > 0;
        if (_told.Count == 0) NoCall(all[..end], updates);
        return all[end..];
    }

    /// <summary>Whether more text is only more of the last call's arguments: then the calls need not be read again.</summary>
    private bool InArguments(string text, List<ChatUpdate> updates)
    {
        if (_open.Length == 0) return false;
        if (!_format!.Verbatim) return !text.Contains('>', StringComparison.Ordinal);
        if (_open[0] != '{' || _scanner.Push(text) >= 0) return false;
        updates.Add(new ToolArgumentsUpdate(_first + _told.Count - 1, text));
        _told[^1] += text.Length;
        return true;
    }
}
