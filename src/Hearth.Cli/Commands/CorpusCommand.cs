using System.CommandLine;
using System.Globalization;
using Hearth.Data.Corpora;
using Hearth.Training.Recipes;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth corpus</c>: looks at a recipe's documents.</summary>
internal static class CorpusCommand
{
    public static Command Create() => new("corpus", "Look at a recipe's documents.")
    {
        Build("stats", "Count a recipe's documents, and what they become.", "hearth corpus stats factbook", problemsFail: false),
        Build("check", "List the documents that can not be used, and why. Exit code 1 when there are any.", "hearth corpus check recipes/prose --corpus texts=~/novels", problemsFail: true),
    };

    private static Command Build(string name, string about, string example, bool problemsFail)
    {
        var recipe = new Argument<string>("RECIPE") { Description = "A recipe.yaml, its folder, or the name of one that came with Hearth." };
        Option<string[]> paths = CorpusPaths.Option();
        Option<bool> json = Common.Json();
        var command = new Command(name, about) { recipe, paths, json };
        command.Example(example);
        command.SetAction(parsed =>
        {
            Recipe r = Recipe.Load(Places.Recipe(parsed.GetValue(recipe)!)).WithCorpusPaths(CorpusPaths.Parse(parsed.GetValue(paths)));
            Corpus corpus = Corpus.Load(r.Corpora, r.HeldOut, r.Folder, r.Seed);
            IReadOnlyList<CorpusStatistics> statistics = corpus.Statistics();
            if (parsed.GetValue(json)) Common.PrintJson(new { corpora = statistics, problems = corpus.Report.Problems });
            else if (problemsFail) PrintProblems(corpus.Report);
            else PrintStatistics(statistics);
            return problemsFail && corpus.Report.Total > 0 ? Common.No : Common.Done;
        });
        return command;
    }
}
