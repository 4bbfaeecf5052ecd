using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Server.Runs;
using Hearth.Server.Security;
using Hearth.Server.Work;
using Hearth.Training.Runs;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Runs;

public sealed class RunJobsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_told_with_its_curves_scores_checkpoints_and_state()
    {
        await using TestServer server = await TestServer.Start(SmallRun.Into);
        RunCatalog catalog = server.Services.GetRequiredService<RunCatalog>();
        RunEntry run = catalog.List().ShouldHaveSingleItem();
        (run.Name, run.State, run.Step, run.Steps, run.Problem).ShouldBe((SmallRun.Name, RunState.Finished, SmallRun.Steps, SmallRun.Steps, null));
        run.Ledger.Evaluations.Count.ShouldBe(SmallRun.Steps / 10);
        RunCatalog.Checkpoints(run).Count.ShouldBe(SmallRun.Checkpoints);
        RunCatalog.Checkpoints(run).ShouldAllBe(c => c.IsInLedger && c.Bytes > 0);
        RunCatalog.Score(run)!.Facts.ShouldBe(10);
        using (RunLock.Take(run.Folder)) catalog.Require(SmallRun.Name).State.ShouldBe(RunState.Running);
        File.Delete(Path.Combine(run.Folder.Model, ModelBundle.ConfigName));
        catalog.Require(SmallRun.Name).State.ShouldBe(RunState.Interrupted);
        foreach (string name in (string[])["..", ".", "../runs/colours", "colours/model", ""]) catalog.Find(name).ShouldBeNull(name);
    }

    [Fact]
    public async Task An_audit_says_that_a_run_is_sound_and_names_what_was_altered()
    {
        await using TestServer server = await TestServer.Start(SmallRun.Into);
        RunJobs work = server.Services.GetRequiredService<RunJobs>();
        Job job = await Ended(server, work.Audit(Caller.Local, SmallRun.Name, 2));
        (job.State, job.Result?.Holds).ShouldBe((JobState.Done, true), job.Text);
        job.Text.ShouldStartWith("colours is sound: nothing that was checked differs; 2 of 4 segments executed again");
        job.Result!.Facts.Count(f => f.Name.StartsWith("steps ", StringComparison.Ordinal) && f.Holds == true).ShouldBe(2);
        string ledger = Path.Combine(server.Home, "runs", SmallRun.Name, "ledger.jsonl");
        string[] lines = await File.ReadAllLinesAsync(ledger, Cancel);
        int at = Array.FindIndex(lines, l => l.Contains("\"step\":33,", StringComparison.Ordinal));
        lines[at] = lines[at].Replace("\"tokens\":", "\"tokens\":1", StringComparison.Ordinal);
        await File.WriteAllTextAsync(ledger, string.Join('\n', lines) + "\n", Cancel);
        job = await Ended(server, work.Audit(Caller.Local, SmallRun.Name, null));
        (job.State, job.Result?.Holds).ShouldBe((JobState.Done, false), job.Text);
        job.Text.ShouldStartWith("colours is NOT SOUND");
        job.Result!.Facts.ShouldContain(f => f.Name == "wrong" && f.Holds == false);
        work.List(SmallRun.Name).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_document_is_found_its_removal_told_before_and_then_made_and_proved()
    {
        await using TestServer server = await TestServer.Start(SmallRun.Into);
        RunJobs work = server.Services.GetRequiredService<RunJobs>();
        RunCatalog catalog = server.Services.GetRequiredService<RunCatalog>();
        (IReadOnlyList<Material> found, int count) = await work.SearchAsync(SmallRun.Name, "violet", Cancel);
        (count, found[0].Name).ShouldBe((1, "facts.csv#plum"));
        (await work.SearchAsync(SmallRun.Name, "", Cancel)).Count.ShouldBeGreaterThan(9);
        (await work.SearchAsync(SmallRun.Name, "no such words", Cancel)).Count.ShouldBe(0);
        string[] ids = [found[0].Id];
        string[] before = Files(server);
        Job preview = await Ended(server, work.Preview(Caller.Local, SmallRun.Name, ids));
        preview.State.ShouldBe(JobState.Done, preview.Text);
        string made = preview.Result!.Facts.Single(f => f.Name == "new run").Text;
        made.ShouldStartWith("colours-forget-");
        Files(server).ShouldBe(before);
        Job job = await Ended(server, work.Forget(Caller.Local, SmallRun.Name, ids, prove: true));
        (job.State, job.Result?.Holds).ShouldBe((JobState.Done, true), job.Text);
        job.Result!.Facts.ShouldContain(new JobFact("proof", "equal: trained from nothing without them, every ledger line and every byte", true));
        RunEntry without = catalog.Require(made);
        without.State.ShouldBe(RunState.Finished);
        without.Ledger.Forget!.Removed.ShouldBe(ids);
        RunReceipt receipt = catalog.Receipts(without).ShouldHaveSingleItem();
        receipt.Receipt!.ProvedDigest.ShouldBe(without.Ledger.End!.Weights);
        Should.Throw<JobException>(() => work.Forget(Caller.Local, SmallRun.Name, [new string('0', 64)], false)).Message.ShouldBe("colours has no document 000000000000.");
        Should.Throw<JobException>(() => work.Preview(Caller.Local, SmallRun.Name, [])).Message.ShouldBe("Choose the documents first.");
        Should.Throw<RunException>(() => work.Audit(Caller.Local, "../colours", 1)).Message.ShouldStartWith("There is no run '../colours' any more.");
    }

    private static string[] Files(TestServer server) =>
        [.. Directory.GetFiles(Path.Combine(server.Home, "runs"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {Digest.OfFile(f)}")];

    private static Task<Job> Ended(TestServer server, Job job) => server.Services.GetRequiredService<JobRunner>().WaitAsync(job.Id, Cancel);
}
