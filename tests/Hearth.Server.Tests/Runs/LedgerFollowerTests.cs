using Hearth.Server.Runs;
using Hearth.Training.Ledger;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Runs;

public sealed class LedgerFollowerTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_growing_ledger_is_read_on_from_where_it_was_left()
    {
        var follower = new LedgerFollower(_path);
        follower.Refresh().Lines.ShouldBe(0);
        using LedgerFile ledger = Begin();
        for (int step = 1; step <= 300; step++)
        {
            ledger.Add(Step(step));
            if (step % 50 == 0) ledger.Add(new EvaluationLine(step, 1.0 / step));
            if (step % 100 > 0) continue;
            ledger.Add(new CheckpointLine(step, new string('c', 64), new string('d', 64)));
            LedgerView view = follower.Refresh();
            (view.Last!.Step, view.Head, view.Problem, view.Tokens, view.Checkpoints.Count, view.Evaluations.Count).ShouldBe((step, ledger.Head, null, step * 10L, step / 100, step / 50));
            view.Curve.Sum(p => p.Count).ShouldBe(step);
        }
        follower.Page(1, 3).Select(e => e.Line!.GetType()).ShouldBe([typeof(StartLine), typeof(StepLine), typeof(StepLine)]);
        IReadOnlyList<LedgerEntry> last = follower.Page(310, 10);
        last.Select(e => e.Number).ShouldBe([310]);
        last[0].Hash.ShouldBe(ledger.Head);
        follower.Page(150, 20).Select(e => e.Text).ShouldBe(LedgerFile.RawLines(_path).Skip(149).Take(20));
    }

    [Fact]
    public void A_line_that_is_being_written_is_left_until_it_is_whole()
    {
        var follower = new LedgerFollower(_path);
        string whole;
        using (LedgerFile ledger = Begin()) ledger.Add(Step(1));
        whole = File.ReadAllText(_path);
        File.WriteAllText(_path, whole[..^20]);
        follower.Refresh().Lines.ShouldBe(1);
        File.WriteAllText(_path, whole);
        (follower.Refresh().Lines, follower.Refresh().Problem).ShouldBe((2, null));
    }

    [Fact]
    public void A_ledger_that_begins_anew_from_a_checkpoint_is_read_anew()
    {
        var follower = new LedgerFollower(_path);
        long length;
        string head;
        using (LedgerFile ledger = Begin())
        {
            for (int step = 1; step <= 5; step++) ledger.Add(Step(step));
            (length, head) = (ledger.Length, ledger.Head);
            for (int step = 6; step <= 9; step++) ledger.Add(Step(step));
        }
        follower.Refresh().Last!.Step.ShouldBe(9);
        using (LedgerFile again = LedgerFile.Continue(_path, length, head))
        {
            for (int step = 6; step <= 12; step++) again.Add(Step(step) with { Loss = 7 });
        }
        LedgerView view = follower.Refresh();
        (view.Last!.Step, view.Problem, view.Curve.Sum(p => p.Count)).ShouldBe((12, null, 12));
    }

    [Fact]
    public void An_altered_line_is_named()
    {
        using (LedgerFile ledger = Begin())
        {
            for (int step = 1; step <= 5; step++) ledger.Add(Step(step));
        }
        string[] lines = File.ReadAllLines(_path);
        lines[3] = lines[3].Replace("\"tokens\":10", "\"tokens\":11", StringComparison.Ordinal);
        File.WriteAllText(_path, string.Join('\n', lines) + "\n");
        new LedgerFollower(_path).Refresh().Problem.ShouldBe("line 5 does not name the line before it: one of the two was altered");
        lines[2] = "{}";
        File.WriteAllText(_path, string.Join('\n', lines) + "\n");
        new LedgerFollower(_path).Refresh().Problem.ShouldBe("line 3 is not a ledger line: the file was altered");
    }

    [Fact]
    public void Many_steps_are_drawn_as_few_and_none_is_lost()
    {
        var series = new CurveSeries();
        for (int step = 1; step <= 100_000; step++) series.Add(Step(step));
        CurvePiece[] pieces = series.Pieces;
        pieces.Length.ShouldBeInRange(CurveSeries.Most / 2, CurveSeries.Most);
        pieces.Sum(p => p.Count).ShouldBe(100_000);
        (pieces[0].First, pieces[^1].Last, pieces.Max(p => p.Highest), pieces.Min(p => p.Lowest)).ShouldBe((1, 100_000, 1.0, 1.0 / 100_000));
        pieces.Zip(pieces.Skip(1)).ShouldAllBe(p => p.First.Last + 1 == p.Second.First);
        double.Round(pieces.Sum(p => p.SumLoss), 6).ShouldBe(double.Round(Enumerable.Range(1, 100_000).Sum(s => 1.0 / s), 6));
    }

    private LedgerFile Begin()
    {
        LedgerFile ledger = LedgerFile.Create(_path);
        ledger.Add(new StartLine(1, new string('a', 64), new string('b', 64), new string('c', 64), new string('d', 64)));
        return ledger;
    }

    private static StepLine Step(int step) => new(step, new string('e', 64), 10, 10, 0.01, 1.0 / step, 1, new string('f', 64));
}
