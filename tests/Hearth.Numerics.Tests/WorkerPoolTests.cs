using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

public sealed class WorkerPoolTests
{
    public static TheoryData<int> Threads => [1, 2, 3, 7];

    [Theory]
    [MemberData(nameof(Threads))]
    public void Every_index_belongs_to_exactly_one_range_and_ranges_begin_on_the_grain(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (int grain in (int[])[1, 3, 16, 1024])
        {
            foreach (int count in (int[])[0, 1, 2, 3, 15, 16, 17, 31, 48, 100, 1000, 5000])
            {
                var seen = new int[count];
                pool.For(count, grain, (from, to) =>
                {
                    (from % grain).ShouldBe(0);
                    from.ShouldBeLessThan(to);
                    for (int i = from; i < to; i++) Interlocked.Increment(ref seen[i]);
                });
                seen.ShouldAllBe(times => times == 1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Threads))]
    public void Ranges_of_unequal_pieces_cover_every_index_once_and_cost_about_the_same(int threads)
    {
        using var pool = new WorkerPool(threads);
        var inputs = new Inputs(1);
        for (int t = 0; t < 100; t++)
        {
            long[] costs = [.. Enumerable.Range(0, inputs.Below(40)).Select(_ => (long)inputs.Below(100) * inputs.Below(3) * 100_000)];   // enough to be worth dividing

            var seen = new int[costs.Length];
            long largest = 0;
            pool.For(costs, (from, to) =>
            {
                long cost = 0;
                for (int i = from; i < to; i++)
                {
                    Interlocked.Increment(ref seen[i]);
                    cost += costs[i];
                }
                lock (seen) largest = Math.Max(largest, cost);
            });
            seen.ShouldAllBe(times => times == 1);
            largest.ShouldBeLessThanOrEqualTo((costs.Sum() / threads) + costs.Append(0).Max() + 1);
        }
    }

    [Fact]
    public void The_work_is_run_once_for_each_number()
    {
        using var pool = new WorkerPool(5);
        pool.Threads.ShouldBe(5);
        var runs = new int[5];
        var threads = new int[5];
        pool.Run(worker =>
        {
            Interlocked.Increment(ref runs[worker]);
            threads[worker] = Environment.CurrentManagedThreadId;
        });
        runs.ShouldAllBe(times => times == 1);
        threads.Distinct().Count().ShouldBeLessThanOrEqualTo(5);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void An_exception_of_any_thread_comes_out_and_the_pool_goes_on(int threads, int failing)
    {
        using var pool = new WorkerPool(threads);
        Should.Throw<InvalidDataException>(() => pool.Run(worker =>
        {
            if (worker == failing) throw new InvalidDataException("broken");
        })).Message.ShouldBe("broken");
        int ran = 0;
        pool.Run(_ => Interlocked.Increment(ref ran));
        ran.ShouldBe(threads);
    }

    [Fact]
    public void All_threads_work_at_the_same_time()
    {
        using var pool = new WorkerPool(3);
        using var meeting = new Barrier(3);
        Within(60, () => pool.Run(_ => meeting.SignalAndWait()));
    }

    [Fact]
    public void Thousands_of_runs_with_more_threads_than_cores_end()
    {
        int ran = 0;
        Within(60, () =>
        {
            using var pool = new WorkerPool(7);
            for (int i = 0; i < 2000; i++) pool.Run(_ => Interlocked.Increment(ref ran));
            Thread.Sleep(50);                                                    // long enough for every helper to fall asleep
            pool.Run(_ => Interlocked.Increment(ref ran));
        });
        ran.ShouldBe(7 * 2001);
    }

    [Fact]
    public void Several_threads_may_use_one_pool_at_once()
    {
        int ran = 0;
        Within(60, () =>
        {
            using var pool = new WorkerPool(3);
            Thread[] users = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                for (int i = 0; i < 200; i++) pool.Run(_ => Interlocked.Increment(ref ran));
            }))];
            foreach (Thread user in users) user.Start();
            foreach (Thread user in users) user.Join();
        });
        ran.ShouldBe(4 * 200 * 3);
    }

    [Fact]
    public void A_pool_may_live_and_end_inside_the_work_of_another()
    {
        int ran = 0;
        Within(60, () =>
        {
            using var outer = new WorkerPool(3);
            for (int i = 0; i < 20; i++)
            {
                outer.Run(_ =>
                {
                    using var inner = new WorkerPool(2);
                    inner.Run(_ => Interlocked.Increment(ref ran));
                    inner.Dispose();
                });
            }
        });
        ran.ShouldBe(20 * 3 * 2);
    }

    [Fact]
    public void Work_on_a_pool_that_ended_is_an_error() => Within(10, () =>
    {
        var pool = new WorkerPool(2);
        pool.Dispose();
        Should.Throw<ObjectDisposedException>(() => pool.Run(_ => { }));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Work_that_runs_on_its_own_pool_is_an_error(int where) => Within(10, () =>
    {
        using var pool = new WorkerPool(2);
        Should.Throw<InvalidOperationException>(() => pool.Run(worker =>
        {
            if (worker == where) pool.For(100, 1, (_, _) => { });
        })).Message.ShouldContain("inside its own work");
    });

    [Fact]
    public void A_pool_needs_a_thread() => Should.Throw<ArgumentOutOfRangeException>(() => new WorkerPool(0));

    /// <summary>Runs on a thread of its own, so that work that never ends fails instead of hanging the tests.</summary>
    private static void Within(int seconds, Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(work)) { IsBackground = true };
        thread.Start();
        thread.Join(TimeSpan.FromSeconds(seconds)).ShouldBeTrue($"the work did not end in {seconds} s");
        if (failure is not null) throw new InvalidOperationException("The work failed.", failure);
    }
}
