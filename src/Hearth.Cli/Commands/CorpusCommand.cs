using System.CommandLine;
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
            Recipe r = CorpusPaths.Apply(Recipe.Load(Places.Recipe(parsed.GetValue(recipe)!)), parsed.GetValue(paths));
            Corpus corpus = r.ReadDocuments();
            IReadOnlyList<CorpusStatistics> statistics = corpus.Statistics;
            if (parsed.GetValue(json)) Common.PrintJson(new { corpora = statistics.Select(Plain), problems = corpus.Report.Problems });
            else if (problemsFail) PrintProblems(corpus.Report);
            else PrintStatistics(statistics);
            return problemsFail && corpus.Report.Total > 0 ? Common.No : Common.Done;
        });
        return command;
    }

    private static object Plain(CorpusStatistics s) => new
    {
        s.Corpus, s.Documents, s.Bytes, s.Plain, s.Answers, s.Refusals, s.HeldOutFacts, s.HeldOutRefusals, s.HeldOutDocuments, s.PassedOver,
        Problems = s.Problems.ToDictionary(p => p.Kind.ToString(), p => p.Count, StringComparer.Ordinal),
    };

    private static void PrintStatistics(IReadOnlyList<CorpusStatistics> statistics)
    {
        foreach (CorpusStatistics s in statistics)
        {
            Console.WriteLine(s.Corpus);
            Line("documents", s.Documents);
            Line("bytes", s.Bytes);
            Line("texts", s.Plain);
            Line("questions", s.Answers);
            Line("refusals", s.Refusals);
            Line("held out: facts", s.HeldOutFacts);
            Line("held out: names", s.HeldOutRefusals);
            Line("held out: texts", s.HeldOutDocuments);
            Line("passed over", s.PassedOver);
            foreach ((CorpusProblemKind kind, long count) in s.Problems) Line($"left out: {kind}", count);
        }

        static void Line(string name, long count)
        {
            if (count > 0) Console.WriteLine($"  {name,-24} {count,14:N0}");
        }
    }

    private static void PrintProblems(CorpusReport report)
    {
        foreach (CorpusProblem problem in report.Problems) Console.WriteLine(problem);
        long untold = report.Total - report.Problems.Count;
        Console.WriteLine(report.Total == 0 ? "Every document can be used." : $"{report.Total:N0} left out{(untold > 0 ? $", {untold:N0} of them not listed" : "")}.");
    }
}
