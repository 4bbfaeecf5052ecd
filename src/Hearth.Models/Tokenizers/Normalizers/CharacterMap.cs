using System.Buffers.Binary;
using System.Text;

namespace Hearth.Models.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's compiled normalisation rules (Kudo and Richardson 2018, arXiv:1808.06226, section 3.2): a double-array trie of UTF-8
/// sequences, each leading to its replacement. The longest rule that fits applies; other characters stay.
/// </summary>
internal sealed class CharacterMap : Normalizer
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharacterMap(uint[] units, byte[] replacements) => (_units, _replacements) = (units, replacements);

    /// <summary>Reads the blob: a byte count, that many bytes of trie, then replacements with a zero after each.</summary>
    /// <returns>The map, or null when the blob is cut short.</returns>
    public static CharacterMap? Read(ReadOnlySpan<byte> blob)
    {
        if (blob.Length < sizeof(uint)) return null;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(blob);
        ReadOnlySpan<byte> rest = blob[sizeof(uint)..];
        if (size % sizeof(uint) != 0 || size > rest.Length || size == 0) return null;
        var units = new uint[size / sizeof(uint)];
        for (int i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(rest[(i * sizeof(uint))..]);
        return new CharacterMap(units, rest[(int)size..].ToArray());
    }

    public override string Apply(string text, bool atStart)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var result = new MemoryStream(utf8.Length + 16);
        for (int at = 0; at < utf8.Length;)
        {
            int length = Longest(utf8.AsSpan(at), out int replacement);
            if (length > 0)
            {
                ReadOnlySpan<byte> with = _replacements.AsSpan(replacement);
                int end = with.IndexOf((byte)0);
                result.Write(end < 0 ? with : with[..end]);
                at += length;
                continue;
            }
            Rune.DecodeFromUtf8(utf8.AsSpan(at), out _, out int one);
            result.Write(utf8, at, one);
            at += one;
        }
        return Encoding.UTF8.GetString(result.GetBuffer(), 0, (int)result.Length);
    }

    /// <summary>The bytes the longest rule covers, 0 when none fits, and where its replacement begins.</summary>
    private int Longest(ReadOnlySpan<byte> text, out int replacement)
    {
        int longest = 0;
        replacement = 0;
        uint node = Offset(_units[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            node ^= text[i];
            if (node >= _units.Length || Label(_units[node]) != text[i]) break;
            bool hasValue = (_units[node] & 0x100) != 0;
            node ^= Offset(_units[node]);
            if (!hasValue || node >= _units.Length) continue;
            uint value = _units[node] & 0x7FFF_FFFF;
            if (value >= _replacements.Length) continue;
            (longest, replacement) = (i + 1, (int)value);
        }
        return longest;
    }

    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
