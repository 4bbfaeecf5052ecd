using System.Globalization;
using System.Security.Cryptography;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Server.Runs;
using Hearth.Server.Security;
using Hearth.Training.Auditing;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;

namespace Hearth.Server.Work;

/// <summary>Work on runs that admins ask for: audit one, take documents out of one. Others are refused.</summary>
/// <param name="jobs">Runs it.</param>
/// <param name="runs">The runs.</param>
/// <param name="options">Where things are.</param>
public sealed class RunJobs(JobRunner jobs, RunCatalog runs, ServerOptions options)
{
    /// <summary>The most documents that a search shows.</summary>
    public const int MostFound = 200;

    private const int MostSamples = 100_000, ShownDigits = 12, MostFacts = 400;
    private static readonly string[] Kinds = [JobKinds.Audit, JobKinds.Preview, JobKinds.Forget];

    /// <summary>The jobs on a run, newest first.</summary>
    /// <param name="run">Its name.</param>
    public IReadOnlyList<Job> List(string run) => [.. jobs.List(Kinds).Where(j => j.Order.Subject == run)];

    /// <summary>Checks a run and executes segments of it again.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="run">Its name.</param>
    /// <param name="samples">Segments, drawn at random; null for all.</param>
    /// <exception cref="JobException">The number of segments can not be had.</exception>
    public Job Audit(Caller by, string run, int? samples)
    {
        by.RequireAdmin();
        if (samples is < 1 or > MostSamples) throw new JobException($"The number of segments is {samples}, expected 1 to {MostSamples:N0}.");
        RunFolder folder = runs.Require(run).Folder;
        string what = samples is { } n ? $"{n:N0} {(n == 1 ? "segment" : "segments")}" : "all segments";
        return jobs.Start(by, new JobOrder(JobKinds.Audit, run, $"Audit {run}, {what}", IsHeavy: true), (report, cancel) =>
        {
            using var pool = new WorkerPool(options.WorkThreads);
            report.Begin("Reading the documents and checking all that can be seen without training");
            TrainingSetup setup = TrainingSetup.Build(RunAbout.Recipe(folder), report.Say);
            MemoryPlan.Of(setup.Recipe, setup.Tokenizer.VocabularySize, pool.Threads).RequireMemory();
            var audit = Training.Auditing.Audit.Of(folder, setup);
            long seed = RandomNumberGenerator.GetInt32(int.MaxValue);
            IReadOnlyList<RunSegment> chosen = audit.Problems.Count > 0 ? [] : samples is { } count ? RunSegment.Draw(audit.Executable, count, seed) : audit.Executable;
            AuditReport found = report.Train($"Executing {chosen.Count:N0} of {audit.Segments.Count:N0} segments again", progress => audit.Execute(chosen, pool, progress, cancel));
            if (found.Interrupted && found.Results.Count == 0) cancel.ThrowIfCancellationRequested();
            return Result(run, found, samples is null ? null : seed);
        });
    }

    /// <summary>The run's documents that a text is in, or whose name or id it is part of.</summary>
    /// <param name="run">The run's name.</param>
    /// <param name="words">The text; empty for the first documents.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <returns>At most <see cref="MostFound"/> of them, and how many there are.</returns>
    /// <exception cref="HearthException">The documents can not be read.</exception>
    public Task<(IReadOnlyList<Material> Found, int Count)> SearchAsync(string run, string words, CancellationToken cancel) => Task.Run<(IReadOnlyList<Material>, int)>(() =>
    {
        RunEntry entry = runs.Require(run);
        IReadOnlyList<Material> all = RunCatalog.Documents(entry);
        string text = words.Trim();
        if (text.Length == 0) return ([.. all.Take(MostFound)], all.Count);
        HashSet<string> holding = [.. DocumentChoice.Containing(text, RunAbout.Recipe(entry.Folder).ReadDocuments()).Select(s => s.Id)];
        Material[] found =
        [
            .. all.Where(m => holding.Contains(m.Id) || m.Name.Contains(text, StringComparison.OrdinalIgnoreCase) || m.Id.StartsWith(text, StringComparison.OrdinalIgnoreCase)),
        ];
        return (found[..Math.Min(found.Length, MostFound)], found.Length);
    }, cancel);

    /// <summary>Finds out what taking documents out would mean, without doing it.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="ids">Ids of the documents.</param>
    /// <exception cref="JobException">None is named, or the run has no such document.</exception>
    public Job Preview(Caller by, string run, IReadOnlyList<string> ids)
    {
        by.RequireAdmin();
        RunFolder folder = runs.Require(run).Folder;
        Require(run, ids);
        return jobs.Start(by, new JobOrder(JobKinds.Preview, run, $"See what taking {Documents(ids.Count)} out of {run} means", IsHeavy: true), (report, _) =>
        {
            RemovalPlan plan = Plan(folder, ids, report);
            IEnumerable<JobFact> facts = RemovalDriver.Describe(plan).Select(d => new JobFact(d.Name, d.Text));
            if (plan.IsNothing) return new JobResult("Nothing changes: the run never saw it, and goes the same way without it.", null, [.. facts]);
            string name = Path.GetFileName(RemovalDriver.DefaultFolder(plan, options.Runs));
            return new JobResult($"A new run, {name}, is trained that never had {(ids.Count == 1 ? "it" : "them")}; this run stays as it is.", null, [.. facts, new("new run", name)]);
        });
    }

    /// <summary>Makes the run that never had some documents; one that was stopped goes on.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="ids">Ids of the documents.</param>
    /// <param name="prove">Whether to train from nothing as well, and compare every byte.</param>
    /// <exception cref="JobException">None is named, or the run has no such document.</exception>
    public Job Forget(Caller by, string run, IReadOnlyList<string> ids, bool prove)
    {
        by.RequireAdmin();
        RunFolder folder = runs.Require(run).Folder;
        Require(run, ids);
        return jobs.Start(by, new JobOrder(JobKinds.Forget, run, $"Take {Documents(ids.Count)} out of {run}{(prove ? ", with proof" : "")}", IsHeavy: true), (report, cancel) =>
        {
            RemovalPlan plan = Plan(folder, ids, report);
            if (plan.IsNothing) return new JobResult("Nothing changes: the run never saw it, and goes the same way without it.");
            var into = new RunFolder(RemovalDriver.DefaultFolder(plan, options.Runs));
            string name = Path.GetFileName(into.Path);
            if (into.Exists && !Removal.IsBegun(plan, into)) throw new JobException($"{name} already holds another run. Give that run's folder another name.");
            using SigningKey key = OwnKey.Of(options.Home, report.Say);
            using var pool = new WorkerPool(options.WorkThreads);
            RemovalResult done = RemovalDriver.Run(plan, into, prove, key, pool, report, cancel) ?? throw new OperationCanceledException(cancel);
            var facts = new List<JobFact> { new("new run", name), new("weights before", plan.Parent.Weights), new("weights after", done.Weights) };
            if (done.Proof is { } proof) facts.Add(new JobFact("proof", RemovalDriver.Verdict(proof), proof.Equal));
            if (SavedScore.Read(into, done.Weights) is { Facts: > 0 } after)
            {
                string was = SavedScore.Read(plan.Parent.Folder, plan.Parent.Weights) is { } before ? $" (before: {Percent(before.HeldOutExactMatch)})" : "";
                facts.Add(new JobFact("held out", $"{Percent(after.HeldOutExactMatch)} of {after.Facts:N0} questions about the rest answered letter for letter{was}"));
            }
            facts.Add(new JobFact("receipt", $"{Path.GetFileName(done.Receipt)}, signed with the key {key.Public.Fingerprint[..ShownDigits]}"));
            facts.AddRange(RemovalDriver.Describe(plan).Select(d => new JobFact(d.Name, d.Text)));
            string sentence = done.Proof is { Equal: false } ? $"{name} is not what training from nothing gives." : $"{name} never had {(ids.Count == 1 ? "it" : "them")}; its receipt is signed.";
            return new JobResult(sentence, done.Proof?.Equal, facts);
        });
    }

    private static RemovalPlan Plan(RunFolder folder, IReadOnlyList<string> ids, JobReport report)
    {
        report.Begin("Making the order of documents anew without them");
        var parent = ParentRun.Read(folder, RunAbout.Recipe(folder));
        HashSet<string> wanted = [.. ids];
        return RemovalPlan.Of(parent, [.. parent.Materials.Where(m => wanted.Contains(m.Id))], report.Say);
    }

    private void Require(string run, IReadOnlyList<string> ids)
    {
        if (ids.Count == 0) throw new JobException("Choose the documents first.");
        HashSet<string> known = [.. RunCatalog.Documents(runs.Require(run)).Select(m => m.Id)];
        if (ids.FirstOrDefault(i => !known.Contains(i)) is { } unknown) throw new JobException($"{run} has no document {unknown[..Math.Min(unknown.Length, ShownDigits)]}.");
    }

    private static JobResult Result(string run, AuditReport found, long? seed)
    {
        string count = $"{found.Results.Count:N0} of {found.Segments.Count:N0} segments executed again";
        string end = found.Interrupted ? ", then stopped" : found.Problems.Count > 0 ? ": the checks without training already say no" : "";
        List<JobFact> facts =
        [
            .. found.Problems.Select(p => new JobFact("wrong", p, false)),
            .. found.Results.OrderBy(r => r.Equal).ThenBy(r => r.Segment.From).Select(r => new JobFact($"steps {r.Segment.From} to {r.Segment.To}", r.Verdict, r.Equal)),
            .. found.Checked.Select(c => new JobFact("checked", c, true)),
            .. found.NotChecked.Select(n => new JobFact("not checked", n)),
        ];
        if (seed is { } drawn) facts.Add(new JobFact("seed", drawn.ToString(CultureInfo.InvariantCulture)));
        if (seed is not null && found.Results.Count < found.Segments.Count && !found.Interrupted)
        {
            facts.Add(new JobFact("chance", $"a forger who altered one segment would be caught with probability {Percent(found.CaughtIfOneAltered)}"));
        }
        string verdict = found.Sound ? $"{run} is sound: nothing that was checked differs" : $"{run} is NOT SOUND";
        return new JobResult($"{verdict}; {count}{end}.", found.Sound, [.. facts.Take(MostFacts)]);
    }

    private static string Documents(int count) => count == 1 ? "a document" : $"{count:N0} documents";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
}
