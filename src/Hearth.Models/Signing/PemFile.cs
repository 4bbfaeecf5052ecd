using System.Security.Cryptography;
using System.Text;

namespace Hearth.Models.Signing;

/// <summary>Reads the PEM blocks (RFC 7468) of a file of keys or certificates.</summary>
internal static class PemFile
{
    private const int MostBytes = 1 << 20;
    private const int MostBlocks = 256;

    /// <summary>Label and content of every block, in the file's order.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should hold, for messages: "a private key".</param>
    /// <exception cref="ModelFileException">It is missing, too large, or has no block.</exception>
    public static List<(string Label, byte[] Bytes)> Read(string path, string what)
    {
        byte[] bytes = SmallFile.Read(path, MostBytes, $"Give a PEM file with {what}.");
        List<(string, byte[])> blocks = Parse(Encoding.Latin1.GetString(bytes), path);
        return blocks.Count > 0 ? blocks : throw new ModelFileException(path, $"has no PEM block (-----BEGIN ...-----), expected {what}. Give a PEM file.");
    }

    /// <summary>Label and content of every block of a text.</summary>
    public static List<(string Label, byte[] Bytes)> Parse(string text, string path)
    {
        var blocks = new List<(string, byte[])>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (blocks.Count == MostBlocks) throw new ModelFileException(path, $"has more than {MostBlocks} PEM blocks. Give only those that are needed.");
            blocks.Add((rest[fields.Label].ToString(), Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            rest = rest[fields.Location.End..];
        }
        return blocks;
    }
}
