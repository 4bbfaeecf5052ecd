using System.Security.Cryptography;
using System.Text;

namespace Hearth.Models.Formats;

/// <summary>SHA-256 digests in the one form used everywhere: 64 lower-case hexadecimal digits.</summary>
public static class Digest
{
    private const int Digits = 64;

    /// <summary>Whether a text is such a digest.</summary>
    /// <param name="text">The text.</param>
    public static bool IsDigest(string text) => text.Length == Digits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The digest of some bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The digest of a text's UTF-8 bytes.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>The digest of a file's bytes, read in pieces.</summary>
    /// <param name="path">The file.</param>
    public static string OfFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
