using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Papers;

public sealed class OpennessTests(PaperRun run) : IClassFixture<PaperRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_class_asks_for_the_components_that_the_framework_asks_for()
    {
        Openness openness = Of("Apache-2.0");
        string[] Required(int level) =>
            [.. openness.Components.Where(c => c.Class == level && c.Required).Select(c => c.Name).Order(StringComparer.Ordinal)];
        Required(3).ShouldBe(
            ["Data card", "Evaluation results", "Model architecture", "Model card", "Model parameters, final", "Technical report"]);
        Required(2).ShouldBe(["Evaluation code", "Evaluation data", "Inference code", "Training code"]);
        Required(1).ShouldBe(["Data preprocessing code", "Datasets", "Model parameters, intermediate", "Research paper"]);
        openness.Components.Count.ShouldBe(17);
    }

    [Fact]
    public void The_class_rises_with_what_is_put_into_the_folder_and_what_lacks_is_named()
    {
        Lacks("Apache-2.0").ShouldBe((0, "Class III, Open Model", "Technical report"));
        Add("technical-report.md");
        Lacks("Apache-2.0").ShouldBe((3, "Class II, Open Tooling", "Evaluation data"));
        Add("evaluation-data.jsonl");
        Lacks("Apache-2.0").ShouldBe((2, "Class I, Open Science", "Research paper; Datasets; Model parameters, intermediate"));
        Add("research-paper.pdf");
        Add("data/one.txt");
        Add("checkpoints/step-1/model.safetensors");
        Lacks("Apache-2.0").ShouldBe((1, "", ""));
        Directory.Delete(Path.Combine(Model, "data"), recursive: true);
        Directory.CreateDirectory(Path.Combine(Model, "data"));
        Lacks("Apache-2.0").ShouldBe((2, "Class I, Open Science", "Datasets"));             // an empty folder holds no documents
    }

    [Fact]
    public void A_research_paper_stands_for_the_technical_report()
    {
        _ = Of("Apache-2.0");
        Add("research-paper.html");
        Lacks("Apache-2.0").ShouldBe((3, "Class II, Open Tooling", "Evaluation data"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("CC BY-NC 4.0")]
    [InlineData("For members only")]
    public void Nothing_counts_as_open_without_an_open_licence(string licence)
    {
        _ = Of(licence);
        Add("technical-report.md");
        Openness openness = Openness.Of(Model, Recipe(licence));
        openness.Numeral.ShouldBe("none");
        openness.MissingForNext.Select(c => c.Name)
            .ShouldBe(["Model parameters, final", "Technical report", "Evaluation results", "Model card", "Data card"]);
        openness.MissingForNext.ShouldAllBe(c => c.Lacks.Contains("licence"));
    }

    [Fact]
    public void Results_count_when_something_was_measured()
    {
        _ = Of("MIT");
        File.Delete(RunFolder.OfModel(Model).Evaluation);
        Openness openness = Openness.Of(Model, Recipe("MIT"));
        openness.Components.Single(c => c.Name == "Evaluation results").Found.ShouldBe("provenance/ledger.jsonl (MIT)");
        openness.Components.Single(c => c.Name == "Sample model outputs").IsPresent.ShouldBeFalse();
    }

    [Fact]
    public void Card_and_bill_tell_the_class_and_what_lacks()
    {
        RunFolder written = run.Write(_folder, Recipe("Apache-2.0"),
            before: copy => File.WriteAllText(Path.Combine(copy.Model, "technical-report.md"), "x"));
        PaperRun.Text(written, ModelPapers.CardName).ShouldContain("**Class III, Open Model** of the Model Openness Framework 1.0");
        PaperRun.Text(written, ModelPapers.CardName).ShouldContain("Class II, Open Tooling, lacks:\n\n- Evaluation data: ");
        string bill = PaperRun.Text(written, ModelPapers.BillName);
        bill.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal)
            .ShouldContain("\"name\":\"hearth:openness:class\",\"value\":\"III\"");
    }

    private string Model => new RunFolder(_folder["run"]).Model;

    private Recipe Recipe(string licence) => run.Recipe with { Card = CardSpec.None with { Licence = licence } };

    private Openness Of(string licence) =>
        Openness.Of(Directory.Exists(Model) ? Model : run.Write(_folder, Recipe(licence)).Model, Recipe(licence));

    private (int Class, string Next, string Lacks) Lacks(string licence) =>
        Of(licence) is var o ? (o.Class, o.NextTitle, string.Join("; ", o.MissingForNext.Select(c => c.Name))) : default;

    private void Add(string name)
    {
        string path = Path.Combine(Model, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
    }
}
