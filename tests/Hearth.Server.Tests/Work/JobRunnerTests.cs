using Hearth.Server.Hosting;
using Hearth.Server.Security;
using Hearth.Server.Work;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Work;

public sealed class JobRunnerTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("hearth-jobs-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task A_job_tells_how_far_it_is_and_keeps_what_came_of_it_for_a_server_started_later()
    {
        using var goes = new ManualResetEventSlim();
        using (JobRunner jobs = Runner())
        {
            Job job = jobs.Start(Caller.Local, Order("one"), (report, _) =>
            {
                report.Say("mind the step");
                report.Bytes("Reading", 512, 1024);
                goes.Wait(Cancel);
                return new JobResult("It is done.", true, [new JobFact("files", "3", true)]);
            });
            await Until(() => jobs.Find(job.Id)!.Fraction == 0.5);
            jobs.Find(job.Id)!.Text.ShouldStartWith("Reading: 512 bytes of 1.0 kB");
            goes.Set();
            Job done = await jobs.WaitAsync(job.Id, Cancel);
            (done.State, done.Text, done.Fraction).ShouldBe((JobState.Done, "It is done.", 1));
        }
        using JobRunner later = Runner();
        Job kept = later.List().ShouldHaveSingleItem();
        (kept.Order.Title, kept.By, kept.State, kept.Result!.Holds).ShouldBe(("one", "local", JobState.Done, true));
        kept.Notes.ShouldBe(["mind the step"]);
        kept.Result.Facts.ShouldHaveSingleItem().ShouldBe(new JobFact("files", "3", true));
    }

    [Fact]
    public async Task Heavy_jobs_wait_for_each_other_and_light_ones_do_not()
    {
        using JobRunner jobs = Runner();
        using var goes = new ManualResetEventSlim();
        int at = 0, most = 0;
        JobResult Work(JobReport report, CancellationToken cancel)
        {
            most = Math.Max(most, Interlocked.Increment(ref at));
            goes.Wait(cancel);
            Interlocked.Decrement(ref at);
            return new JobResult("done");
        }

        Job[] heavy = [.. Enumerable.Range(0, 3).Select(i => jobs.Start(Caller.Local, Order($"heavy {i}") with { IsHeavy = true }, Work))];
        await Until(() => jobs.List().Count(j => j.State == JobState.Running) == 1);
        jobs.List().Count(j => j.State == JobState.Waiting).ShouldBe(2);
        jobs.Find(heavy[2].Id)!.Text.ShouldBe("Waits for other work to end");
        Job light = jobs.Start(Caller.Local, Order("light"), (_, _) => new JobResult("light is done"));
        (await jobs.WaitAsync(light.Id, Cancel)).State.ShouldBe(JobState.Done);
        goes.Set();
        foreach (Job job in heavy) (await jobs.WaitAsync(job.Id, Cancel)).State.ShouldBe(JobState.Done);
        most.ShouldBe(1);
    }

    [Fact]
    public async Task Errors_become_sentences_and_what_nobody_foresaw_says_nothing_of_itself()
    {
        using JobRunner jobs = Runner();
        Job known = jobs.Start(Caller.Local, Order("known"), (_, _) => throw new JobException("The disk is full. Make room."));
        Job unknown = jobs.Start(Caller.Local, Order("unknown"), (_, _) => throw new InvalidOperationException("secret"));
        Job known2 = await jobs.WaitAsync(known.Id, Cancel), unknown2 = await jobs.WaitAsync(unknown.Id, Cancel);
        (known2.State, known2.Text).ShouldBe((JobState.Failed, "The disk is full. Make room."));
        (unknown2.State, unknown2.Text).ShouldBe((JobState.Failed, "The server failed at this. Its log says more."));
    }

    [Fact]
    public async Task The_same_is_not_done_twice_at_once_and_a_stopped_job_can_be_begun_again()
    {
        using JobRunner jobs = Runner();
        Job first = jobs.Start(Caller.Local, Order("long"), Forever);
        Should.Throw<JobException>(() => jobs.Start(Caller.Local, Order("long"), Forever)).Message.ShouldStartWith("'long' is under way already.");
        jobs.Cancel(first.Id);
        Job stopped = await jobs.WaitAsync(first.Id, Cancel);
        (stopped.State, stopped.Text).ShouldBe((JobState.Cancelled, "Stopped."));
        Job again = jobs.Start(Caller.Local, Order("long"), Forever);
        jobs.Cancel(again.Id);
        await jobs.WaitAsync(again.Id, Cancel);
    }

    [Fact]
    public async Task When_the_server_stops_work_is_asked_to_stop_and_said_to_be()
    {
        using JobRunner jobs = Runner();
        Job running = jobs.Start(Caller.Local, Order("running") with { IsHeavy = true }, Forever), waiting = jobs.Start(Caller.Local, Order("waiting") with { IsHeavy = true }, Forever);
        await Until(() => jobs.Find(running.Id)!.State == JobState.Running);
        await jobs.StopAsync(Cancel);
        foreach (string id in (string[])[running.Id, waiting.Id])
        {
            (jobs.Find(id)!.State, jobs.Find(id)!.Text).ShouldBe((JobState.Cancelled, "Stopped with the server. Begin it again to go on."));
        }
        Should.Throw<JobException>(() => jobs.Start(Caller.Local, Order("late"), Forever));
    }

    private static JobResult Forever(JobReport report, CancellationToken cancel)
    {
        cancel.WaitHandle.WaitOne();
        cancel.ThrowIfCancellationRequested();
        return new JobResult("never");
    }

    private static async Task Until(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(5, Cancel);
    }

    private static JobOrder Order(string subject) => new(JobKinds.Digest, subject, subject, IsHeavy: false);

    private JobRunner Runner() => new(new ServerOptions { Home = _home.FullName }, TimeProvider.System, NullLogger<JobRunner>.Instance);
}
