using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using static Hearth.Training.Papers.PaperText;

namespace Hearth.Training.Papers;

/// <summary>
/// The bill of materials as CycloneDX 1.6 JSON (ECMA-424, cyclonedx.org/docs/1.6/json): the model with its model card, its files by digest,
/// a data component for each corpus, and the programs that made it.
/// </summary>
public static class BillOfMaterials
{
    private const string ModelRef = "model";
    private const string HearthRef = "hearth";
    private const string RuntimeRef = "dotnet";
    private const string Materials = "provenance/materials.json";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The bill as JSON.</summary>
    /// <param name="facts">The model.</param>
    public static string Write(ModelFacts facts)
    {
        var body = new JsonObject
        {
            ["version"] = 1,
            ["metadata"] = Metadata(facts),
            ["components"] = new JsonArray(
                [.. facts.Files.Select(File), .. facts.Corpora.Select(c => Dataset(facts, c)), Program(facts), Runtime(facts)]),
            ["dependencies"] = Dependencies(facts),
            ["compositions"] = new JsonArray(new JsonObject { ["aggregate"] = "complete", ["dependencies"] = new JsonArray(ModelRef) }),
        };
        var bill = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = "urn:uuid:" + Uuid(Digest.Of(body.ToJsonString())),
        };
        foreach ((string key, JsonNode? value) in body) bill[key] = value!.DeepClone();
        return bill.ToJsonString(Indented) + "\n";
    }

    /// <summary>A UUID of version 8, whose bits are the writer's choice (RFC 9562, section 5.8): here the first of a digest.</summary>
    private static string Uuid(string digest)
    {
        string variant = "89ab"[Convert.ToInt32(digest[16..17], 16) & 3].ToString();
        return $"{digest[..8]}-{digest[8..12]}-8{digest[13..16]}-{variant}{digest[17..20]}-{digest[20..32]}";
    }

    private static JsonObject Metadata(ModelFacts facts)
    {
        var metadata = new JsonObject();
        if (ModelFacts.Timestamp is { } time) metadata["timestamp"] = time;
        metadata["lifecycles"] = new JsonArray(new JsonObject { ["phase"] = "post-build" });
        var tool = new JsonObject { ["type"] = "application", ["name"] = "Hearth", ["version"] = HearthVersion(facts) };
        metadata["tools"] = new JsonObject { ["components"] = new JsonArray(tool) };
        metadata["component"] = Model(facts);
        return metadata;
    }

    private static JsonObject Model(ModelFacts facts)
    {
        var model = new JsonObject { ["type"] = "machine-learning-model", ["bom-ref"] = ModelRef };
        if (Provider(facts) is { } provider) model["supplier"] = provider;
        model["name"] = facts.Recipe.Name;
        model["version"] = facts.Version;
        if (facts.Recipe.About.Length > 0) model["description"] = facts.Recipe.About;
        model["hashes"] = Hashes(facts.Weights);
        if (facts.Licence.IsStated) model["licenses"] = Licences(facts.Licence);
        model["externalReferences"] = new JsonArray(
            Reference("model-card", ModelPapers.CardName), Reference("documentation", ModelPapers.SummaryName),
            Reference("log", "provenance/ledger.jsonl"), Reference("evidence", Materials));
        model["modelCard"] = Card(facts);
        model["properties"] = Properties(
            ("hearth:parameters", Number(facts.Parameters)),
            ("hearth:weights:initial", facts.Start.Weights),
            ("hearth:ledger:head", facts.LedgerHead),
            ("hearth:recipe:identity", facts.Start.Recipe),
            ("hearth:materials", facts.Start.Materials),
            ("hearth:tokenizer", facts.Start.Tokenizer),
            ("hearth:numerics", Number(facts.Start.Numerics)),
            ("hearth:steps", Number(facts.Last.Step)),
            ("hearth:tokens", Number(facts.Tokens)),
            ("hearth:trainSeconds", facts.About?.TrainSeconds.ToString("0.0", CultureInfo.InvariantCulture) ?? "not noted"),
            ("hearth:openness:framework", "Model Openness Framework 1.0"), ("hearth:openness:class", facts.Openness.Numeral),
            ("hearth:openness:missing", string.Join("; ", facts.Openness.MissingForNext.Select(c => c.Name))));
        return model;
    }

    private static JsonObject Card(ModelFacts facts)
    {
        CardSpec card = facts.Recipe.Card;
        var metrics = new JsonArray();
        if (facts.Score is { Facts: > 0 } f)
        {
            metrics.Add(Metric("exact match", "held-out questions", f.HeldOutExactMatch, WilsonInterval.Of(f.FactsRight, f.Facts)));
        }
        if (facts.Score is { InventedNames: > 0 } n)
        {
            metrics.Add(Metric("refused", "invented names", n.InventedRefused, WilsonInterval.Of(n.NamesRefused, n.InventedNames)));
        }
        if (facts.BitsPerByte is { } bits) metrics.Add(Metric("bits per byte", "held-out text", bits, null));

        var considerations = new JsonObject();
        if (card.IntendedUse.Length > 0) considerations["useCases"] = new JsonArray(card.IntendedUse);
        var limits = new JsonArray($"A question and its answer together must fit {Count(facts.Config.MaxPositionEmbeddings)} tokens.");
        if (card.Limitations.Length > 0) limits.Add(card.Limitations);
        considerations["technicalLimitations"] = limits;
        considerations["environmentalConsiderations"] = Environment(facts.About);
        var whole = new JsonObject
        {
            ["modelParameters"] = new JsonObject
            {
                ["approach"] = new JsonObject { ["type"] = facts.Recipe.Training.LossOnAnswersOnly ? "supervised" : "self-supervised" },
                ["task"] = "text-generation",
                ["architectureFamily"] = "transformer",
                ["modelArchitecture"] = facts.Architecture,
                ["datasets"] = new JsonArray([.. facts.Corpora.Select(c => new JsonObject { ["ref"] = Ref(c) })]),
                ["inputs"] = new JsonArray(new JsonObject { ["format"] = "text/plain" }),
                ["outputs"] = new JsonArray(new JsonObject { ["format"] = "text/plain" }),
            },
        };
        if (metrics.Count > 0) whole["quantitativeAnalysis"] = new JsonObject { ["performanceMetrics"] = metrics };
        whole["considerations"] = considerations;
        return whole;
    }

    private static JsonObject Environment(RunAbout? about)
    {
        var environment = new JsonObject();
        if (ModelCard.KilowattHours(about) is { } used)
        {
            JsonValue value = JsonValue.Create(decimal.Parse(ModelCard.Significant(used), CultureInfo.InvariantCulture));
            environment["energyConsumptions"] = new JsonArray(new JsonObject
            {
                ["activity"] = "training",
                ["energyProviders"] = new JsonArray(),                           // who delivered it is not known
                ["activityEnergyCost"] = new JsonObject { ["value"] = value, ["unit"] = "kWh" },
            });
        }
        environment["properties"] = Properties(("hearth:energy", ModelCard.Energy(about)));
        return environment;
    }

    private static JsonObject Metric(string type, string slice, double value, WilsonInterval? interval)
    {
        var metric = new JsonObject { ["type"] = type, ["value"] = Decimal(value), ["slice"] = slice };
        if (interval is not { } i) return metric;
        metric["confidenceInterval"] = new JsonObject { ["lowerBound"] = Decimal(i.Lower), ["upperBound"] = Decimal(i.Upper) };
        return metric;
    }

    private static JsonObject File(FileFacts file) => new()
    {
        ["type"] = "file",
        ["bom-ref"] = "file:" + file.Name,
        ["name"] = file.Name,
        ["hashes"] = Hashes(file.Sha256),
    };

    private static JsonObject Dataset(ModelFacts facts, CorpusFacts c)
    {
        CorpusOrigin origin = c.Spec.Origin;
        var data = new JsonObject { ["type"] = "dataset", ["name"] = c.Spec.Name };
        data["contents"] = new JsonObject
        {
            ["url"] = Materials,                                                 // their list; the documents themselves are not carried
            ["properties"] = Properties(
                ("hearth:materials", facts.Start.Materials),
                ("hearth:documents", Number(c.Documents)),
                ("hearth:documents:seen", Number(c.Seen)),
                ("hearth:bytes", Number(c.Bytes)),
                ("hearth:texts", Number(c.Texts)),
                ("hearth:texts:bytes", Number(c.TextBytes)),
                ("hearth:heldOut:facts", Number(c.Statistics.HeldOutFacts)),
                ("hearth:heldOut:inventedNames", Number(c.Statistics.HeldOutRefusals)),
                ("hearth:heldOut:documents", Number(c.Statistics.HeldOutDocuments)),
                ("hearth:leftOut", Number(c.Statistics.Problems.Sum(p => p.Count))),
                ("hearth:takenOut", Number(c.Statistics.Removed))),
        };
        data["description"] = c.Spec.Source;
        if (Provider(facts) is { } provider)
        {
            data["governance"] = new JsonObject { ["custodians"] = new JsonArray(new JsonObject { ["organization"] = provider }) };
        }

        var component = new JsonObject
        {
            ["type"] = "data",
            ["bom-ref"] = Ref(c),
            ["name"] = c.Spec.Name,
            ["description"] = c.Spec.Source,
            ["hashes"] = Hashes(c.IdsDigest),
            ["licenses"] = Licences(c.Licence),
        };
        if (origin.Url.Length > 0) component["externalReferences"] = new JsonArray(Reference("website", origin.Url));
        component["data"] = new JsonArray(data);
        component["properties"] = Properties(
            ("hearth:hash", "SHA-256 of the documents' ids in ordinal order, a line each"),
            ("hearth:origin:kind", ModelCard.Kind(origin) ?? ModelFacts.NotStated),
            ("hearth:origin:collected", Period(origin)),
            ("hearth:origin:languages", origin.Languages.Count > 0 ? string.Join(", ", origin.Languages) : ModelFacts.NotStated));
        return component;
    }

    private static JsonObject Program(ModelFacts facts) => new()
    {
        ["type"] = "application",
        ["bom-ref"] = HearthRef,
        ["name"] = "Hearth",
        ["version"] = HearthVersion(facts),
        ["licenses"] = Licences(Licence.Of("Apache-2.0")),
    };

    private static JsonObject Runtime(ModelFacts facts) => new()
    {
        ["type"] = "platform",
        ["bom-ref"] = RuntimeRef,
        ["name"] = ".NET",
        ["version"] = facts.About is { Runtime.Length: > 0 } about ? about.Runtime : "not noted",
        ["licenses"] = Licences(Licence.Of("MIT")),
    };

    private static JsonArray Dependencies(ModelFacts facts)
    {
        string[] files = [.. facts.Files.Select(f => "file:" + f.Name)], corpora = [.. facts.Corpora.Select(Ref)];
        return
        [
            Depends(ModelRef, [.. files, .. corpora, HearthRef]),
            .. files.Select(f => Depends(f, [])),
            .. corpora.Select(c => Depends(c, [])),
            Depends(HearthRef, [RuntimeRef]),
            Depends(RuntimeRef, []),
        ];

        static JsonObject Depends(string from, string[] on) => on.Length == 0
            ? new JsonObject { ["ref"] = from }
            : new JsonObject { ["ref"] = from, ["dependsOn"] = new JsonArray([.. on]) };
    }

    private static JsonObject? Provider(ModelFacts facts)
    {
        CardSpec card = facts.Recipe.Card;
        if (card.Provider.Length == 0) return null;
        var provider = new JsonObject { ["name"] = card.Provider };
        if (card.Contact.StartsWith("http", StringComparison.Ordinal)) provider["url"] = new JsonArray(card.Contact);
        else if (IsMail(card.Contact)) provider["contact"] = new JsonArray(new JsonObject { ["email"] = card.Contact });
        else if (card.Contact.Length > 0) provider["contact"] = new JsonArray(new JsonObject { ["name"] = card.Contact });
        return provider;
    }

    private static bool IsMail(string text) =>
        text.Split('@') is [{ Length: > 0 }, { Length: > 0 }] && !text.Contains(' ', StringComparison.Ordinal);

    private static JsonArray Licences(Licence licence) =>
        new(new JsonObject { ["license"] = new JsonObject { [licence.Spdx is null ? "name" : "id"] = licence.Name } });

    private static JsonObject Reference(string type, string url) => new() { ["type"] = type, ["url"] = url };

    private static JsonArray Hashes(string sha256) => new(new JsonObject { ["alg"] = "SHA-256", ["content"] = sha256 });

    private static JsonArray Properties(params ReadOnlySpan<(string Name, string Value)> properties)
    {
        var array = new JsonArray();
        foreach ((string name, string value) in properties) array.Add(new JsonObject { ["name"] = name, ["value"] = value });
        return array;
    }

    private static string HearthVersion(ModelFacts facts) => facts.About is { Hearth.Length: > 0 } about ? about.Hearth : "not noted";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Ref(CorpusFacts corpus) => "data:" + corpus.Spec.Name;
}
