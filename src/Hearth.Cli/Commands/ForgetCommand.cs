using System.CommandLine;
using System.Globalization;
using Hearth.Cli.Terminal;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth forget</c>: takes documents out of a run and gives the weights that never saw them.</summary>
internal static class ForgetCommand
{
    private const int ShownDigits = 12;
    private const int MostShown = 20;

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
            var into = new RunFolder(parsed.GetValue(output) ?? DefaultFolder(plan));
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
        if (!into.Exists)
        {
            using FileStream held = TrainingDriver.Lock(into);
            Removal.Begin(plan, into, pool.Threads);
        }
        if (!into.Finished && !TrainingDriver.Run(into, plan.Setup, pool, display, stopAt: null).Finished)
        {
            Console.Error.WriteLine($"Stopped. The same command goes on; the run is in {into.Path}.");
            return Common.Interrupted;
        }
        string weights = LedgerFile.Read(into.Ledger).Lines.OfType<EndLine>().Last().Weights;
        if (SavedScore.Read(into, weights) is null) TrainingDriver.Score(into, plan.Setup, pool, display);
        (string receipt, string copy) = Receipt.Paths(into, plan.Ids);
        if (!File.Exists(receipt)) Sign(into, key, proved: null);
        Reproduction? proof = prove ? Prove(plan, into, pool, display) : null;
        if (proof is { Equal: true }) Sign(into, key, proof.WeightsDigest);
        if (quiet) PrintJson(plan, into, weights, receipt, proof);
        else Show(plan, into, weights, receipt, copy, proof);
        return proof is { Equal: false } ? Common.No : Common.Done;
    }

    private static void Sign(RunFolder into, SigningKey key, string? proved) =>
        Receipt.Of(into, DateTimeOffset.UtcNow, proved).Write(into, key);

    /// <summary>The key that signs the receipt: the one named, or the user's own, which is made when there is none.</summary>
    private static SigningKey Key(string? path, TrainingDisplay display)
    {
        if (path is not null || File.Exists(Places.SigningKey)) return SigningKey.Load(path ?? Places.SigningKey);
        display.Say($"new key        {Places.SigningKey} (signs receipts; those who verify need {Places.PublicHalf(Places.SigningKey)})");
        SigningKeys.MakeFolder();
        return SigningKeys.Make(Places.SigningKey, KeyCurve.P256);
    }

    private static Reproduction Prove(RemovalPlan plan, RunFolder into, WorkerPool pool, TrainingDisplay display)
    {
        display.Say("training from nothing without the documents, to compare");
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("hearth-prove-");
        try
        {
            return display.Train("proof", progress =>
                Reproduction.Of(into, plan.Setup, new RunFolder(Path.Combine(scratch.FullName, "run")), pool, progress, Common.Stopping));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

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
        int steps = plan.Setup.Recipe.Training.Steps;
        foreach (Material m in plan.Documents.Take(MostShown))
        {
            string use = m.FirstStep == 0 ? "no step saw it" : $"first seen in step {m.FirstStep:N0}, in {m.Steps:N0} of {steps:N0} steps";
            display.Say($"{m.Name} ({m.Id[..ShownDigits]}): {m.Texts:N0} texts; {use}");
        }
        if (plan.Documents.Count > MostShown) display.Say($"and {plan.Documents.Count - MostShown:N0} more documents");
        if (plan.StatedElsewhere is { Count: > 0 } others)
        {
            display.Say("stays known    some of the same texts come from "
                + $"{string.Join(", ", others.Take(MostShown))}{(others.Count > MostShown ? ", ..." : "")}");
        }
        if (plan.IsNothing) return;
        display.Say("tokenizer      " + (plan.TokenizerDiffers ? "was shaped by it and is made anew, so training begins anew"
            : plan.Setup.Recipe.Tokenizer.File is null ? "the same without it"
            : "was given to the run as a file, and is kept"));
        display.Say($"first change   step {plan.FirstDifference:N0}");
        string from = plan.ReplayFrom == 0 ? "the beginning" : $"the checkpoint after step {plan.ReplayFrom:N0}";
        string time = plan.Estimate is { } left ? $", about {TrainingDisplay.Left(left)}" : "";
        display.Say($"to train       {steps - plan.ReplayFrom:N0} of {steps:N0} steps, from {from}{time}");
    }

    /// <summary>Beside the old run; below HEARTH_HOME when that is only what a model carries with it.</summary>
    private static string DefaultFolder(RemovalPlan plan)
    {
        string run = plan.Parent.Folder.Path.TrimEnd('/', Path.DirectorySeparatorChar);
        string name = Directory.Exists(plan.Parent.Folder.Checkpoints) ? run : Path.Combine(Places.Runs, plan.Setup.Recipe.Name);
        return $"{name}-forget-{Removal.ShortName(plan.Ids)}";
    }

    private static bool Agreed()
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return true;
        Console.Error.Write("Begin? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static int ShowMatches(ParentRun parent, string words, bool quiet)
    {
        Dictionary<string, Material> materials = parent.Materials.ToDictionary(m => m.Id, StringComparer.Ordinal);
        Material[] found = [.. DocumentChoice.Containing(words, parent.Recipe.ReadDocuments())
            .Select(s => materials.GetValueOrDefault(s.Id)).OfType<Material>()];
        if (quiet)
        {
            var matches = found.Select(m => new { id = m.Id, name = m.Name, corpus = m.Corpus, firstUse = m.FirstStep, steps = m.Steps });
            Common.PrintJson(new { matches });
            return Common.Done;
        }
        foreach (Material m in found) Console.WriteLine($"{m.Id}  {m.Name}{(m.FirstStep == 0 ? "  (no step saw it)" : "")}");
        Console.Error.WriteLine(found.Length == 0
            ? "No document of this run holds that text."
            : $"{found.Length:N0} of {materials.Count:N0} documents hold that text; nothing was taken out. Take some out with `hearth "
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

    private static void PrintJson(RemovalPlan plan, RunFolder into, string weights, string receipt, Reproduction? proof)
    {
        var result = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["removed"] = plan.Ids,
            ["firstUse"] = plan.FirstUse,
            ["replayedFrom"] = plan.ReplayFrom,
            ["weightsDigestBefore"] = plan.Parent.Weights,
            ["weightsDigestAfter"] = weights,
            ["receipt"] = Path.GetFullPath(receipt),
            ["run"] = Path.GetFullPath(into.Path),
        };
        if (proof is not null) result["provedDigest"] = proof.WeightsDigest;
        Common.PrintJson(result);
    }

    private static void Show(RemovalPlan plan, RunFolder into, string weights, string receipt, string copy, Reproduction? proof)
    {
        SavedScore? before = SavedScore.Read(plan.Parent.Folder, plan.Parent.Weights), after = SavedScore.Read(into, weights);
        Line("weights before", plan.Parent.Weights);
        Line("weights after", weights);
        if (after is { Facts: > 0 })
        {
            string was = before is null ? "" : string.Create(CultureInfo.InvariantCulture,
                $" (before: {100 * before.HeldOutExactMatch:0.0} %)");
            Line("held out", string.Create(CultureInfo.InvariantCulture,
                $"{100 * after.HeldOutExactMatch:0.0} % of {after.Facts:N0} questions about the rest{was}"));
        }
        const string Equal = "equal: trained from nothing without them, every ledger line and every byte";
        if (proof is not null) Line("proved", proof.Equal ? Equal : $"DIFFERENT, first at {proof.Difference}");
        Line("receipt", receipt);
        Line("", copy);
        Line("model", into.Model);
        Line("verify", $"hearth model verify {into.Model}");

        static void Line(string name, string value) => Console.WriteLine($"{name,-14} {value}");
    }
}
