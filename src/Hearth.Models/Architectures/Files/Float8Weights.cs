using Hearth.Models.Formats;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures.Files;

/// <summary>
/// Matrices of 8-bit floats (E4M3) with scales for blocks of 128 x 128 (DeepSeek V3, arXiv:2412.19437, section 3.3.2), for rows, or for the whole. They
/// become BF16, as the model's own conversion makes them: 8 bits and a scale do not fit a type of blocks without a second rounding.
/// </summary>
internal static class Float8Weights
{
    private const int BlockSize = 128;
    private const int MantissaBits = 3, Bias = 7, NotANumber = 0x7F;

    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(Value)];

    /// <summary>A matrix as BF16.</summary>
    /// <param name="files">The folder's weights.</param>
    /// <param name="name">The matrix.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="ModelFileException">It has another shape, no scales, scales of another shape, or something that is no number.</exception>
    public static StoredTensor Read(SafetensorsModel files, string name, ReadOnlySpan<int> shape)
    {
        SafetensorsEntry entry = files.FileOf(name).Entry(name, shape);
        if (shape.Length != 2 || entry.Count > Array.MaxLength)
            throw Bad($"is F8_E4M3 of shape {Show.Shape(shape)}; Hearth reads matrices of at most {Array.MaxLength:N0} numbers in it");
        (int rows, int columns) = (shape[0], shape[1]);
        StoredTensor codes = files.FileOf(name).StoredBytes(name, rows, columns);
        string scaleName = files.Has(name + "_scale_inv") ? name + "_scale_inv" : name + "_scale";
        StoredTensor stored = files.Find(scaleName)
            ?? throw Bad($"is F8_E4M3, and there are no scales '{Show.Name(scaleName)}' with it. Get the model as BF16 or GGUF");
        int down = (int)stored.Rows, across = stored.Columns;
        if (stored.Shape.Length == 1 && across == rows) (down, across) = (rows, 1);
        int high = Each(rows, down), wide = Each(columns, across);
        if (high == 0 || wide == 0)
            throw Bad($"of shape {Show.Shape(shape)} has scales of shape {stored.ShapeText}, expected one for each block of 128 x 128, for each row, or for all");
        var scales = new float[stored.Count];
        stored.Read(scales);
        var numbers = new float[(int)entry.Count];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> from = codes.Row(row);
            Span<float> into = numbers.AsSpan(row * columns, columns);
            ReadOnlySpan<float> own = scales.AsSpan(row / high * across, across);
            for (int column = 0; column < columns; column++) into[column] = Values[from[column]] * own[column / wide];
        }
        if (!Array.TrueForAll(numbers, float.IsFinite))
            throw Bad("holds something that is not a number. The file was altered or damaged; download it again");
        return StoredTensor.FromSingles(name, TensorType.BF16, [rows, columns], numbers);

        ModelFileException Bad(string problem) => new(files.FileOf(name).Path, $"tensor '{Show.Name(name)}' {problem}.");
    }

    /// <summary>How many numbers share a scale; 0 when so many scales make no sense.</summary>
    private static int Each(int numbers, int scales) => scales == 1 ? numbers : scales == numbers ? 1 : scales == (numbers + BlockSize - 1) / BlockSize ? BlockSize : 0;

    private static float Value(int code)
    {
        int mantissa = code & ((1 << MantissaBits) - 1), exponent = (code & NotANumber) >> MantissaBits;
        if ((code & NotANumber) == NotANumber) return float.NaN;
        double magnitude = exponent == 0 ? Math.ScaleB(mantissa, 1 - Bias - MantissaBits) : Math.ScaleB((1 << MantissaBits) + mantissa, exponent - Bias - MantissaBits);
        return (float)(code > NotANumber ? -magnitude : magnitude);
    }
}
