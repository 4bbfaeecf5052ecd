using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hearth.Data.Corpora;

/// <summary>Choices that hang on the seed and the thing itself, never on its neighbours: taking a document out moves no other's.</summary>
internal static class Draw
{
    /// <summary>The first eight bytes, big-endian, of SHA-256 over the seed and the parts, each ended by a zero byte.</summary>
    public static ulong Number(long seed, params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder(seed.ToString(CultureInfo.InvariantCulture));
        foreach (string part in parts) text.Append('\0').Append(part);
        return BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.Append('\0').ToString())));
    }

    /// <summary>True for about one thing in <paramref name="every"/>; for none when it is 0.</summary>
    public static bool OneIn(int every, long seed, params ReadOnlySpan<string> parts) =>
        every > 0 && Number(seed, parts) % (ulong)every == 0;
}
