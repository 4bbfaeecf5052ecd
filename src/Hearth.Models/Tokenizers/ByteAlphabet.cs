using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// The 256 printable characters by which byte-level vocabularies write bytes: printable ASCII and Latin-1 bytes stand for themselves,
/// every other byte, in ascending order, takes the next character from U+0100 on (GPT-2's encoder, 2019).
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;
    private static readonly char[] Characters = BuildCharacters();
    private static readonly short[] ByteOf = BuildBytes();

    /// <summary>All bytes, ordered by the character that stands for each: the order of a vocabulary's first 256 tokens.</summary>
    public static readonly byte[] InCharacterOrder = [.. Enumerable.Range(0, 256).Select(b => (byte)b).OrderBy(b => Characters[b])];

    /// <summary>The characters that stand for some bytes.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (byte b in bytes) text.Append(Characters[b]);
        return text.ToString();
    }

    /// <summary>The bytes a text stands for, or null when one of its characters is outside the alphabet.</summary>
    public static byte[]? Read(string text)
    {
        var bytes = new byte[text.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (text[i] >= ByteOf.Length || ByteOf[text[i]] < 0) return null;
            bytes[i] = (byte)ByteOf[text[i]];
        }
        return bytes;
    }

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        int standIns = 0;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[b] = (char)(printable ? b : FirstStandIn + standIns++);
        }
        return characters;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++) bytes[Characters[b]] = (short)b;
        return bytes;
    }
}
