using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Bundles;

/// <summary>A model of any form as one GGUF file of other types: <see cref="GgufQuantize"/> for what is GGUF already, <see cref="GgufExport"/> for folders.</summary>
public static class GgufConversion
{
    /// <summary>Bytes of the tensors in each mixture.</summary>
    /// <param name="from">A .gguf file, or a model's folder.</param>
    /// <returns>Mixtures and bytes; none for a folder that can not be written as GGUF.</returns>
    /// <exception cref="ModelFileException">The model can not be read.</exception>
    public static IReadOnlyList<(GgufMixture Mixture, long Bytes)> Sizes(string from)
    {
        if (!Directory.Exists(from))
        {
            using GgufModel source = GgufModel.Open(from);
            return [.. GgufMixture.All.Select(m => (m, GgufQuantize.Plan(source, m).Sum(c => source.Require(c.Name) is var t ? Bytes(c.To, t.Rows, t.Columns) : 0)))];
        }
        var summary = ModelSummary.Read(from);
        ModelConfig config = summary.Config();
        if (!GgufExport.CanWrite(config)) return [];
        return [.. GgufMixture.All.Select(m => (m, summary.Tensors.Sum(t => Bytes(t, config, m))))];
    }

    private static long Bytes(SummaryTensor tensor, ModelConfig config, GgufMixture mixture)
    {
        string name = GgufNames.Of("", tensor.Name);
        bool isMatrix = tensor.Shape.Count == 2, transposed = isMatrix && config is Gpt2Config && name.StartsWith("blk.", StringComparison.Ordinal);
        long rows = transposed ? tensor.Shape[1] : tensor.Shape[0], columns = transposed ? tensor.Shape[0] : tensor.Shape[^1];
        return isMatrix ? Bytes(mixture.For(name, (int)columns, config.NumHiddenLayers, config.TieWordEmbeddings), rows, columns) : sizeof(float) * tensor.Parameters;
    }

    private static long Bytes(TensorType type, long rows, long columns) => BlockFormat.Of(type) is var format ? rows * (columns / format.Elements) * format.Bytes : 0;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="from">A .gguf file, or a model's folder.</param>
    /// <param name="to">The file to write; its folder must exist.</param>
    /// <param name="mixture">The types wanted.</param>
    /// <param name="pool">The threads that quantise; the bytes do not depend on them.</param>
    /// <param name="say">Told what a person should know before.</param>
    /// <param name="progress">Is told the bytes read and the bytes there are.</param>
    /// <param name="stop">Ends it; nothing is left then.</param>
    /// <exception cref="ModelFileException">The model can not be read, or has a part that can not be written so.</exception>
    public static void Write(string from, string to, GgufMixture mixture, WorkerPool pool, Action<string>? say = null, Action<long, long>? progress = null,
        CancellationToken stop = default)
    {
        if (Directory.Exists(from))
        {
            ModelBundle bundle = ModelBundle.Load(from);
            GgufExport.Write(bundle, to, mixture, pool, (done, total) =>
            {
                stop.ThrowIfCancellationRequested();
                progress?.Invoke(done * sizeof(float), total * sizeof(float));
            });
            return;
        }
        using GgufModel source = GgufModel.Open(from);
        IReadOnlyList<TypeChange> plan = GgufQuantize.Plan(source, mixture);
        TypeChange[] second = [.. plan.Where(c => c.IsSecond)];
        if (second.Length > 0)
        {
            say?.Invoke($"{second.Length:N0} of {plan.Count:N0} tensors are quantised already ({string.Join(", ", second.Select(c => c.From).Distinct().Order())}): "
                + "their errors add up. Better results come from the model as F32, F16 or BF16.");
        }
        GgufQuantize.Write(source, to, mixture, pool, progress, stop);
    }
}
