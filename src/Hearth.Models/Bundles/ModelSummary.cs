using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Hub;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Bundles;

/// <summary>A tensor of a model's files, as far as their headers tell.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How its numbers are written, as the file calls it.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Parameters">Numbers it stands for; 0 for scales of another tensor.</param>
/// <param name="Bytes">Its bytes in the file.</param>
/// <param name="Held">Its bytes in memory when the model is loaded.</param>
public sealed record SummaryTensor(string Name, string Type, IReadOnlyList<long> Shape, long Parameters, long Bytes, long Held);

/// <summary>What the headers of a model's files say; weights are not read.</summary>
public sealed record ModelSummary
{
    private const int MostJson = 1 << 20;
    private static readonly string[] Scales = ["_scales", ".weight_scale", ".weight_scale_inv"];

    private ModelSummary()
    {
    }

    /// <summary>The file, the first of several, or the folder.</summary>
    public required string Path { get; init; }

    /// <summary>True for GGUF, false for a folder in Hugging Face's layout.</summary>
    public required bool IsGguf { get; init; }

    /// <summary>The architecture, as the files call it.</summary>
    public required string Architecture { get; init; }

    /// <summary>The tensors, sorted by name (ordinal).</summary>
    public required IReadOnlyList<SummaryTensor> Tensors { get; init; }

    /// <summary>Files that hold weights.</summary>
    public required int Files { get; init; }

    /// <summary>The licence as the files name it; null when they name none.</summary>
    public string? Licence { get; init; }

    /// <summary>Where it was pulled from; null when it was not.</summary>
    public ModelOrigin? Origin { get; init; }

    /// <summary>Numbers of all tensors.</summary>
    public long Parameters => Tensors.Sum(t => t.Parameters);

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes => Tensors.Sum(t => t.Bytes);

    /// <summary>Types with tensors, numbers and bytes, the largest first.</summary>
    public IReadOnlyList<(string Type, int Tensors, long Parameters, long Bytes)> Types =>
        [.. Tensors.GroupBy(t => t.Type, StringComparer.Ordinal).Select(g => (g.Key, g.Count(), g.Sum(t => t.Parameters), g.Sum(t => t.Bytes)))
            .OrderByDescending(g => g.Item4).ThenBy(g => g.Key, StringComparer.Ordinal)];

    /// <summary>The type of most of the bytes, or the mixture that the file names.</summary>
    public required string Type { get; init; }

    /// <summary>Reads the headers.</summary>
    /// <param name="path">A .gguf file, or a folder; a folder with one .gguf model stands for that.</param>
    /// <exception cref="ModelFileException">A file is missing, cut short, altered or of another kind.</exception>
    public static ModelSummary Read(string path)
    {
        path = ModelFolder.Resolve(path);
        return Directory.Exists(path) ? OfFolder(path) : OfGguf(path);
    }

    /// <summary>The model's sizes.</summary>
    /// <param name="context">The longest sequence wanted; null for what the model was made for.</param>
    /// <exception cref="ModelFileException">Hearth does not run the architecture, or a size is impossible.</exception>
    public ModelConfig Config(int? context = null)
    {
        if (!IsGguf) return ConfigJson.Read(System.IO.Path.Combine(Path, ModelBundle.ConfigName));
        using GgufModel model = GgufModel.Open(Path);
        return GgufConfig.Read(model, context);
    }

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="ModelFileException">It is missing or not supported.</exception>
    public Tokenizer Tokenizer()
    {
        if (!IsGguf) return Tokenizers.Tokenizer.Load(System.IO.Path.Combine(Path, ModelBundle.TokenizerName));
        using GgufModel model = GgufModel.Open(Path);
        return Tokenizers.Tokenizer.FromGguf(model.Metadata);
    }

    /// <summary>The model's chat template in words; null when it has none.</summary>
    /// <exception cref="ModelFileException">It is damaged.</exception>
    public string? Template()
    {
        string? text = ModelBundle.FindTemplate(Path)?.Text;
        if (text is null) return null;
        if (text == ChatFormat.Template) return "Hearth's own, without tools";
        _ = ChatTemplate.Parse(text, Path);
        return $"{text.Length:N0} characters, {(text.Contains("tools", StringComparison.Ordinal) ? "with" : "without")} tools";
    }

    /// <summary>Bytes of weights in memory when the model is loaded: matrices in the files' types, laid out for products, everything else as float32.</summary>
    /// <param name="config">The model's sizes.</param>
    public long HeldBytes(ModelConfig config) => !IsGguf && ModelBundle.IsTrainable(config, Tensors.All(t => t.Type == SafetensorsType.F32.Name))
        ? 2 * sizeof(float) * Parameters                                         // and once more, packed, while it runs
        : Tensors.Where(t => IsUsed(t.Name, config.NumHiddenLayers)).Sum(t => t.Held);

    /// <summary>The files that hold weights.</summary>
    public IReadOnlyList<string> WeightFiles()
    {
        using IWeightSource source = WeightSource.Open(Path);
        return source is GgufModel gguf ? [.. gguf.Files.Select(f => f.Path)] : [.. ((SafetensorsModel)source).Files.Select(f => f.Path)];
    }

    private static ModelSummary OfGguf(string path)
    {
        using GgufModel model = GgufModel.Open(path);
        GgufMetadata m = model.Metadata;
        SummaryTensor[] tensors = [.. model.Names.Select(n => model.Require(n)).Select(t =>
            new SummaryTensor(t.Name, t.Type.ToString(), t.Shape.ToArray(), t.Count, t.ByteCount, Held(t.Name, t.Type, t.Shape)))];
        string? folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path));
        ModelOrigin? origin = folder is null ? null : OriginOf(folder, path);
        string? licence = m.TypeOf("general.license") == GgufType.String && !m.IsArray("general.license") ? Show.Name(m.Text("general.license")) : null;
        GgufMixture? mixture = m.Has("general.file_type") && m.Whole("general.file_type", 0, int.MaxValue, -1) is var number
            ? GgufMixture.All.FirstOrDefault(x => x.FileType == number) : null;
        return new ModelSummary
        {
            Path = path, IsGguf = true, Architecture = Show.Name(m.Text("general.architecture", "unknown")), Tensors = tensors, Files = model.Files.Count,
            Licence = licence ?? origin?.Licence, Origin = origin, Type = mixture?.Name.ToUpperInvariant() ?? Largest(tensors),
        };
    }

    private static ModelSummary OfFolder(string folder)
    {
        string config = System.IO.Path.Combine(folder, ModelBundle.ConfigName);
        using JsonDocument json = TemplateFile.Json(config, TemplateFile.Bytes(config, MostJson));
        string architecture = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("model_type", out JsonElement type)
            && type.ValueKind == JsonValueKind.String ? Show.Name(type.GetString()!) : "unknown";
        using SafetensorsModel weights = SafetensorsModel.Open(folder);
        SummaryTensor[] tensors = [.. weights.Entries.Select(Of)];
        ModelOrigin? origin = ModelOrigin.Read(folder);
        return new ModelSummary
        {
            Path = folder, IsGguf = false, Architecture = architecture, Tensors = tensors, Files = weights.Files.Count,
            Licence = origin?.Licence ?? ModelCardLicence.Read(folder), Origin = origin, Type = Largest(tensors),
        };
    }

    private static SummaryTensor Of(SafetensorsEntry e)
    {
        long[] shape = Array.ConvertAll(e.Shape, d => (long)d);
        bool isPacked = e.Type == SafetensorsType.U8 && e.Name.EndsWith("_blocks", StringComparison.Ordinal);
        if (isPacked && shape is [var experts, var rows, < int.MaxValue / 32 and var blocks, 16])
        {
            long held = PackedWeights.BytesFor(TensorType.MXFP4, experts, rows, (int)blocks * 32);
            return new SummaryTensor(e.Name, nameof(TensorType.MXFP4), shape, 2 * e.Count, e.ByteCount, held);
        }
        if (Scales.Any(s => e.Name.EndsWith(s, StringComparison.Ordinal))) return new SummaryTensor(e.Name, e.Type.Name, shape, 0, e.ByteCount, 0);
        TensorType type = e.Type == SafetensorsType.F8E4M3 ? TensorType.BF16 : Enum.TryParse(e.Type.Name, out TensorType own) ? own : TensorType.F32;
        return new SummaryTensor(e.Name, e.Type.Name, shape, e.Count, e.ByteCount, Held(e.Name, type, shape));
    }

    /// <summary>Matrices are laid out in their types; vectors, and biases of experts though they stand in rows, are singles.</summary>
    private static long Held(string name, TensorType type, ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long d in shape) count *= d;
        return shape.Length < 2 || count == 0 || name.EndsWith("bias", StringComparison.Ordinal) ? count * sizeof(float)
            : PackedWeights.BytesFor(type, count / shape[^1] / shape[^2], shape[^2], (int)shape[^1]);
    }

    /// <summary>Layers beyond the model's own predict more tokens than one, and other parts see pictures: neither is loaded.</summary>
    private static bool IsUsed(string name, int layers)
    {
        string[] parts = name.Split('.');
        int at = Array.FindIndex(parts, p => p is "blk" or "layers" or "h") + 1;
        bool isBeyond = at > 0 && at < parts.Length && int.TryParse(parts[at], out int layer) && layer >= layers;
        return !isBeyond && !name.Contains("vision", StringComparison.Ordinal) && !name.Contains("multi_modal_projector", StringComparison.Ordinal);
    }

    private static string Largest(SummaryTensor[] tensors) =>
        tensors.GroupBy(t => t.Type, StringComparer.Ordinal).OrderByDescending(g => g.Sum(t => t.Bytes)).ThenBy(g => g.Key, StringComparer.Ordinal)
            .FirstOrDefault()?.Key ?? "none";

    /// <summary>The origin of a .gguf file in a pulled folder, or in one inside it.</summary>
    private static ModelOrigin? OriginOf(string folder, string path)
    {
        for (int up = 0; up < 2 && folder is not null; up++, folder = System.IO.Path.GetDirectoryName(folder)!)
        {
            if (ModelOrigin.Read(folder) is not { } origin) continue;
            string below = System.IO.Path.GetRelativePath(folder, System.IO.Path.GetFullPath(path)).Replace('\\', '/');
            return origin.Files.Any(f => f.Path == below) ? origin : null;
        }
        return null;
    }
}
