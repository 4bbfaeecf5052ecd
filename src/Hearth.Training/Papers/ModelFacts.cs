using System.Globalization;
using System.Text;
using System.Text.Json;
using Hearth.Data.Corpora;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>A file of a model's folder.</summary>
/// <param name="Name">Its path below the folder, with '/' between folders.</param>
/// <param name="Sha256">Its digest.</param>
public sealed record FileFacts(string Name, string Sha256);

/// <summary>One corpus of a finished run.</summary>
/// <param name="Spec">What the recipe says of it.</param>
/// <param name="Documents">Documents of it in materials.json, a list of unknown names counted.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Seen">Documents that any step saw.</param>
/// <param name="IdsDigest">SHA-256 of their ids in ordinal order, a line each.</param>
/// <param name="Texts">Texts derived from them that are trained on.</param>
/// <param name="TextBytes">Bytes of those texts.</param>
/// <param name="Statistics">What was held out and left out.</param>
public sealed record CorpusFacts(
    CorpusSpec Spec, long Documents, long Bytes, long Seen, string IdsDigest, long Texts, long TextBytes, CorpusStatistics Statistics)
{
    /// <summary>Its licence.</summary>
    public Licence Licence { get; } = Licence.Of(Spec.Licence);
}

/// <summary>Everything that the papers of a model tell, gathered in one place from what the run left: no number is written twice.</summary>
/// <param name="Recipe">The recipe, with what it says of provider, licence and use.</param>
/// <param name="Config">Sizes of the model.</param>
/// <param name="Architecture">The architecture's name in config.json.</param>
/// <param name="Parameters">Numbers in the weights' file.</param>
/// <param name="Files">The files of the model's folder, papers and signatures left out.</param>
/// <param name="Start">The ledger's first line.</param>
/// <param name="LedgerHead">Hash of the ledger's last line.</param>
/// <param name="Last">The last step.</param>
/// <param name="Tokens">Tokens seen in all steps, repetitions counted.</param>
/// <param name="BitsPerByte">The last measurement on held-out text; null when there is none.</param>
/// <param name="Weights">Digest of the weights.</param>
/// <param name="Corpora">The documents.</param>
/// <param name="Score">The score on held-out questions; null when it was not measured or there are none.</param>
/// <param name="About">How long it took, and with which program; null when the run has no such note.</param>
/// <param name="Openness">Its class in the Model Openness Framework.</param>
public sealed record ModelFacts(
    Recipe Recipe, ModelConfig Config, string Architecture, long Parameters, IReadOnlyList<FileFacts> Files, StartLine Start,
    string LedgerHead, StepLine Last, long Tokens, double? BitsPerByte, string Weights, IReadOnlyList<CorpusFacts> Corpora,
    SavedScore? Score, RunAbout? About, Openness Openness)
{
    /// <summary>What a paper says where nothing was stated.</summary>
    public const string NotStated = "not stated";

    private const long LastSecond = 253402300799;                                // of the year 9999

    private static readonly string[] Listed =
    [
        ModelBundle.ConfigName, "generation_config.json", ModelBundle.WeightsName, ModelBundle.TokenizerName, "tokenizer_config.json",
        "provenance/evaluation.json", "provenance/ledger.jsonl", "provenance/materials.json", "provenance/recipe.yaml",
    ];

    /// <summary>The model's licence.</summary>
    public Licence Licence { get; } = Licence.Of(Recipe.Card.Licence);

    /// <summary>The model's name and the beginning of its weights' digest, which tell it from every other.</summary>
    public string VersionedName => $"{Recipe.Name} {Version}";

    /// <summary>The beginning of the weights' digest.</summary>
    public string Version => Weights[..12];

    /// <summary>Languages of the documents, as far as they are stated, without repetition.</summary>
    public IReadOnlyList<string> Languages => [.. Corpora.SelectMany(c => c.Spec.Origin.Languages).Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// The time to put on the papers: that of <c>SOURCE_DATE_EPOCH</c> (reproducible-builds.org), or none, so that the same run gives the
    /// same bytes.
    /// </summary>
    public static string? Timestamp
    {
        get
        {
            string? given = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
            return long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= LastSecond
                ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                : null;
        }
    }

    /// <summary>Gathers the facts of a finished run.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="corpus">Its documents, as the recipe reads them.</param>
    /// <exception cref="RunException">The run is not finished.</exception>
    /// <exception cref="Numerics.HearthException">One of its files is missing or damaged.</exception>
    public static ModelFacts Read(RunFolder folder, Corpus corpus)
    {
        Recipe recipe = Recipe.Load(folder.Recipe);
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(folder.Ledger);
        if (lines[^1] is not EndLine end || lines[0] is not StartLine start || lines.OfType<StepLine>().LastOrDefault() is not { } last)
        {
            throw new RunException(
                $"{folder.Ledger}: does not end with the run's last step. Finish the run first: `hearth train --resume {folder.Path}`.");
        }
        ModelConfig config = ConfigJson.Read(Path.Combine(folder.Model, ModelBundle.ConfigName));
        using SafetensorsModel weights = SafetensorsModel.Open(folder.Model);
        SavedScore? score = SavedScore.Read(folder, end.Weights);
        return new ModelFacts(
            recipe, config, ArchitectureName(folder), weights.Entries.Sum(e => e.Count), FilesOf(folder), start, head, last,
            lines.OfType<StepLine>().Sum(s => (long)s.Tokens), lines.OfType<EvaluationLine>().LastOrDefault()?.BitsPerByte, end.Weights,
            CorporaOf(recipe, Materials.Read(folder.Materials), corpus),
            score is { Facts: > 0 } or { InventedNames: > 0 } ? score : null, RunAbout.Read(folder), Openness.Of(folder.Model, recipe));
    }

    private static FileFacts[] FilesOf(RunFolder folder) =>
    [
        .. Listed.Where(n => File.Exists(Path.Combine(folder.Model, n)))
            .Select(n => new FileFacts(n, Digest.OfFile(Path.Combine(folder.Model, n)))),
    ];

    private static string ArchitectureName(RunFolder folder)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.Model, ModelBundle.ConfigName)));
        return json.RootElement.GetProperty("architectures")[0].GetString()!;
    }

    private static CorpusFacts[] CorporaOf(Recipe recipe, IReadOnlyList<Material> materials, Corpus corpus)
    {
        ILookup<string, Material> documents = materials.ToLookup(m => m.Corpus, StringComparer.Ordinal);
        ILookup<string, DerivedDocument> texts = corpus.Derived.ToLookup(d => d.Corpus, StringComparer.Ordinal);
        return
        [
            .. recipe.Corpora.Select(spec => new CorpusFacts(
                spec, documents[spec.Name].Count(), documents[spec.Name].Sum(m => m.Bytes), documents[spec.Name].Count(m => m.Steps > 0),
                Digest.Of(string.Concat(documents[spec.Name].Select(m => m.Id).Order(StringComparer.Ordinal).Select(id => id + "\n"))),
                texts[spec.Name].Count(), texts[spec.Name].Sum(Length), corpus.Statistics.First(s => s.Corpus == spec.Name))),
        ];

        static long Length(DerivedDocument d) => Encoding.UTF8.GetByteCount(d.Text + d.Question + d.Answer);
    }
}
