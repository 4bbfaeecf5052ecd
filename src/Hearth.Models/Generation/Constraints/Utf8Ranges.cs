namespace Hearth.Models.Generation.Constraints;

/// <summary>Ranges of code points as sequences of ranges of UTF-8 bytes (RFC 3629, section 4); surrogates have none.</summary>
internal static class Utf8Ranges
{
    /// <summary>Adds the byte ranges of the code points from low to high.</summary>
    public static void Add(int low, int high, List<(byte Low, byte High)[]> sequences)
    {
        Within(low, high, 0, 0x7F, 1, sequences);
        Within(low, high, 0x80, 0x7FF, 2, sequences);
        Within(low, high, 0x800, 0xD7FF, 3, sequences);
        Within(low, high, 0xE000, 0xFFFF, 3, sequences);
        Within(low, high, 0x10000, 0x10FFFF, 4, sequences);
    }

    private static void Within(int low, int high, int from, int to, int length, List<(byte, byte)[]> sequences)
    {
        low = Math.Max(low, from);
        high = Math.Min(high, to);
        if (low <= high) Split(low, high, length, sequences);
    }

    /// <summary>Cuts a range until its ends differ in one byte and whole bytes after it.</summary>
    private static void Split(int low, int high, int length, List<(byte, byte)[]> sequences)
    {
        for (int bits = 6; bits < 6 * length; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask)) break;
            if ((low & mask) != 0)
            {
                Split(low, low | mask, length, sequences);
                Split((low | mask) + 1, high, length, sequences);
                return;
            }
            if ((high & mask) != mask)
            {
                Split(low, (high & ~mask) - 1, length, sequences);
                Split(high & ~mask, high, length, sequences);
                return;
            }
        }
        var sequence = new (byte, byte)[length];
        for (int i = length - 1; i > 0; i--, low >>= 6, high >>= 6) sequence[i] = ((byte)(0x80 | (low & 0x3F)), (byte)(0x80 | (high & 0x3F)));
        int lead = length switch { 1 => 0, 2 => 0xC0, 3 => 0xE0, _ => 0xF0 };
        sequence[0] = ((byte)(lead | low), (byte)(lead | high));
        sequences.Add(sequence);
    }
}
