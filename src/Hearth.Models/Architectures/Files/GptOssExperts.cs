using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>
/// The experts of a gpt-oss folder. Rows of gate and up take turns in one tensor. Quantised, a row's blocks of 32 numbers and its scales stand in two
/// tensors, and a byte holds two neighbours (transformers, integrations/mxfp4.py); MXFP4 has the scale before its block, and a byte holds a number of the
/// first sixteen and one of the last.
/// </summary>
/// <param name="files">The folder's weights.</param>
internal sealed class GptOssExperts(SafetensorsModel files)
{
    private const int Numbers = 32, Packed = 16, Block = 17;

    /// <summary>Makes a matrix of rows of bytes.</summary>
    public delegate Tensor Packer(string name, TensorType type, int rows, int columns, Func<long, ReadOnlySpan<byte>> bytes);

    /// <summary>One matrix for each expert.</summary>
    /// <param name="name">The name here, such as <c>model.layers.0.mlp.experts.gate_proj</c>.</param>
    /// <param name="experts">Experts.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    /// <param name="pack">Makes a matrix.</param>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape.</exception>
    public Tensor[] Matrices(string name, int experts, int rows, int columns, Packer pack)
    {
        (string own, int first, int step) = Place(name);
        if (files.Has(own + "_blocks")) return Blocks(name, own, experts, rows, columns, pack);
        StoredTensor all = files.Require(own, experts, columns, rows * step);                 // plain numbers stand the other way round
        int size = all.RowBytes / all.Columns;
        using var buffer = new ThreadLocal<byte[]>(() => new byte[columns * size]);
        return [.. Enumerable.Range(0, experts).Select(e =>
        {
            StoredTensor matrix = all.Slice(e);
            return pack($"{name}.{e}", all.Type, rows, columns, row =>
            {
                int at = (((int)row * step) + first) * size;
                for (int c = 0; c < columns; c++) matrix.Row(c).Slice(at, size).CopyTo(buffer.Value.AsSpan(c * size));
                return buffer.Value;
            });
        })];
    }

    /// <summary>What is added to each expert's outputs.</summary>
    /// <param name="name">The name here, such as <c>model.layers.0.mlp.experts.gate_proj_bias</c>.</param>
    /// <param name="experts">Experts.</param>
    /// <param name="size">Numbers of each.</param>
    public Tensor[] Biases(string name, int experts, int size)
    {
        (string own, int first, int step) = Place(name[..^"_bias".Length]);
        StoredTensor all = files.Require(own + "_bias", experts, size * step);
        var row = new float[size * step];
        return [.. Enumerable.Range(0, experts).Select(e =>
        {
            all.ReadRow(e, row);
            Tensor bias = Tensor.Parameter($"{name}.{e}", size);
            bias.NeedsGradient = false;
            for (int i = 0; i < size; i++) bias.Data[i] = row[(i * step) + first];
            return bias;
        })];
    }

    private Tensor[] Blocks(string name, string own, int experts, int rows, int columns, Packer pack)
    {
        (_, int first, int step) = Place(name);
        if (columns % Numbers != 0)
        {
            throw new ModelFileException(files.Path,
                $"tensor '{own}_blocks' has rows of {columns} numbers, expected a multiple of {Numbers}. config.json does not fit it.");
        }
        int blocks = columns / Numbers;
        StoredTensor codes = files.FileOf(own + "_blocks").StoredBytes(own + "_blocks", experts, rows * step, columns / 2);
        StoredTensor scales = files.FileOf(own + "_scales").StoredBytes(own + "_scales", experts, rows * step, blocks);
        using var buffer = new ThreadLocal<byte[]>(() => new byte[blocks * Block]);
        return [.. Enumerable.Range(0, experts).Select(e => pack($"{name}.{e}", TensorType.MXFP4, rows, columns, row =>
        {
            long at = ((long)e * rows * step) + (row * step) + first;
            Reorder(codes.Row(at), scales.Row(at), buffer.Value);
            return buffer.Value;
        }))];
    }

    private static void Reorder(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, Span<byte> into)
    {
        for (int b = 0; b < scales.Length; b++)
        {
            ReadOnlySpan<byte> low = codes.Slice(b * Packed, Packed / 2), high = codes.Slice((b * Packed) + (Packed / 2), Packed / 2);
            Span<byte> block = into.Slice(b * Block, Block);
            block[0] = scales[b];
            for (int k = 0; k < Packed / 2; k++)
            {
                block[1 + (2 * k)] = (byte)((low[k] & 0x0F) | (high[k] << 4));
                block[2 + (2 * k)] = (byte)((low[k] >> 4) | (high[k] & 0xF0));
            }
        }
    }

    /// <summary>The tensor that holds a matrix, the first of its rows there, and how far apart they are.</summary>
    private static (string Own, int First, int Step) Place(string name)
    {
        if (name.EndsWith("down_proj", StringComparison.Ordinal)) return (name, 0, 1);
        bool isUp = name.EndsWith(".up_proj", StringComparison.Ordinal);
        return (name[..(name.LastIndexOf('.') + 1)] + "gate_up_proj", isUp ? 1 : 0, 2);
    }
}
