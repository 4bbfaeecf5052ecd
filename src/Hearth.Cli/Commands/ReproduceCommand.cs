using System.CommandLine;
using Hearth.Cli.Terminal;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth reproduce</c>: trains a run again and compares every byte.</summary>
internal static class ReproduceCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run's folder or name, or a model that carries its provenance." };
        Option<string[]> corpus = CorpusPaths.Option();
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("reproduce", "Train again from a run's recipe and documents, and compare ledger and weights byte for byte.\nExit code 0 when all is equal, 1 at the first difference.")
        {
            run, corpus, threads, json,
        };
        command.Example("hearth reproduce factbook", "hearth reproduce ./runs/novels --corpus texts=~/novels");
        command.SetAction(parsed =>
        {
            var display = new TrainingDisplay(quiet: parsed.GetValue(json));
            RunFolder folder = Places.Run(parsed.GetValue(run)!);
            Recipe recipe = CorpusPaths.Apply(RunAbout.Recipe(folder), parsed.GetValue(corpus));
            using var pool = new WorkerPool(parsed.GetValue(threads));
            TrainingSetup setup = TrainingSetup.Build(recipe, display.Say);
            DirectoryInfo scratch = Directory.CreateTempSubdirectory("hearth-reproduce-");
            try
            {
                Reproduction result = display.Train(recipe.Name, progress =>
                    Reproduction.Of(folder, setup, new RunFolder(Path.Combine(scratch.FullName, "run")), pool, progress, Common.Stopping));
                return Report(result, parsed.GetValue(json));
            }
            finally
            {
                scratch.Delete(recursive: true);
            }
        });
        return command;
    }

    private static int Report(Reproduction result, bool json)
    {
        if (json)
        {
            Common.PrintJson(new
            {
                equal = result.Equal,
                firstDifferentStep = result.FirstDifferentStep,
                difference = result.Difference,
                weightsDigest = result.WeightsDigest,
                ledgerHead = result.LedgerHead,
            });
        }
        else if (result.Equal)
        {
            Console.WriteLine($"equal: every ledger line and every byte of the model\nweights        {result.WeightsDigest}\nledger head    {result.LedgerHead}");
        }
        else
        {
            Console.WriteLine($"DIFFERENT, first at {result.Difference}");
        }
        return result.Equal ? Common.Done : Common.No;
    }
}
