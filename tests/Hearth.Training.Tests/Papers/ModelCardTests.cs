using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hearth.Data.Corpora;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;
using YamlDotNet.Serialization;

namespace Hearth.Training.Tests.Papers;

public sealed partial class ModelCardTests(PaperRun run) : IClassFixture<PaperRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_metadata_has_the_keys_and_the_results_that_Hugging_Face_reads()
    {
        RunFolder written = run.Write(_folder, run.Described);
        Dictionary<string, object> metadata = Metadata(written);

        metadata.Keys.ShouldBe(["license", "language", "pipeline_tag", "library_name", "tags", "model-index"]);
        metadata["license"].ShouldBe("cc-by-4.0");
        ((List<object>)metadata["language"]).ShouldBe(["en", "pt-BR"]);
        metadata["pipeline_tag"].ShouldBe("text-generation");
        metadata["library_name"].ShouldBe("transformers");
        var index = (Dictionary<object, object>)((List<object>)metadata["model-index"])[0];
        index["name"].ShouldBe("micro");
        var results = (List<object>)index["results"];
        using JsonDocument score = JsonDocument.Parse(File.ReadAllBytes(written.Evaluation));
        double[] values =
        [
            score.RootElement.GetProperty("heldOutExactMatch").GetDouble(), score.RootElement.GetProperty("inventedRefused").GetDouble(),
            LedgerFile.Read(written.Ledger).Lines.OfType<EvaluationLine>().Last().BitsPerByte,
        ];
        results.Count.ShouldBe(3);
        for (int i = 0; i < 3; i++)
        {
            var result = (Dictionary<object, object>)results[i];
            ((Dictionary<object, object>)result["task"])["type"].ShouldBe("text-generation");
            var dataset = (Dictionary<object, object>)result["dataset"];
            dataset["type"].ShouldBeOfType<string>().ShouldStartWith("micro-");
            dataset["name"].ShouldBeOfType<string>().ShouldStartWith("micro: ");
            var metric = (Dictionary<object, object>)((List<object>)result["metrics"])[0];
            metric["type"].ShouldBe(i < 2 ? "exact_match" : "bits_per_byte");
            double.Parse((string)metric["value"], CultureInfo.InvariantCulture).ShouldBe(values[i], 5e-5);
        }
    }

    [Theory]
    [InlineData("", "unknown", null)]
    [InlineData("Apache License 2.0", "apache-2.0", null)]
    [InlineData("House rules: \"read\" only", "other", "House rules: \"read\" only")]
    public void A_licence_is_named_as_Hugging_Face_names_it(string stated, string license, string? name)
    {
        Recipe recipe = run.Recipe with { Card = CardSpec.None with { Licence = stated } };
        Dictionary<string, object> metadata = Metadata(run.Write(_folder, recipe));
        metadata["license"].ShouldBe(license);
        metadata.GetValueOrDefault("license_name").ShouldBe(name);
        metadata.ShouldNotContainKey("language");
    }

    [Fact]
    public void A_data_set_of_the_hub_is_named_by_its_id()
    {
        CorpusOrigin origin = PaperRun.FullOrigin with { Url = "https://huggingface.co/datasets/some/set" };
        Recipe recipe = run.Described with { Corpora = [run.Recipe.Corpora[0] with { Origin = origin }] };
        ((List<object>)Metadata(run.Write(_folder, recipe))["datasets"]).ShouldBe(["some/set"]);
    }

    [Fact]
    public void Every_number_in_the_card_is_the_runs_own()
    {
        RunFolder written = run.Write(_folder, run.Recipe);
        string card = PaperRun.Text(written, ModelPapers.CardName);
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(written.Ledger);
        StartLine start = (StartLine)lines[0];
        SavedScore score = SavedScore.Read(written, ((EndLine)lines[^1]).Weights)!;
        IReadOnlyList<Material> materials = Materials.Read(written.Materials);

        string[] digests = [((EndLine)lines[^1]).Weights, head, start.Materials, start.Recipe, start.Tokenizer];
        foreach (string digest in digests) card.ShouldContain($"`{digest}`");
        card.ShouldContain($"| facts | {materials.Count} | {materials.Sum(m => m.Bytes)} bytes | Public domain |");
        card.ShouldContain($"| Tokens seen | {lines.OfType<StepLine>().Sum(s => s.Tokens):N0}, repetitions counted |");
        card.ShouldContain("| Steps | 60, each of 2 micro-batches of at most 40 tokens |");
        card.ShouldContain($" {PaperText.Decimal(lines.OfType<StepLine>().Last().Loss)} nats a token at the last step |");
        card.ShouldContain("| Time | 4.5 s on 3 threads |");
        card.ShouldContain("| Electricity | not measured |");
        WilsonInterval exact = WilsonInterval.Of(score.FactsRight, score.Facts);
        card.ShouldContain($"answered letter for letter | {Row(score.HeldOutExactMatch, exact)} | {score.Facts} |");
        WilsonInterval refused = WilsonInterval.Of(score.NamesRefused, score.InventedNames);
        card.ShouldContain($"refused | {Row(score.InventedRefused, refused)} | {score.InventedNames} |");
        foreach (HeldOutAnswer sample in score.Samples) card.ShouldContain($"**{sample.Question}**<br>{sample.Answer}");
        byte[] weights = File.ReadAllBytes(Path.Combine(written.Model, "model.safetensors"));
        long parameters = (weights.Length - 8 - BitConverter.ToInt64(weights, 0)) / sizeof(float);
        card.ShouldContain($" {parameters:N0} parameters in float32 |");

        static string Row(double share, WilsonInterval of) =>
            $"{PaperText.Percent(share)} | {PaperText.Percent(of.Lower)} to {PaperText.Percent(of.Upper)}";
    }

    [Fact]
    public void What_is_not_stated_is_said_so_and_what_is_stated_is_there()
    {
        string silent = PaperRun.Text(run.Write(_folder, run.Recipe), ModelPapers.CardName);
        foreach (string what in (string[])["| Provider |", "| Contact |", "papers |", "| Languages |"]) silent.ShouldContain($"{what} *not stated* |");
        silent.ShouldContain("Intended use: *not stated*.");
        using TemporaryFolder other = new();
        string told = PaperRun.Text(run.Write(other, run.Described), ModelPapers.CardName);
        told.ShouldContain(@"| Provider | Archive of \<Examples\> \| Ltd |");
        told.ShouldContain(@"Colours of \*things\*.");
        told.ShouldContain("Knows five things.");
    }

    [Fact]
    public void The_tables_keep_their_columns_whatever_the_recipe_says()
    {
        Recipe wild = run.Described with { Corpora = [run.Described.Corpora[0] with { Source = "a | b || `c` \\| <td>" }] };
        RunFolder written = run.Write(_folder, run.Recipe, before: copy => File.WriteAllText(copy.Recipe, wild.ToYaml()));
        foreach (string paper in (string[])[ModelPapers.CardName, ModelPapers.SummaryName])
        {
            int columns = 0;
            foreach (string line in PaperRun.Text(written, paper).Split('\n'))
            {
                int bars = line.StartsWith('|') ? Bar().Count(line) : 0;
                if (bars > 0 && columns > 0) bars.ShouldBe(columns, line);
                columns = bars;
            }
        }
    }

    [Fact]
    public void A_run_trained_anew_has_the_same_papers_byte_for_byte()
    {
        RunFolder first = run.Write(_folder, run.Recipe), again = run.TrainAgain("again", threads: 2);
        ModelPapers.Write(again, run.Recipe, run.Corpus);
        foreach (string paper in ModelPapers.Names) PaperRun.Text(again, paper).ShouldBe(PaperRun.Text(first, paper), paper);
    }

    [Fact]
    public void A_file_that_would_get_the_bytes_it_has_is_left_alone()
    {
        RunFolder written = run.Write(_folder, run.Recipe);
        DateTime then = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        string[] files = Directory.GetFiles(written.Model, "*", SearchOption.AllDirectories);
        foreach (string file in files) File.SetLastWriteTimeUtc(file, then);
        ModelPapers.Write(written, run.Recipe, run.Corpus);
        files.ShouldAllBe(f => File.GetLastWriteTimeUtc(f) == then);
        ModelPapers.Write(written, run.Described, run.Corpus);
        files.Where(f => File.GetLastWriteTimeUtc(f) != then).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["README.md", "bom.cdx.json", "recipe.yaml", "training-content-summary.md"]);
    }

    [Fact]
    public void A_description_corrected_later_is_taken_over_and_the_run_is_reproduced_all_the_same()
    {
        RunFolder written = run.Write(_folder, run.Recipe);
        string before = File.ReadAllText(written.Recipe);
        ModelPapers.Write(written, run.Described, run.Corpus);
        File.ReadAllText(written.Recipe).ShouldNotBe(before);
        File.ReadAllText(RunFolder.OfModel(written.Model).Recipe).ShouldBe(File.ReadAllText(written.Recipe));
        Recipe.Load(written.Recipe).IdentityDigest().ShouldBe(LedgerFile.Start(written.Ledger).Recipe);

        using var pool = new WorkerPool(1);
        Reproduction again = Reproduction.Of(written, TrainingSetup.Build(run.Described), new RunFolder(_folder["scratch"]), pool,
            cancel: TestContext.Current.CancellationToken);
        again.Equal.ShouldBeTrue(again.Difference);
    }

    [Fact]
    public void Papers_of_a_run_that_is_not_finished_are_refused()
    {
        string[] lines = [.. LedgerFile.RawLines(run.Folder.Ledger)];
        void Shorten(RunFolder copy) => File.WriteAllText(copy.Ledger, string.Join('\n', lines.SkipLast(1)) + "\n");
        Should.Throw<RunException>(() => run.Write(_folder, run.Recipe, before: Shorten)).Message.ShouldContain("does not end with the run's last step");
    }

    private static Dictionary<string, object> Metadata(RunFolder written)
    {
        string[] parts = PaperRun.Text(written, ModelPapers.CardName).Split("---\n", 3);
        parts[0].ShouldBeEmpty();
        return new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(parts[1]);
    }

    [GeneratedRegex(@"(?<!\\)(?:\\\\)*\|")]
    private static partial Regex Bar();
}
