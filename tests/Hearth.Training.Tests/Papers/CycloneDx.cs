using System.Text.Json.Nodes;
using Json.Schema;

namespace Hearth.Training.Tests.Papers;

/// <summary>The CycloneDX 1.6 schema, with the schemas it refers to, from the reference data; nothing is fetched.</summary>
internal static class CycloneDx
{
    private static readonly Lazy<(JsonSchema Schema, EvaluationOptions Options)> Loaded = new(() =>
    {
        var options = new EvaluationOptions
        {
            OutputFormat = OutputFormat.List,
            RequireFormatValidation = true,
            EvaluateAs = SpecVersion.Draft7,
        };
        options.SchemaRegistry.Fetch = uri => throw new InvalidOperationException($"The schema refers to {uri}, which is not here.");
        foreach (string name in (string[])["spdx.schema.json", "jsf-0.82.schema.json"]) options.SchemaRegistry.Register(Read(name));
        return (Read("bom-1.6.schema.json"), options);
    });

    /// <summary>What is wrong with a bill of materials; empty when it is valid. The test is skipped where the schema is absent.</summary>
    public static IReadOnlyList<string> Problems(string json)
    {
        SharedData.At("conformance/bom/bom-1.6.schema.json");
        EvaluationResults results = Loaded.Value.Schema.Evaluate(JsonNode.Parse(json), Loaded.Value.Options);
        if (results.IsValid) return [];
        IEnumerable<EvaluationResults> wrong = (results.Details ?? []).Where(d => d.Errors is not null);
        string[] problems = [.. wrong.SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}"))];
        return problems.Length > 0 ? problems : ["invalid"];
    }

    private static JsonSchema Read(string name) => JsonSchema.FromFile(SharedData.At($"conformance/bom/{name}"));
}
