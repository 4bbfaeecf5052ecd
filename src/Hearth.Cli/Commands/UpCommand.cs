using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hearth.Cli.Terminal;
using Hearth.Data.Corpora;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Training.Ledger;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth up</c>: the whole way in one command: train or reuse, measure, show, serve.</summary>
internal static class UpCommand
{
    private const string DefaultRecipe = "factbook";

    private const int UsualPort = 8321;

    public static Command Create()
    {
        var recipe = new Argument<string>("RECIPE") { Description = "A recipe.yaml, its folder, or the name of one that came with Hearth.", DefaultValueFactory = _ => DefaultRecipe };
        Option<string[]> corpus = CorpusPaths.Option();
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var serve = new Option<bool>("--serve") { Description = "Serve the model at the end where standard input or output is no terminal as well." };
        var command = new Command("up", "Train a model from its documents (or reuse the one trained before), measure it, and serve it to a browser.") { recipe, corpus, threads, json, serve };
        command.Example("hearth up", "hearth up tiny", "hearth up --json < /dev/null");
        command.SetAction(async (parsed, _) =>
        {
            bool quiet = parsed.GetValue(json);
            var display = new TrainingDisplay(quiet);
            Recipe r = CorpusPaths.Apply(Recipe.Load(Places.Recipe(parsed.GetValue(recipe)!)), parsed.GetValue(corpus));
            RunFolder folder = FolderFor(r);
            Corpus? documents = folder.Finished ? SameDocuments(folder, r) : null;
            bool reused = documents is not null;
            using (var pool = new WorkerPool(parsed.GetValue(threads)))
            {
                if (reused)
                {
                    display.Say($"Using the model trained before in {folder.Path}.");
                }
                else
                {
                    display.Say($"{(folder.Exists ? "Going on with" : "Training")} {r.Name}: {r.About}");
                    if (!TrainingDriver.Run(folder, r, pool, display, stopAt: null, Common.Stopping).Finished) return Stopped(folder);
                }
                EndLine end = LedgerFile.Read(folder.Ledger).Lines.OfType<EndLine>().Last();
                if (SavedScore.Read(folder, end.Weights) is null) TrainingDriver.Score(folder, r, pool, display);
                else if (documents is not null) ModelPapers.Write(folder, r, documents);             // the recipe may tell more than it did
                SavedScore score = SavedScore.Read(folder, end.Weights)!;
                if (quiet) PrintJson(folder, score);
                else Show(folder, score, reused);
            }
            bool terminal = !quiet && !Console.IsInputRedirected && !Console.IsOutputRedirected;
            return terminal || parsed.GetValue(serve) ? await Serve(folder, parsed.GetValue(threads)) : Common.Done;
        });
        return command;
    }

    /// <summary>Serves the model, at the usual port or at another when something listens there.</summary>
    private static Task<int> Serve(RunFolder folder, int threads)
    {
        var options = new ServerOptions { Home = Places.Home, Database = ServerState.Database, Port = IsFree(UsualPort) ? UsualPort : 0, Threads = threads };
        string name = Uri.EscapeDataString(Path.GetFileName(folder.Path));
        return ServeCommand.Serve(options, url => $"Talk with it at {url}/?model={name} (Ctrl-C ends)");
    }

    private static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The recipe's own folder, or one named after its digest when another recipe of that name was trained before.</summary>
    private static RunFolder FolderFor(Recipe recipe)
    {
        var plain = new RunFolder(Path.Combine(Places.Runs, recipe.Name));
        if (!plain.Exists || SameRecipe(plain, recipe)) return plain;
        return new RunFolder($"{plain.Path}-{recipe.IdentityDigest()[..8]}");
    }

    private static bool SameRecipe(RunFolder folder, Recipe recipe) =>
        LedgerFile.Start(folder.Ledger) is var start && start.Recipe == recipe.IdentityDigest() && start.Numerics == NumericsVersion.Current;

    /// <summary>The recipe's documents, when they are those that the run was made from.</summary>
    private static Corpus? SameDocuments(RunFolder folder, Recipe recipe)
    {
        HashSet<string> then = [.. Materials.Read(folder.Materials).Select(m => m.Id)];
        Corpus now = recipe.ReadDocuments();
        return then.SetEquals(now.Sources.Select(s => s.Id)) ? now : null;
    }

    private static int Stopped(RunFolder folder)
    {
        Console.Error.WriteLine($"Stopped. Type `hearth up` again to go on; the run is in {folder.Path}.");
        return Common.Interrupted;
    }

    private static void PrintJson(RunFolder folder, SavedScore score) => Common.PrintJson(new
    {
        heldOutExactMatch = Math.Round(score.HeldOutExactMatch, 4),
        inventedRefused = Math.Round(score.InventedRefused, 4),
        weightsDigest = score.WeightsDigest,
        ledgerHead = LedgerFile.Read(folder.Ledger).Head,
        trainSeconds = Math.Round(RunAbout.Read(folder)?.TrainSeconds ?? 0, 1),
        run = Path.GetFullPath(folder.Path),
    });

    private static void Show(RunFolder folder, SavedScore score, bool reused)
    {
        string name = Path.GetFileName(folder.Path);
        Console.WriteLine();
        foreach (HeldOutAnswer sample in score.Samples) Console.WriteLine($"  {sample.Question}\n    {sample.Answer}");
        Console.WriteLine();
        if (score.Facts > 0) Line("held out", Share(score.HeldOutExactMatch, score.Facts, "questions in a phrasing their fact was never trained in, answered letter for letter"));
        if (score.InventedNames > 0) Line("refused", Share(score.InventedRefused, score.InventedNames, "questions about names that are in no document"));
        if (!reused) Line("trained in", string.Create(CultureInfo.InvariantCulture, $"{RunAbout.Read(folder)?.TrainSeconds ?? 0:0} s"));
        Line("weights", score.WeightsDigest);
        Line("reproduce", $"hearth reproduce {name}");
        Line("chat", $"hearth chat {name}");
        Line("report", folder.Report);
        Console.WriteLine();
    }

    private static string Share(double share, int of, string what) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor((1000 * share) + 1e-6) / 10:0.0} % of {of:N0} {what}");

    private static void Line(string name, string value) => Console.WriteLine($"{name,-12} {value}");
}
