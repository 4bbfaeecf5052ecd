using System.Text;
using System.Text.Json.Nodes;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>Which files of a model are signed, and in which pieces: "serialization" of OpenSSF Model Signing 1.0, section 5.2.2.</summary>
/// <param name="IgnorePaths">Files and folders left out, each a path from the model's folder with <c>/</c>; everything below a folder too.</param>
/// <param name="AllowSymlinks">Symbolic links to files count as those files; otherwise there may be none.</param>
/// <param name="ShardSize">Bytes in a piece of a file; null when files are signed whole.</param>
public sealed record SigningScope(IReadOnlyList<string> IgnorePaths, bool AllowSymlinks = false, int? ShardSize = null)
{
    /// <summary>The only hash that Hearth makes and checks; the one that every implementation has to know.</summary>
    public const string HashType = StatementSubject.Sha256;

    private const int MostIgnorePaths = 10_000;

    /// <summary>Left out of every signature (section 6.2): what a version control system keeps beside a model.</summary>
    private static readonly string[] Always = [".git", ".gitattributes", ".github", ".gitignore"];

    /// <summary>Everything but what is always left out and the signature itself.</summary>
    /// <param name="signature">The signature's path from the model's folder; null when it is elsewhere.</param>
    public static SigningScope Whole(string? signature) => new([.. signature is null ? Always : [.. Always, signature]]);

    /// <summary>Whether a path is left out.</summary>
    /// <param name="name">A file or folder, as a path from the model's folder with <c>/</c>. What is below a folder that is left out is not asked for.</param>
    public bool Ignores(string name) => Always.Contains(name, StringComparer.Ordinal) || IgnorePaths.Contains(name, StringComparer.Ordinal);

    /// <summary>The pieces that a file is signed in.</summary>
    /// <param name="name">Its path from the model's folder.</param>
    /// <param name="length">Its bytes.</param>
    /// <returns>The name of each piece (section 6.3), where it begins, and its bytes. A file without bytes has no shards.</returns>
    internal IEnumerable<(string Name, long Start, long Length)> Pieces(string name, long length)
    {
        if (ShardSize is not { } size)
        {
            yield return (name, 0, length);
            yield break;
        }
        for (long start = 0; start < length; start += size)
        {
            long end = Math.Min(start + size, length);
            yield return ($"{name}:{start}:{end}", start, end - start);
        }
    }

    /// <summary>The file that a piece's name belongs to.</summary>
    internal string FileOf(string piece)
    {
        if (ShardSize is null) return piece;
        int end = piece.LastIndexOf(':');
        int start = end <= 0 ? -1 : piece.LastIndexOf(':', end - 1);             // a file's own name may have colons
        return start <= 0 ? piece : piece[..start];
    }

    internal JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["method"] = ShardSize is null ? "files" : "shards",
            ["hash_type"] = HashType,
            ["allow_symlinks"] = AllowSymlinks,
            ["ignore_paths"] = new JsonArray([.. IgnorePaths.Order(Utf8Order.Instance)]),
        };
        if (ShardSize is { } size) json["shard_size"] = size;
        return json;
    }

    internal static SigningScope Read(Field json)
    {
        json.Only("method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths");
        string hash = json["hash_type"].Text();
        if (hash != HashType) throw json["hash_type"].Bad($"is '{Field.Shorten(hash)}', and Hearth checks sha256 only. Sign the model again with sha256");
        if (json["allow_symlinks"].IsMissing) throw json["allow_symlinks"].Bad("is missing, expected true or false");
        return new SigningScope(
            [.. json["ignore_paths"].Items(MostIgnorePaths).Select(ReadPath)], json["allow_symlinks"].Flag(false), ReadShardSize(json));
    }

    private static int? ReadShardSize(Field json)
    {
        string method = json["method"].Text();
        Field size = json["shard_size"];
        switch (method)
        {
            case "files" when size.IsMissing:
                return null;
            case "files":
                throw size.Bad("has no meaning when files are signed whole");
            case "shards":
                int bytes = size.Number(int.MaxValue);
                return bytes > 0 ? bytes : throw size.Bad("is 0, expected at least 1");
            default:
                throw json["method"].Bad($"is '{Field.Shorten(method)}', expected files or shards");
        }
    }

    // Section 6.2.1. An entry that could stand for more than one place is refused, not guessed at.
    private static string ReadPath(Field json)
    {
        string path = json.Text();
        return path.Split('/').All(part => part is not ("" or "." or "..")) && path.AsSpan().IndexOfAny("*?[") < 0
            ? path
            : throw json.Bad($"is '{Field.Shorten(path)}', expected a plain path from the model's folder");
    }
}

/// <summary>Order by code points (section 5.2.1), which is that of the UTF-8 bytes; .NET's ordinal order differs beyond U+FFFF.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static readonly Utf8Order Instance = new();

    public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
