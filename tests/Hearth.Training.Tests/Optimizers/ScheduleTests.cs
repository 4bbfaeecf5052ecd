using FsCheck;
using FsCheck.Fluent;
using Hearth.Training.Optimizers;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Optimizers;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData(ScheduleKind.Constant)]
    [InlineData(ScheduleKind.Cosine)]
    [InlineData(ScheduleKind.WarmupStableDecay)]
    public void Warm_up_is_a_straight_line_that_reaches_the_full_rate_with_its_last_step(ScheduleKind kind)
    {
        var schedule = new Schedule(kind, 100, 4, 20, 0.1);
        Enumerable.Range(1, 5).Select(schedule.Share).ShouldBe([0.25, 0.5, 0.75, 1, 1]);
        new Schedule(kind, 100, 0, 20, 0.1).Share(1).ShouldBe(1);
    }

    [Fact]
    public void Constant_stays_at_the_full_rate_to_the_end()
    {
        var schedule = new Schedule(ScheduleKind.Constant, 10, 2, 0, 0.1);
        Enumerable.Range(2, 9).Select(schedule.Share).ShouldAllBe(s => s == 1);
    }

    [Fact]
    public void Cosine_is_half_way_down_in_the_middle_and_would_be_at_the_lowest_rate_one_step_after_the_last()
    {
        var schedule = new Schedule(ScheduleKind.Cosine, 110, 10, 0, 0.2);
        schedule.Share(11).ShouldBe(1);
        schedule.Share(61).ShouldBe(0.6, 1e-12);
        schedule.Share(36).ShouldBe(0.2 + (0.8 * 0.5 * (1 + Math.Cos(Math.PI / 4))), 1e-12);
        schedule.Share(110).ShouldBe(0.2 + (0.8 * 0.5 * (1 + Math.Cos(Math.PI * 0.99))), 1e-12);
        schedule.Share(111).ShouldBe(0.2, 1e-12);
        schedule.Share(500).ShouldBe(0.2, 1e-12);
    }

    [Fact]
    public void Warm_up_stable_decay_goes_down_in_a_straight_line_over_its_last_steps()
    {
        var schedule = new Schedule(ScheduleKind.WarmupStableDecay, 100, 10, 20, 0.1);
        // up to the first step of the decay, which is at the top of the line
        Enumerable.Range(10, 72).Select(schedule.Share).ShouldAllBe(s => s == 1);
        schedule.Share(82).ShouldBe(0.1 + (0.9 * 19 / 20), 1e-12);
        schedule.Share(91).ShouldBe(0.1 + (0.9 * 10 / 20), 1e-12);
        schedule.Share(100).ShouldBe(0.1 + (0.9 / 20), 1e-12);
    }

    [Theory]
    [InlineData(ScheduleKind.Cosine, 0)]
    [InlineData(ScheduleKind.WarmupStableDecay, 1)]
    [InlineData(ScheduleKind.Constant, 0)]
    public void A_run_of_one_step_or_all_warm_up_has_a_rate(ScheduleKind kind, int decay)
    {
        new Schedule(kind, 1, 0, decay, 0.5).Share(1).ShouldBe(1);
        new Schedule(kind, 3, 3, 0, 0.5).Share(3).ShouldBe(1);
    }

    [Fact]
    public void A_share_is_between_zero_and_one_rises_in_warm_up_and_never_after()
    {
        Gen<Schedule> schedules =
            from kind in Gen.Elements(ScheduleKind.Constant, ScheduleKind.Cosine, ScheduleKind.WarmupStableDecay)
            from steps in Gen.Choose(1, 200)
            from warmup in Gen.Choose(0, steps)
            from decay in Gen.Choose(0, steps - warmup)
            from lowest in Gen.Choose(0, 100)
            select new Schedule(kind, steps, warmup, decay, lowest / 100.0);
        Prop.ForAll(schedules.ToArbitrary(), s =>
        {
            double before = 0;
            for (int step = 1; step <= s.Steps; step++)
            {
                double share = s.Share(step);
                share.ShouldBeInRange(step <= s.WarmupSteps ? 0 : s.MinimumRatio - 1e-12, 1);
                if (step <= s.WarmupSteps) share.ShouldBeGreaterThan(before);
                else if (step > s.WarmupSteps + 1) share.ShouldBeLessThanOrEqualTo(before);
                before = share;
            }
        }).QuickCheckThrowOnFailure();
    }
}
