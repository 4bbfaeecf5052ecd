using System.Text;
using Hearth.Models.Chat.Tools;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>Answers with reasoning between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>, and calls of tools after a mark.</summary>
internal sealed class MarkedReader : AnswerReader
{
    private const string ThinkBegin = "<think>", ThinkEnd = "</think>";

    private readonly ToolFormat? _format;
    private readonly IReadOnlyList<Tool> _tools;
    private readonly StopStrings _written;       // marks that are not tokens of their own
    private readonly StringBuilder _region = new();
    private readonly List<int> _told = [];       // characters of each call's arguments
    private bool _reasoning, _inRegion, _began, _trims;
    private int _first;                          // the region's first call

    public MarkedReader(Tokenizer tokenizer, ToolFormat? format, IReadOnlyList<Tool> tools, bool began, bool spelled)
        : base(tokenizer)
    {
        (_format, _tools, _reasoning, _trims) = (format, tools, began, began);
        string[] begin = [ThinkBegin, ThinkEnd, .. format?.Opens ?? []];
        string[] written = [.. begin.Concat(format?.Marks ?? []).Distinct().Where(m => !Know(m) || (spelled && format!.Opens.Contains(m, StringComparer.Ordinal)))];
        _written = new StopStrings(written.Intersect(begin));
    }

    public override bool InReasoning => _reasoning;

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
                text = _written.Flush() + _written.Rest;
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
            return;
        }
        _inRegion = false;
        if (_told.Count == 0) Add(updates, new TextUpdate(_region.ToString()));  // it was no call
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
        _inRegion = true;
        _reasoning = false;
        _region.Clear();
        _told.Clear();
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
            string start = text.TrimStart();
            if (start.Length == 0) return;
            _began = true;
            if (start[0] == '{')
            {
                Begin();
                string rest = Region(start, updates);
                if (rest.Length > 0) Add(updates, new TextUpdate(rest));
                return;
            }
        }
        Add(updates, _reasoning ? new ReasoningUpdate(text) : new TextUpdate(text));
    }

    private static void Add(List<ChatUpdate> updates, ChatUpdate update) => updates.Add(update);

    /// <summary>Reads calls with more text; what stands after them, empty while they may go on.</summary>
    private string Region(string text, List<ChatUpdate> updates)
    {
        _region.Append(text);
        string all = _region.ToString();
        CallRegion region = _format!.Read(all, _tools);
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
        if (region.End is not { } end) return "";
        _inRegion = false;
        _trims = true;
        if (_told.Count > 0) return all[end..];
        Add(updates, new TextUpdate(all[..end]));                                // a mark, and no call
        return all[end..];
    }
}
