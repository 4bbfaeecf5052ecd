using System.Text;
using Hearth.Models.Formats;
using Hearth.Training.Ledger;

namespace Hearth.Server.Runs;

/// <summary>A line of a ledger as it stands in the file.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Line">What it says; null when it is no ledger line.</param>
/// <param name="Text">Its text.</param>
public sealed record LedgerEntry(int Number, string Hash, LedgerLine? Line, string Text);

/// <summary>What a ledger says so far.</summary>
/// <param name="Lines">Lines.</param>
/// <param name="Head">Hash of the last one.</param>
/// <param name="Start">What the run is made from; null before the first line.</param>
/// <param name="Forget">What was taken out of an earlier run; null for a run of its own.</param>
/// <param name="Last">The last step; null before the first.</param>
/// <param name="End">The end; null while there is none.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Curve">The losses, in a bounded number of pieces.</param>
/// <param name="Evaluations">Measurements on held-out documents, thinned when there are many.</param>
/// <param name="Checkpoints">Checkpoints, the last of them when there are many.</param>
/// <param name="Problem">What does not hold together; null when all does.</param>
/// <param name="IsWhole">Whether all that is in the file was read; a long file is read in several goes.</param>
public sealed record LedgerView(
    int Lines, string Head, StartLine? Start, ForgetLine? Forget, StepLine? Last, EndLine? End, long Tokens, IReadOnlyList<CurvePiece> Curve,
    IReadOnlyList<EvaluationLine> Evaluations, IReadOnlyList<CheckpointLine> Checkpoints, string? Problem, bool IsWhole);

/// <summary>
/// Reads a ledger that may be growing: what was read is not read again, and what is kept is bounded however long the ledger becomes. A run that was
/// resumed begins its ledger anew from a checkpoint; that is noticed. Safe for use by several threads.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class LedgerFollower(string path)
{
    private const int MostAtOnce = 32 << 20, MostLine = 1 << 20, Piece = 1 << 16, IndexEvery = 64;
    private const int MostEvaluations = 1024, MostCheckpoints = 2048, MostLines = 50_000_000;

    private readonly Lock _gate = new();
    private readonly List<long> _index = [];
    private readonly List<EvaluationLine> _evaluations = [];
    private readonly List<CheckpointLine> _checkpoints = [];
    private CurveSeries _curve = new();
    private LedgerView? _view;
    private StartLine? _start;
    private ForgetLine? _forget;
    private StepLine? _step;
    private EndLine? _end;
    private string _head = LedgerFile.Beginning;
    private string? _problem;
    private long _offset, _lastAt, _tokens;
    private int _lines, _evaluationsSkip = 1, _evaluationsSeen;

    /// <summary>Reads on to the end, or as far as one go reaches.</summary>
    public LedgerView Refresh()
    {
        lock (_gate)
        {
            try
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
                if (!IsSame(stream)) Reset();
                if (_view is not null && stream.Length == _offset) return _view;
                Read(stream);
                return _view = new LedgerView(_lines, _head, _start, _forget, _step, _end, _tokens, _curve.Pieces, [.. _evaluations], [.. _checkpoints], _problem, stream.Length - _offset < MostLine);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new LedgerView(0, LedgerFile.Beginning, null, null, null, null, 0, [], [], [], e.Message, true);
            }
        }
    }

    /// <summary>Some lines.</summary>
    /// <param name="first">Number of the first one, from 1.</param>
    /// <param name="count">How many.</param>
    public IReadOnlyList<LedgerEntry> Page(int first, int count)
    {
        lock (_gate)
        {
            int from = Math.Clamp(first, 1, Math.Max(1, _lines)), to = Math.Min(_lines, from + count - 1);
            if (_lines == 0 || to < from) return [];
            int slot = (from - 1) / IndexEvery;
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            stream.Seek(_index[slot], SeekOrigin.Begin);
            var entries = new List<LedgerEntry>();
            int number = slot * IndexEvery;
            foreach ((byte[] bytes, _) in Lines(stream, long.MaxValue))
            {
                if (++number < from) continue;
                string text = Encoding.UTF8.GetString(bytes);
                entries.Add(new LedgerEntry(number, Digest.Of(bytes), LedgerFile.Parse(text), text));
                if (number == to) break;
            }
            return entries;
        }
    }

    /// <summary>Whether what was read is still what the file begins with.</summary>
    private bool IsSame(FileStream stream)
    {
        if (_lines == 0) return _offset == 0;
        if (stream.Length < _offset) return false;
        stream.Seek(_lastAt, SeekOrigin.Begin);
        byte[] last = new byte[_offset - _lastAt - 1];
        return stream.ReadAtLeast(last, last.Length, throwOnEndOfStream: false) == last.Length && Digest.Of(last) == _head;
    }

    private void Reset()
    {
        _index.Clear();
        _evaluations.Clear();
        _checkpoints.Clear();
        _curve = new CurveSeries();
        (_view, _start, _forget, _step, _end, _problem, _head) = (null, null, null, null, null, null, LedgerFile.Beginning);
        (_offset, _lastAt, _tokens, _lines, _evaluationsSkip, _evaluationsSeen) = (0, 0, 0, 0, 1, 0);
    }

    private void Read(FileStream stream)
    {
        stream.Seek(_offset, SeekOrigin.Begin);
        foreach ((byte[] bytes, long at) in Lines(stream, MostAtOnce))
        {
            if (_lines == MostLines)
            {
                _problem ??= $"has more than {MostLines:N0} lines; the rest is not shown";
                return;
            }
            if (_lines % IndexEvery == 0) _index.Add(at);
            _lines++;
            Take(LedgerFile.Parse(Encoding.UTF8.GetString(bytes)));
            (_head, _lastAt, _offset) = (Digest.Of(bytes), at, at + bytes.Length + 1);
        }
    }

    private void Take(LedgerLine? line)
    {
        if (line is null) _problem ??= $"line {_lines:N0} is not a ledger line: the file was altered";
        else if (line.Previous != _head) _problem ??= $"line {_lines:N0} does not name the line before it: one of the two was altered";
        switch (line)
        {
            case StartLine start: _start = start; break;
            case ForgetLine forget: _forget = forget; break;
            case EndLine end: _end = end; break;
            case StepLine step:
                _step = step;
                _tokens += step.Tokens;
                if (double.IsFinite(step.Loss)) _curve.Add(step);
                break;
            case CheckpointLine checkpoint:
                if (_checkpoints.Count == MostCheckpoints) _checkpoints.RemoveRange(0, MostCheckpoints / 2);
                _checkpoints.Add(checkpoint);
                break;
            case EvaluationLine evaluation:
                if (_evaluationsSeen++ % _evaluationsSkip > 0) break;
                _evaluations.Add(evaluation);
                if (_evaluations.Count < MostEvaluations) break;
                for (int i = 0; i < MostEvaluations / 2; i++) _evaluations[i] = _evaluations[2 * i];
                _evaluations.RemoveRange(MostEvaluations / 2, MostEvaluations / 2);
                _evaluationsSkip *= 2;
                break;
            default: break;
        }
    }

    /// <summary>Whole lines from where the stream stands, with where each begins; a last one without its end is left for later.</summary>
    private static IEnumerable<(byte[] Line, long At)> Lines(FileStream stream, long most)
    {
        long start = stream.Position, at = start;
        byte[] buffer = new byte[Piece];
        int held = 0;
        while (at - start < most)
        {
            if (held == buffer.Length)
            {
                if (buffer.Length >= MostLine) yield break;                      // no line of a ledger is so long
                Array.Resize(ref buffer, buffer.Length * 4);
            }
            int read = stream.Read(buffer, held, buffer.Length - held);
            if (read == 0) yield break;
            held += read;
            int from = 0;
            while (buffer.AsSpan(from, held - from).IndexOf((byte)'\n') is >= 0 and var length)
            {
                yield return (buffer[from..(from + length)], at);
                from += length + 1;
                at += length + 1;
            }
            buffer.AsSpan(from, held - from).CopyTo(buffer);
            held -= from;
        }
    }
}
