using Hearth.Models;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Signing;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>Memory that a model needs.</summary>
/// <param name="Context">Tokens of a sequence.</param>
/// <param name="Weights">Bytes of weights.</param>
/// <param name="Caches">Bytes of the cache of such a sequence, by type.</param>
public sealed record ModelMemory(int Context, long Weights, IReadOnlyList<(TensorType Type, long Bytes)> Caches)
{
    private const int UsualContext = 4096;

    /// <summary>The memory of a model.</summary>
    /// <param name="summary">The model.</param>
    /// <param name="config">Its sizes.</param>
    /// <param name="context">Tokens of a sequence; null for what it was made for, up to a bound.</param>
    public static ModelMemory Of(ModelSummary summary, ModelConfig config, int? context)
    {
        int tokens = context ?? Math.Min(config.MaxPositionEmbeddings, UsualContext);
        return new ModelMemory(tokens, summary.HeldBytes(config),
        [
            .. ((TensorType[])[TensorType.F32, TensorType.F16, TensorType.Q8_0]).Where(t => t != TensorType.Q8_0 || Fits(config))
                .Select(t => (t, KeyValueCache.BytesFor(Enumerable.Range(0, config.NumHiddenLayers).Select(config.Window), config.Cached, t, tokens))),
        ]);
    }

    private static bool Fits(ModelConfig c) => c.Cached.KeySize % BlockFormat.Of(TensorType.Q8_0).Elements == 0
        && c.Cached.ValueSize % BlockFormat.Of(TensorType.Q8_0).Elements == 0;
}

/// <summary>What a model's files say of it; what can not be found out becomes a problem told beside the rest.</summary>
public sealed class ModelOverview
{
    /// <summary>The longest sequence whose memory is told.</summary>
    public const int MostContext = 1 << 24;

    private readonly List<string> _problems = [];

    /// <summary>Looks at a model.</summary>
    /// <param name="path">A .gguf file, or a folder.</param>
    /// <param name="context">Tokens of a sequence whose memory is told; null for what the model was made for, up to a bound.</param>
    /// <param name="computes">Whether to compute the digests of all files of weights, however large.</param>
    /// <exception cref="ModelFileException">It can not be read at all.</exception>
    public ModelOverview(string path, int? context = null, bool computes = false)
    {
        Summary = ModelSummary.Read(path);
        Config = Try(() => Summary.Config(context));
        Tokenizer = Try(Summary.Tokenizer);
        Template = Try(Summary.Template);
        if (Config is { } c) Memory = ModelMemory.Of(Summary, c, context);
        RunFolder? run = Summary.IsGguf ? null : RunFolder.OfModel(Summary.Path);
        Papers = run is { Exists: true } ? BundlePapers.Of(Summary.Path) : null;
        LedgerHead = run is { Exists: true } ? LedgerFile.Read(run.Ledger).Head : "";
        Documents = run is { Exists: true } ? Materials.Read(run.Materials) : [];
        string signature = ModelSignature.PathOf(Summary.Path);
        Signature = Papers is not null ? Papers.Signature : File.Exists(signature) ? Path.GetFileName(signature) : null;
        Licence = Papers?.Licence ?? Summary.Licence;
        Digests = [.. DigestsOf(Summary, computes || run is { Exists: true })];
        if (!Summary.IsGguf) return;
        using GgufModel model = GgufModel.Open(Summary.Path);
        GgufMetadata m = model.Metadata;
        Metadata = [.. m.Keys.Select(k => (k, m.TypeOf(k).ToString()!, m.Describe(k)))];
    }

    /// <summary>What the headers say.</summary>
    public ModelSummary Summary { get; }

    /// <summary>The sizes; null when Hearth does not run the architecture.</summary>
    public ModelConfig? Config { get; }

    /// <summary>The tokenizer; null when it can not be read.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>The chat template in words; null when there is none.</summary>
    public string? Template { get; }

    /// <summary>The memory it needs; null without sizes.</summary>
    public ModelMemory? Memory { get; }

    /// <summary>What goes with a model that carries its run; null for others.</summary>
    public BundlePapers? Papers { get; }

    /// <summary>Hash of the last line of the run's ledger; empty for a model that carries none.</summary>
    public string LedgerHead { get; }

    /// <summary>The documents it was made from, as far as it carries them.</summary>
    public IReadOnlyList<Material> Documents { get; }

    /// <summary>Licences of the documents, sorted (ordinal).</summary>
    public IEnumerable<string> DocumentLicences => Documents.Select(d => d.Licence).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    /// <summary>The signature's file name; whether it holds is for <see cref="SignatureCheck"/>.</summary>
    public string? Signature { get; }

    /// <summary>The licence; null when none is stated.</summary>
    public string? Licence { get; }

    /// <summary>Digests of the files of weights, as far as they are known.</summary>
    public IReadOnlyList<(string Name, string Sha256)> Digests { get; }

    /// <summary>The keys of a GGUF file.</summary>
    public IReadOnlyList<(string Key, string Type, string Value)> Metadata { get; } = [];

    /// <summary>What could not be found out, and why.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Digests of the files of weights: those computed now, or else those that were checked when the model was pulled.</summary>
    private static IEnumerable<(string, string)> DigestsOf(ModelSummary summary, bool computes)
    {
        if (!computes)
        {
            return summary.Origin is not { } origin ? [] : origin.Files
                .Where(f => f.Path.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase) || f.Path.EndsWith(".safetensors", StringComparison.Ordinal))
                .Where(f => !summary.IsGguf || summary.Files > 1 || Path.GetFileName(summary.Path) == f.Path[(f.Path.LastIndexOf('/') + 1)..])
                .Select(f => (f.Path, f.Sha256));
        }
        return summary.WeightFiles().Select(f => (Path.GetFileName(f), Digest.OfFile(f)));
    }

    private T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is HearthException or IOException)
        {
            _problems.Add(e.Message);
            return null;
        }
    }
}
