using System.Globalization;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Bundles;

/// <summary>A tensor on its way from one GGUF file to another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">Its type in the first.</param>
/// <param name="To">Its type in the second; the same when its bytes are copied.</param>
public readonly record struct TypeChange(string Name, TensorType From, TensorType To)
{
    /// <summary>True when numbers that were rounded to blocks once are rounded to other blocks, which adds the two errors.</summary>
    public bool IsSecond => From != To && BlockFormat.Of(From).Elements > 1 && BlockFormat.Of(To).Elements > 1;
}

/// <summary>
/// Writes a GGUF model with other tensor types: matrices as a mixture says, everything else and every key as it was. What is quantised already is not
/// put into a type that takes as much room: that would only add an error.
/// </summary>
public static class GgufQuantize
{
    private const uint QuantizationVersion = 2;                                  // ggml.h, GGML_QNT_VERSION

    private static readonly string[] Renewed =
        ["general.file_type", "general.quantization_version", GgufModel.SplitNumberKey, GgufModel.SplitCountKey, GgufModel.SplitTensorsKey];

    /// <summary>What each tensor becomes, in the order of the file that is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="mixture">The types wanted.</param>
    public static IReadOnlyList<TypeChange> Plan(GgufModel model, GgufMixture mixture)
    {
        int layers = 1 + model.Names.Max(n => n.Split('.') is ["blk", var number, ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : -1);
        bool tied = model.Find("output.weight") is null;
        return [.. model.Names.Select(name =>
        {
            StoredTensor tensor = model.Require(name);
            bool isMatrix = tensor.Shape.Length >= 2 && tensor.Rows > 1 && GgufMixture.IsMatrix(name);
            return new TypeChange(name, tensor.Type, isMatrix ? Wanted(tensor, mixture.For(name, tensor.Columns, layers, tied)) : tensor.Type);
        })];
    }

    /// <summary>Writes the file whole or not at all. No more than some rows of a tensor are in memory at a time.</summary>
    /// <param name="model">The model; split files become one.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="mixture">The types wanted.</param>
    /// <param name="pool">The threads that quantise; the bytes do not depend on them.</param>
    /// <param name="progress">Is told the bytes read and the bytes there are; null for nobody.</param>
    /// <param name="stop">Ends it; nothing is left then.</param>
    /// <exception cref="ModelFileException">A tensor can not be written in its type, or the file is one of the model's own.</exception>
    public static void Write(GgufModel model, string path, GgufMixture mixture, WorkerPool pool, Action<long, long>? progress = null, CancellationToken stop = default)
    {
        if (model.Files.Any(f => Path.GetFullPath(f.Path) == Path.GetFullPath(path)))
            throw new ModelFileException(path, "is the file that is read. Give another name for what is written.");
        GgufMetadata m = model.Metadata;
        var values = new GgufKeyValues();
        foreach (string key in m.Keys.Except(Renewed, StringComparer.Ordinal)) values.Add(key, m);
        values.Add("general.file_type", mixture.FileType).Add("general.quantization_version", QuantizationVersion);
        long done = 0, total = model.Names.Sum(n => model.Require(n).ByteCount);
        GgufWriter.Write(path, values, [.. Plan(model, mixture).Select(change =>
        {
            StoredTensor tensor = model.Require(change.Name);
            TensorRows.Source rows = TensorRows.Of(tensor);
            return new GgufTensorData(change.Name, change.To, tensor.Shape.ToArray(), stream =>
            {
                if (change.From == change.To) Copy(tensor, stream, Report);
                else TensorRows.Write(model.Path, change.Name, tensor.Rows, tensor.Columns, Read, change.To, stream, pool);
            });

            void Read(long from, int count, float[] into)
            {
                rows(from, count, into);
                Report((long)count * tensor.RowBytes);
            }
        })]);

        void Report(long bytes)
        {
            stop.ThrowIfCancellationRequested();
            progress?.Invoke(done += bytes, total);
        }
    }

    private static TensorType Wanted(StoredTensor tensor, TensorType type)
    {
        BlockFormat from = BlockFormat.Of(tensor.Type), to = BlockFormat.Of(type);
        bool isGain = from.Elements == 1 || to.Elements == 1 || to.BitsPerNumber < from.BitsPerNumber;
        return isGain ? type : tensor.Type;
    }

    private static void Copy(StoredTensor tensor, Stream stream, Action<long> report)
    {
        const long often = 4 << 20;
        long since = 0;
        for (long row = 0; row < tensor.Rows; row++)
        {
            stream.Write(tensor.Row(row));
            if ((since += tensor.RowBytes) < often) continue;
            report(since);
            since = 0;
        }
        report(since);
    }
}
