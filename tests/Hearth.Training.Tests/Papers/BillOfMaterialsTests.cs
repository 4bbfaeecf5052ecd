using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Hearth.Training.Ledger;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Papers;

public sealed class BillOfMaterialsTests(PaperRun run) : IClassFixture<PaperRun>, IDisposable
{
    private const string Energy = "metadata/component/modelCard/considerations/environmentalConsiderations/energyConsumptions";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_bill_of_a_recipe_that_tells_nothing_is_valid() =>
        CycloneDx.Problems(PaperRun.Text(run.Write(_folder, run.Recipe), ModelPapers.BillName)).ShouldBeEmpty();

    [Fact]
    public void The_bill_of_a_recipe_that_tells_everything_is_valid()
    {
        RunFolder written = run.Write(_folder, run.Described, run.About with { EnergyJoules = 1234.5, EnergySeconds = 4.5 });
        string bill = PaperRun.Text(written, ModelPapers.BillName);
        CycloneDx.Problems(bill).ShouldBeEmpty();
        bill.ShouldContain("energyConsumptions");
        bill.ShouldContain("custodians");
    }

    [Fact]
    public void The_bill_of_a_run_without_scores_or_notes_is_valid()
    {
        RunFolder written = run.Write(_folder, run.Recipe, before: copy =>
        {
            File.Delete(copy.Evaluation);
            File.Delete(copy.About);
        });
        CycloneDx.Problems(PaperRun.Text(written, ModelPapers.BillName)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("specVersion", null)]
    [InlineData("serialNumber", "\"urn:uuid:7\"")]
    [InlineData("version", "0")]
    [InlineData("surplus", "1")]
    [InlineData("metadata/component/type", "\"model\"")]
    [InlineData("metadata/component/name", null)]
    [InlineData("metadata/component/hashes/0/content", "\"abc\"")]
    [InlineData("metadata/component/licenses/0/license/id", "\"CC-BY-4\"")]
    [InlineData("metadata/component/modelCard/modelParameters/approach/type", "\"guessed\"")]
    [InlineData("metadata/component/modelCard/quantitativeAnalysis/performanceMetrics/0/value", "0.5")]
    [InlineData("metadata/component/modelCard/quantitativeAnalysis/performanceMetrics/0/confidenceInterval/middle", "\"0.5\"")]
    [InlineData(Energy + "/0/activityEnergyCost/unit", "\"J\"")]
    [InlineData(Energy + "/0/energyProviders", null)]
    [InlineData("components/0/name", null)]
    [InlineData("dependencies/0/dependsOn", "\"data:facts\"")]
    public void The_schema_says_no_to_a_bill_with_one_thing_wrong(string path, string? value)
    {
        RunFolder written = run.Write(_folder, run.Described, run.About with { EnergyJoules = 1, EnergySeconds = 4.5 });
        JsonNode bill = JsonNode.Parse(PaperRun.Text(written, ModelPapers.BillName))!;
        string[] keys = path.Split('/');
        JsonNode at = keys.SkipLast(1).Aggregate(bill, (node, key) => int.TryParse(key, out int i) ? node[i]! : node[key]!);
        if (value is null) at.AsObject().Remove(keys[^1]).ShouldBeTrue();
        else at[keys[^1]] = JsonNode.Parse(value);

        CycloneDx.Problems(bill.ToJsonString()).ShouldNotBeEmpty();
    }

    [Fact]
    public void Everything_in_the_bill_is_the_runs_own_record()
    {
        RunFolder written = run.Write(_folder, run.Described, run.About with { EnergyJoules = 7200, EnergySeconds = 2.25 });
        JsonElement bill = Json(written), model = At(bill, "metadata/component"), card = model.GetProperty("modelCard");
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(written.Ledger);
        StartLine start = (StartLine)lines[0];
        IReadOnlyList<Material> materials = Materials.Read(written.Materials);

        model.GetProperty("name").GetString().ShouldBe("micro");
        model.GetProperty("hashes")[0].GetProperty("content").GetString().ShouldBe(((EndLine)lines[^1]).Weights);
        model.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString().ShouldBe("CC-BY-4.0");
        model.GetProperty("supplier").GetProperty("name").GetString().ShouldBe(PaperRun.FullCard.Provider);
        Property(model, "hearth:ledger:head").ShouldBe(head);
        Property(model, "hearth:recipe:identity").ShouldBe(run.Recipe.IdentityDigest());
        Property(model, "hearth:materials").ShouldBe(Digest.OfFile(written.Materials));
        Property(model, "hearth:tokenizer").ShouldBe(start.Tokenizer);
        Property(model, "hearth:steps").ShouldBe("60");
        Property(model, "hearth:tokens").ShouldBe(lines.OfType<StepLine>().Sum(s => s.Tokens).ToString(CultureInfo.InvariantCulture));
        Property(model, "hearth:trainSeconds").ShouldBe("4.5");

        JsonElement[] metrics = [.. At(card, "quantitativeAnalysis/performanceMetrics").EnumerateArray()];
        using JsonDocument score = JsonDocument.Parse(File.ReadAllBytes(written.Evaluation));
        Number(metrics[0], "value").ShouldBe(score.RootElement.GetProperty("heldOutExactMatch").GetDouble(), 5e-5);
        Number(metrics[1], "value").ShouldBe(score.RootElement.GetProperty("inventedRefused").GetDouble(), 5e-5);
        Number(metrics[2], "value").ShouldBe(lines.OfType<EvaluationLine>().Last().BitsPerByte, 5e-5);
        foreach (JsonElement metric in metrics.Take(2))
        {
            JsonElement interval = metric.GetProperty("confidenceInterval");
            Number(interval, "lowerBound").ShouldBeLessThanOrEqualTo(Number(metric, "value"));
            Number(interval, "upperBound").ShouldBeGreaterThanOrEqualTo(Number(metric, "value"));
        }
        metrics[2].TryGetProperty("confidenceInterval", out _).ShouldBeFalse();
        JsonElement energy = At(bill, Energy)[0];
        At(energy, "activityEnergyCost/value").GetDouble().ShouldBe(0.002);      // 7,200 J

        JsonElement data = Data(bill);
        string ids = string.Concat(materials.Select(m => m.Id).Order(StringComparer.Ordinal).Select(id => id + "\n"));
        data.GetProperty("hashes")[0].GetProperty("content").GetString().ShouldBe(Digest.Of(ids));
        data.GetProperty("licenses")[0].GetProperty("license").GetProperty("name").GetString().ShouldBe("Public domain");
        JsonElement contents = data.GetProperty("data")[0].GetProperty("contents");
        Property(contents, "hearth:documents").ShouldBe($"{materials.Count}");
        Property(contents, "hearth:bytes").ShouldBe($"{materials.Sum(m => m.Bytes)}");
        Property(contents, "hearth:texts").ShouldBe($"{materials.Sum(m => m.Texts)}");
        Property(contents, "hearth:documents:seen").ShouldBe($"{materials.Count(m => m.Steps > 0)}");
    }

    [Fact]
    public void Files_are_named_with_the_digests_they_have_and_every_reference_leads_somewhere()
    {
        RunFolder written = run.Write(_folder, run.Recipe);
        JsonElement bill = Json(written);
        JsonElement[] components = [.. bill.GetProperty("components").EnumerateArray()];
        JsonElement[] files = [.. components.Where(c => c.GetProperty("type").GetString() == "file")];
        files.Select(f => f.GetProperty("name").GetString()).ShouldBe([
            "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
            "provenance/evaluation.json", "provenance/ledger.jsonl", "provenance/materials.json", "provenance/recipe.yaml",
        ]);
        foreach (JsonElement file in files)
        {
            string digest = Digest.OfFile(Path.Combine(written.Model, file.GetProperty("name").GetString()!));
            file.GetProperty("hashes")[0].GetProperty("content").GetString().ShouldBe(digest);
        }
        string[] known = ["model", .. components.Select(c => c.GetProperty("bom-ref").GetString()!)];
        known.ShouldBeUnique();
        JsonElement[] dependencies = [.. bill.GetProperty("dependencies").EnumerateArray()];
        dependencies.Select(d => d.GetProperty("ref").GetString()!).ShouldBe(known, ignoreOrder: true);
        dependencies.Where(d => d.TryGetProperty("dependsOn", out _)).SelectMany(d => d.GetProperty("dependsOn").EnumerateArray())
            .ShouldAllBe(on => known.Contains(on.GetString()));
        foreach (JsonElement reference in At(bill, "metadata/component/externalReferences").EnumerateArray())
        {
            File.Exists(Path.Combine(written.Model, reference.GetProperty("url").GetString()!)).ShouldBeTrue();
        }
    }

    [Fact]
    public void Another_content_has_another_serial_number_and_the_same_content_the_same()
    {
        using TemporaryFolder again = new(), other = new();
        string first = Serial(run.Write(_folder, run.Recipe));
        Serial(run.Write(again, run.Recipe)).ShouldBe(first);
        Serial(run.Write(other, run.Recipe with { Card = CardSpec.None with { Provider = "p" } })).ShouldNotBe(first);
        Guid.Parse(first["urn:uuid:".Length..]).Version.ShouldBe(8);

        string Serial(RunFolder written) => Json(written).GetProperty("serialNumber").GetString()!;
    }

    [Fact]
    public void A_kind_that_is_not_stated_is_said_so()
    {
        JsonElement data = Data(Json(run.Write(_folder, run.Recipe)));
        Property(data, "hearth:origin:kind").ShouldBe("not stated");
        Property(data, "hearth:origin:languages").ShouldBe("not stated");
    }

    private static JsonElement Json(RunFolder written)
    {
        using JsonDocument bill = JsonDocument.Parse(PaperRun.Text(written, ModelPapers.BillName));
        return bill.RootElement.Clone();
    }

    private static JsonElement At(JsonElement of, string path) => path.Split('/').Aggregate(of, (element, key) => element.GetProperty(key));

    private static JsonElement Data(JsonElement bill) =>
        bill.GetProperty("components").EnumerateArray().Single(c => c.GetProperty("type").GetString() == "data");

    private static string Property(JsonElement of, string name)
    {
        JsonElement property = of.GetProperty("properties").EnumerateArray().Single(p => p.GetProperty("name").GetString() == name);
        return property.GetProperty("value").GetString()!;
    }

    private static double Number(JsonElement of, string name) =>
        double.Parse(of.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
