using System.Globalization;
using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>What becomes of a character that the vocabulary does not have: its bytes' tokens, or the unknown token.</summary>
internal sealed class Fallback
{
    private readonly int[]? _byteTokens;
    private readonly int _unknown;
    private readonly bool _fuses;

    /// <param name="byteTokens">The token of each byte, -1 where there is none; null when bytes are not used.</param>
    /// <param name="unknown">The unknown token's id, or -1.</param>
    /// <param name="fuses">Several unknown characters in a row are one unknown token.</param>
    public Fallback(int[]? byteTokens, int unknown, bool fuses) => (_byteTokens, _unknown, _fuses) = (byteTokens, unknown, fuses);

    /// <summary>The byte a token's name such as <c>&lt;0x0A&gt;</c> stands for, or -1.</summary>
    public static int ByteOf(string name) =>
        name.Length == 6 && name.StartsWith("<0x", StringComparison.Ordinal) && name[5] == '>'
        && byte.TryParse(name.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : -1;

    /// <summary>Appends what stands for a character.</summary>
    /// <param name="codePoint">The character.</param>
    /// <param name="tokens">Receives the tokens.</param>
    /// <param name="afterUnknown">Whether the last token is the unknown one; set to whether it is then.</param>
    /// <exception cref="UnencodableTextException">Neither its bytes nor the unknown token are in the vocabulary.</exception>
    public void Append(int codePoint, List<int> tokens, ref bool afterUnknown)
    {
        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..(Rune.TryCreate(codePoint, out Rune rune) ? rune : Rune.ReplacementChar).EncodeToUtf8(utf8)];
        if (_byteTokens is not null && HasAll(utf8))
        {
            foreach (byte b in utf8) tokens.Add(_byteTokens[b]);
            afterUnknown = false;
            return;
        }
        if (_unknown < 0) throw new UnencodableTextException(utf8[0]);
        if (!(afterUnknown && _fuses)) tokens.Add(_unknown);
        afterUnknown = true;
    }

    private bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            if (_byteTokens![b] < 0) return false;
        return true;
    }
}
