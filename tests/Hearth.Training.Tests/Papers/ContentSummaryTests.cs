using Hearth.Data.Corpora;
using Hearth.Training.Ledger;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Papers;

public sealed class ContentSummaryTests(PaperRun run) : IClassFixture<PaperRun>, IDisposable
{
    /// <summary>The headings of the template of 24 July 2025, in its order.</summary>
    private static readonly string[] Template =
    [
        "1. General information", "1.1. Provider identification", "1.2. Model identification",
        "1.3. Modalities, overall training data size and other characteristics", "2. List of data sources", "2.1. Publicly available datasets",
        "2.2. Private non-publicly available datasets obtained from third parties",
        "2.2.1. Datasets commercially licensed by rightsholders or their representatives", "2.2.2. Private datasets obtained from other third parties",
        "2.3. Data crawled and scraped from online sources", "2.4. User data", "2.5. Synthetic data", "2.6. Other sources of data",
        "3. Data processing aspects", "3.1. Respect of reservation of rights from text and data mining exception or limitation",
        "3.2. Removal of illegal content", "3.3. Other information",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_headings_are_those_of_the_template_in_its_order() =>
        Summary(run.Recipe).Split('\n').Where(l => l.StartsWith("##", StringComparison.Ordinal)).Select(l => l.TrimStart('#', ' '))
            .ShouldBe(Template);

    [Theory]
    [InlineData(OriginKind.PublicDataset, "2.1.")]
    [InlineData(OriginKind.Licensed, "2.2.1.")]
    [InlineData(OriginKind.ThirdParty, "2.2.2.")]
    [InlineData(OriginKind.Crawled, "2.3.")]
    [InlineData(OriginKind.UserData, "2.4.")]
    [InlineData(OriginKind.Synthetic, "2.5.")]
    [InlineData(OriginKind.Own, "2.6.")]
    [InlineData(OriginKind.NotStated, "2.6.")]
    public void A_corpus_stands_under_the_heading_of_its_kind_and_nowhere_else(OriginKind kind, string number)
    {
        CorpusSpec corpus = run.Recipe.Corpora[0] with { Origin = CorpusOrigin.None with { Kind = kind } };
        string summary = Summary(run.Recipe with { Corpora = [corpus] });
        foreach (string heading in Template.Where(h => h.StartsWith("2.", StringComparison.Ordinal)))
        {
            bool stands = Section(summary, heading).Contains("**facts**", StringComparison.Ordinal);
            stands.ShouldBe(heading.StartsWith(number, StringComparison.Ordinal), heading);
        }
        string answer = kind == OriginKind.NotStated ? "Not stated: " : "No.";
        foreach (string heading in (string[])[Template[5], Template[7], Template[8], Template[9], Template[10], Template[11]])
        {
            string expected = heading.StartsWith(number, StringComparison.Ordinal) ? "Yes." : answer;
            Section(summary, heading).ShouldStartWith(expected, Case.Sensitive, heading);
        }
    }

    [Fact]
    public void What_a_person_said_is_told_and_nothing_else_is_made_up()
    {
        string silent = Summary(run.Recipe);
        Section(silent, Template[1]).ShouldBe("- Provider name: *not stated*\n- Contact details: *not stated*");
        Section(silent, Template[14]).ShouldBe("*not stated*");
        Section(silent, Template[15]).ShouldBe("*not stated*");
        using TemporaryFolder other = new();
        string told = PaperRun.Text(run.Write(other, run.Described), ModelPapers.SummaryName);
        Section(told, Template[2]).ShouldContain("Date of placement on the market: 2026-03");
        Section(told, Template[3]).ShouldContain("Latest date of data acquisition or collection: 2025-06-30");
        Section(told, Template[3]).ShouldContain("en and pt-BR");
        Section(told, Template[9]).ShouldContain("example.org, example.net");
        Section(told, Template[9]).ShouldContain("Period of collection: 2024 to 2025-06-30");
        Section(told, Template[9]).ShouldContain("A crawler of our own, once a week.");
        Section(told, Template[14]).ShouldBe(@"Asked \`everyone\`.");
    }

    [Fact]
    public void Sizes_are_those_of_the_runs_own_record()
    {
        RunFolder written = run.Write(_folder, run.Recipe);
        string size = Section(PaperRun.Text(written, ModelPapers.SummaryName), Template[3]);
        IReadOnlyList<Material> materials = Materials.Read(written.Materials);
        Corpus corpus = run.Corpus;
        size.ShouldContain($"{corpus.Derived.Count} texts of ");
        size.ShouldContain($"from {materials.Count} documents of {materials.Sum(m => m.Bytes)} bytes");
        size.ShouldContain($"{LedgerFile.Read(written.Ledger).Lines.OfType<StepLine>().Sum(s => s.Tokens):N0} tokens seen in 60 steps");
        CorpusStatistics s = corpus.Statistics[0];
        size.ShouldContain($"{s.Plain} plain texts, {s.Answers} questions with their answers and {s.Refusals} questions about invented names, refused");
        string table = Section(PaperRun.Text(written, ModelPapers.SummaryName), Template[16]);
        string kept = $"{corpus.HeldOut.Facts.Count} phrasings of facts and {corpus.HeldOut.Refusals.Count} questions about invented names";
        table.ShouldContain($"| facts | {materials.Count} | {materials.Count(m => m.Steps > 0)} | 0 | 0 | none | {kept} |");
    }

    private string Summary(Recipe recipe) => PaperRun.Text(run.Write(_folder, recipe), ModelPapers.SummaryName);

    private static string Section(string summary, string heading)
    {
        string[] lines = summary.Split('\n');
        int at = Array.FindIndex(lines, l => l.TrimStart('#', ' ') == heading);
        return string.Join('\n', lines.Skip(at + 1).TakeWhile(l => !l.StartsWith('#'))).Trim();
    }
}
