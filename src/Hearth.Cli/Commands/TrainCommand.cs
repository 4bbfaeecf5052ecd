using System.CommandLine;
using System.Globalization;
using Hearth.Cli.Terminal;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth train</c>: trains a recipe, or goes on with a run.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string?>("RECIPE") { Description = "A recipe.yaml, its folder, or the name of one that came with Hearth.", Arity = ArgumentArity.ZeroOrOne };
        var output = new Option<string?>("--out") { Description = "The run's folder. Default: runs/<name> under HEARTH_HOME.", HelpName = "DIR" };
        var resume = new Option<string?>("--resume") { Description = "Go on with this run from its last checkpoint.", HelpName = "RUN" };
        var stopAt = new Option<int?>("--stop-at") { Description = "Stop after this step, with a checkpoint.", HelpName = "STEP" };
        Option<string[]> corpus = CorpusPaths.Option();
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("train", "Train a model from a recipe and write its ledger and checkpoints.") { recipe, output, resume, stopAt, corpus, threads, json };
        command.Example("hearth train tiny", "hearth train recipes/prose --corpus texts=~/novels --out runs/novels", "hearth train --resume runs/novels");
        command.SetAction(parsed =>
        {
            string? given = parsed.GetValue(recipe), again = parsed.GetValue(resume);
            if ((given is null) == (again is null)) throw new UsageException("Give either a RECIPE or --resume RUN. Try `hearth train --help`.");
            if (parsed.GetValue(stopAt) is < 0) throw new UsageException("--stop-at is negative, expected a step from 0.");
            var display = new TrainingDisplay(quiet: parsed.GetValue(json));
            using var pool = new WorkerPool(parsed.GetValue(threads));
            RunFolder folder;
            Recipe r;
            if (again is not null)
            {
                folder = Places.Run(again);
                r = CorpusPaths.Apply(RunAbout.Recipe(folder), parsed.GetValue(corpus));
            }
            else
            {
                r = CorpusPaths.Apply(Recipe.Load(Places.Recipe(given!)), parsed.GetValue(corpus));
                folder = new RunFolder(parsed.GetValue(output) ?? Path.Combine(Places.Runs, r.Name));
                if (folder.Exists)
                {
                    throw new UsageException($"{folder.Path}: already holds a run. Go on with it by `hearth train --resume {folder.Path}`, or give another folder with --out.");
                }
            }
            TrainingResult result = TrainingDriver.Run(folder, r, pool, display, parsed.GetValue(stopAt), Common.Stopping);
            return Report(folder, result, parsed.GetValue(json));
        });
        return command;
    }

    private static int Report(RunFolder folder, TrainingResult result, bool json)
    {
        bool interrupted = Common.Stopping.IsCancellationRequested && !result.Finished;
        if (json)
        {
            Common.PrintJson(new
            {
                weightsDigest = result.WeightsDigest,
                ledgerHead = result.LedgerHead,
                steps = result.Step,
                tokensPerSecond = Math.Round(result.TokensPerSecond, 1),
                finished = result.Finished,
                run = Path.GetFullPath(folder.Path),
            });
        }
        else
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"steps          {result.Step:N0}{(result.Finished ? "" : ", not finished")}"));
            Console.WriteLine($"weights        {result.WeightsDigest}");
            Console.WriteLine($"ledger head    {result.LedgerHead}");
            if (result.Finished) Console.WriteLine($"model          {folder.Model}\nreport         {folder.Report}\nreproduce      hearth reproduce {folder.Path}");
            else Console.WriteLine($"go on          hearth train --resume {folder.Path}");
        }
        return interrupted ? Common.Interrupted : Common.Done;
    }
}
