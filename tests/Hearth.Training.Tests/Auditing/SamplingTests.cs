using Hearth.Numerics;
using Hearth.Training.Auditing;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Auditing;

public sealed class SamplingTests
{
    private const int Trials = 200;
    private const int Samples = 3;

    private static readonly RunSegment[] Ten = [.. Enumerable.Range(0, 10).Select(i => new RunSegment(2 * i, (2 * i) + 2))];

    [Fact]
    public void The_same_seed_draws_the_same_segments_and_another_one_others()
    {
        IReadOnlyList<RunSegment> drawn = RunSegment.Draw(Ten, Samples, 7);
        RunSegment.Draw(Ten, Samples, 7).ShouldBe(drawn);
        drawn.Distinct().Count().ShouldBe(Samples);
        drawn.ShouldBe(drawn.OrderBy(s => s.From));
        drawn.ShouldBeSubsetOf(RunSegment.Draw(Ten, Samples + 2, 7));
        Enumerable.Range(0, 50).Select(seed => string.Join(' ', RunSegment.Draw(Ten, Samples, seed))).Distinct().Count().ShouldBeGreaterThan(30);
        RunSegment.Draw(Ten, 99, 7).ShouldBe(Ten);
    }

    [Fact]
    public void Every_segment_is_drawn_equally_often()
    {
        const int Draws = 5000;
        var counts = new int[Ten.Length];
        for (int seed = 0; seed < Draws; seed++)
        {
            foreach (RunSegment s in RunSegment.Draw(Ten, Samples, seed)) counts[s.From / 2]++;
        }
        double deviation = Math.Sqrt(Draws * 0.3 * 0.7);
        counts.ShouldAllBe(c => Math.Abs(c - (Draws * 0.3)) < 4 * deviation);
    }

    /// <summary>Against counting every draw there is.</summary>
    [Fact]
    public void The_probability_stated_is_the_share_of_all_draws_that_meet_an_altered_segment()
    {
        for (int total = 1; total <= 9; total++)
        {
            for (int drawn = 0; drawn <= total; drawn++)
            {
                int[] draws = [.. Enumerable.Range(0, 1 << total).Where(set => int.PopCount(set) == drawn)];
                for (int altered = 0; altered <= total; altered++)
                {
                    double share = draws.Count(set => (set & ((1 << altered) - 1)) != 0) / (double)draws.Length;
                    RunSegment.Caught(total, drawn, altered).ShouldBe(share, 1e-12, $"{total} {drawn} {altered}");
                }
            }
        }
        RunSegment.Caught(40, 12, 1).ShouldBe(0.30, 1e-12);
        RunSegment.Caught(0, 0, 1).ShouldBe(0);
    }

    /// <summary>
    /// Ten segments, of which one or two were altered in a mended chain. What executing a segment again gives does not hang on the seed, so it is
    /// done once for each; every trial draws and judges anew.
    /// </summary>
    [Theory]
    [InlineData(13)]
    [InlineData(5, 14)]
    public void A_small_forgery_is_caught_as_often_as_stated(params int[] alteredSteps)
    {
        using MicroRun micro = Longer();
        RunFolder run = micro.Run("run");
        micro.Train(run);
        Forgery.Mend(run, line => line is StepLine s && alteredSteps.Contains(s.Step) ? s with { GradientNorm = s.GradientNorm + 1e-9 } : line);
        var audit = Audit.Of(run, micro.Setup());
        audit.Problems.ShouldBeEmpty();
        audit.Segments.ShouldBe(Ten);
        using var pool = new WorkerPool(1);
        Dictionary<RunSegment, SegmentResult> results = audit.Execute(audit.Segments, pool, cancel: TestContext.Current.CancellationToken).Results.ToDictionary(r => r.Segment);
        results.Values.Where(r => !r.Equal).Select(r => r.FirstDifferentStep!.Value).ShouldBe(alteredSteps);

        int caught = Enumerable.Range(0, Trials).Count(seed => !audit.Execute(RunSegment.Draw(audit.Executable, Samples, seed), s => results[s]).Sound);

        double stated = RunSegment.Caught(10, Samples, alteredSteps.Length);
        if (alteredSteps.Length == 1) audit.Execute(RunSegment.Draw(audit.Executable, Samples, 0), s => results[s]).CaughtIfOneAltered.ShouldBe(stated);
        (caught / (double)Trials).ShouldBe(stated, 3 * Math.Sqrt(stated * (1 - stated) / Trials));

        for (int seed = 0; seed < 8; seed++)                                     // some of them with every step executed anew
        {
            IReadOnlyList<RunSegment> drawn = RunSegment.Draw(audit.Executable, Samples, seed);
            AuditReport report = Audit.Of(run, micro.Setup()).Execute(drawn, pool, cancel: TestContext.Current.CancellationToken);
            report.Results.ShouldBe(drawn.Select(s => results[s]));
        }
    }

    /// <summary>The forgery that leaves the fewest traces: one swapped state, from which all that follows was trained honestly.</summary>
    [Fact]
    public void Swapped_weights_are_caught_by_samples_as_often_as_stated()
    {
        using MicroRun micro = Longer();
        RunFolder run = micro.Run("run");
        micro.Train(run);
        Forgery.SwapWeights(micro, run, 12);
        var audit = Audit.Of(run, micro.Setup());
        audit.Problems.ShouldBeEmpty();
        using var pool = new WorkerPool(1);
        Dictionary<RunSegment, SegmentResult> results = audit.Execute(audit.Segments, pool, cancel: TestContext.Current.CancellationToken).Results.ToDictionary(r => r.Segment);
        results.Values.Where(r => !r.Equal).Select(r => r.FirstDifferentStep).ShouldBe([12]);
        int caught = Enumerable.Range(0, Trials).Count(seed => !audit.Execute(RunSegment.Draw(audit.Executable, Samples, seed), s => results[s]).Sound);
        (caught / (double)Trials).ShouldBe(0.3, 3 * Math.Sqrt(0.3 * 0.7 / Trials));
    }

    private static MicroRun Longer()
    {
        var micro = new MicroRun(muon: false);
        TrainingSpec training = micro.Recipe.Training;
        micro.Recipe = micro.Recipe with { Training = training with { Steps = 20, EvaluateEvery = 10 } };
        return micro;
    }
}
