using System.CommandLine;
using System.Globalization;
using Hearth.Cli.Terminal;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth forget</c>: takes documents out of a run and gives the weights that never saw them.</summary>
internal static class ForgetCommand
{
    private const int ShownDigits = 12;

    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run's folder or name." };
        var documents = new Option<string[]>("--document")
        {
            Description = "A document to take out: its id, the first 8 digits of it or more, or its name. May be given more than once.",
            HelpName = "ID|NAME",
        };
        var query = new Option<string?>("--query")
        {
            Description = "Only list the documents that hold this text, with their ids.", HelpName = "TEXT",
        };
        var prove = new Option<bool>("--prove") { Description = "Also train from nothing without the documents, and compare every byte." };
        var output = new Option<string?>("--out") { Description = "The new run's folder. Default: beside the old one.", HelpName = "DIR" };
        var key = new Option<string?>("--key")
        {
            Description = "The private key that signs the receipt. Default: keys/hearth.pem under HEARTH_HOME, made when there is none.",
            HelpName = "KEY.pem",
        };
        var yes = new Option<bool>("--yes") { Description = "Begin without asking." };
        Option<string[]> corpus = CorpusPaths.Option();
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("forget",
            "Take documents out of a run: train again from the last checkpoint before their first use, without them.\n"
            + "The new run's bytes are those of a run that never had the documents. The old run stays as it is.\n"
            + "Interrupted, the same command goes on. Exit code 1 when --prove finds another byte.")
        {
            run, documents, query, prove, output, key, yes, corpus, threads, json,
        };
        command.Example("hearth forget factbook --query Reykjavik", "hearth forget factbook --document countries.csv#Iceland --prove");
        command.SetAction(parsed =>
        {
            bool quiet = parsed.GetValue(json);
            RunFolder folder = Places.Run(parsed.GetValue(run)!);
            ParentRun parent = ParentRun.Read(folder, CorpusPaths.Apply(RunAbout.Recipe(folder), parsed.GetValue(corpus)));
            string[] given = parsed.GetValue(documents) ?? [];
            if (parsed.GetValue(query) is { } words)
            {
                if (given.Length > 0)
                {
                    throw new UsageException("--query only lists documents. Give it alone, then --document with the ids of those to take "
                        + "out.");
                }
                return ShowMatches(parent, words, quiet);
            }
            if (given.Length == 0)
            {
                throw new UsageException("Give the documents to take out with --document, or find them with --query TEXT.");
            }
            var display = new TrainingDisplay(quiet);
            Material[] chosen = Choose(parent, given, display);
            if (chosen.Length == 0) return NothingToDo(parent, quiet);
            RemovalPlan plan = RemovalPlan.Of(parent, chosen, display.Say);
            Announce(plan, display);
            if (plan.IsNothing) return NothingToDo(parent, quiet);
            var into = new RunFolder(parsed.GetValue(output) ?? RemovalDriver.DefaultFolder(plan, Places.Runs));
            if (into.Exists && !Removal.IsBegun(plan, into))
            {
                throw new UsageException($"{into.Path}: already holds another run. Give another folder with --out.");
            }
            display.Say($"new run        {into.Path}{(into.Finished ? ", there already" : into.Exists ? ", goes on" : "")}");
            if (!into.Finished && !quiet && !parsed.GetValue(yes) && !Agreed()) return Common.Interrupted;

            using SigningKey signing = Key(parsed.GetValue(key), display);
            using var pool = new WorkerPool(parsed.GetValue(threads));
            return Forget(plan, into, parsed.GetValue(prove), signing, pool, display, quiet);
        });
        return command;
    }

    private static int Forget(RemovalPlan plan, RunFolder into, bool prove, SigningKey key, WorkerPool pool, TrainingDisplay display,
        bool quiet)
    {
        if (RemovalDriver.Run(plan, into, prove, key, pool, display, Common.Stopping) is not { } result)
        {
            Console.Error.WriteLine($"Stopped. The same command goes on; the run is in {into.Path}.");
            return Common.Interrupted;
        }
        if (quiet) PrintJson(plan, into, result);
        else Show(plan, into, result);
        return result.Proof is { Equal: false } ? Common.No : Common.Done;
    }

    /// <summary>The key that signs the receipt: the one named, or the user's own, which is made when there is none.</summary>
    private static SigningKey Key(string? path, TrainingDisplay display) => path is not null ? SigningKey.Load(path) : OwnKey.Of(Places.Home, display.Say);

    private static Material[] Choose(ParentRun parent, string[] given, TrainingDisplay display)
    {
        var chosen = new List<Material>();
        foreach (string text in given)
        {
            DocumentChoice choice = DocumentChoice.Of(text, parent.Materials);
            if (choice.Problem is { } problem) throw new UsageException($"--document {problem}");
            if (choice.Document is { } document)
            {
                chosen.Add(document);
                continue;
            }
            bool before = parent.Recipe.Removed.Contains(text, StringComparer.Ordinal);
            display.Say(before ? $"{text[..ShownDigits]}: was taken out of this run before." : $"{text}: was never in this run.");
        }
        return [.. chosen.Distinct()];
    }

    private static void Announce(RemovalPlan plan, TrainingDisplay display)
    {
        foreach ((string name, string text) in RemovalDriver.Describe(plan)) display.Say(name.Length > 0 ? $"{name,-14} {text}" : text);
    }

    private static bool Agreed()
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return true;
        Console.Error.Write("Begin? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static int ShowMatches(ParentRun parent, string words, bool quiet)
    {
        IReadOnlyList<Material> found = RemovalDriver.Containing(parent, words);
        if (quiet)
        {
            var matches = found.Select(m => new { id = m.Id, name = m.Name, corpus = m.Corpus, firstUse = m.FirstStep, steps = m.Steps });
            Common.PrintJson(new { matches });
            return Common.Done;
        }
        foreach (Material m in found) Console.WriteLine($"{m.Id}  {m.Name}{(m.FirstStep == 0 ? "  (no step saw it)" : "")}");
        Console.Error.WriteLine(found.Count == 0
            ? "No document of this run holds that text."
            : $"{found.Count:N0} of {parent.Materials.Count:N0} documents hold that text; nothing was taken out. Take some out with `hearth "
                + "forget RUN --document ID`.");
        return Common.Done;
    }

    private static int NothingToDo(ParentRun parent, bool quiet)
    {
        if (quiet)
        {
            Common.PrintJson(new
            {
                removed = Array.Empty<string>(),
                firstUse = (int?)null,
                replayedFrom = (int?)null,
                weightsDigestBefore = parent.Weights,
                weightsDigestAfter = parent.Weights,
                receipt = (string?)null,
                run = Path.GetFullPath(parent.Folder.Path),
            });
            return Common.Done;
        }
        Console.WriteLine($"Nothing changes: the run never saw it, and goes the same way without it.\nweights        {parent.Weights}");
        return Common.Done;
    }

    private static void PrintJson(RemovalPlan plan, RunFolder into, RemovalResult done)
    {
        var result = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["removed"] = plan.Ids,
            ["firstUse"] = plan.FirstUse,
            ["replayedFrom"] = plan.ReplayFrom,
            ["weightsDigestBefore"] = plan.Parent.Weights,
            ["weightsDigestAfter"] = done.Weights,
            ["receipt"] = Path.GetFullPath(done.Receipt),
            ["run"] = Path.GetFullPath(into.Path),
        };
        if (done.Proof is { } proof) result["provedDigest"] = proof.WeightsDigest;
        Common.PrintJson(result);
    }

    private static void Show(RemovalPlan plan, RunFolder into, RemovalResult done)
    {
        SavedScore? before = SavedScore.Read(plan.Parent.Folder, plan.Parent.Weights), after = SavedScore.Read(into, done.Weights);
        Line("weights before", plan.Parent.Weights);
        Line("weights after", done.Weights);
        if (after is { Facts: > 0 })
        {
            string was = before is null ? "" : string.Create(CultureInfo.InvariantCulture,
                $" (before: {100 * before.HeldOutExactMatch:0.0} %)");
            Line("held out", string.Create(CultureInfo.InvariantCulture,
                $"{100 * after.HeldOutExactMatch:0.0} % of {after.Facts:N0} questions about the rest{was}"));
        }
        if (done.Proof is { } proof) Line("proved", RemovalDriver.Verdict(proof));
        Line("receipt", done.Receipt);
        Line("", done.ReceiptInRun);
        Line("model", into.Model);
        Line("verify", $"hearth model verify {into.Model}");

        static void Line(string name, string value) => Console.WriteLine($"{name,-14} {value}");
    }
}
