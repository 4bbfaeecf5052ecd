using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace Hearth.Server.Pages.Assets;

/// <summary>
/// What pages load beside their HTML: our style sheets as one file, our scripts as one file, pictures, and Blazor's script. All stand in the assembly.
/// The address of each holds a hash of its content, so that a browser asks for it once.
/// </summary>
internal static class AssetFiles
{
    /// <summary>Where they are served.</summary>
    public const string Folder = "/assets/";

    private const string Prefix = "assets/", BlazorName = "blazor.web.js";

    private static readonly Lazy<IReadOnlyDictionary<string, Asset>> All = new(Read);

    /// <summary>The address of an asset.</summary>
    /// <param name="name">Its name without the hash: hearth.css, hearth.js, blazor.web.js, or a picture's file name.</param>
    public static string Url(string name) => Folder + All.Value.Values.First(a => a.Name == name).HashedName;

    /// <summary>The asset of a name with its hash; null when there is none.</summary>
    public static Asset? Find(string hashedName) => All.Value.GetValueOrDefault(hashedName);

    private static Dictionary<string, Asset> Read()
    {
        Assembly assembly = typeof(AssetFiles).Assembly;
        string[] names = [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        var assets = new List<Asset>
        {
            new("hearth.css", Together(names.Where(n => n.EndsWith(".css", StringComparison.Ordinal)))),
            new("hearth.js", Together(names.Where(n => n.EndsWith(".js", StringComparison.Ordinal) && n != Prefix + BlazorName))),
            new(BlazorName, Bytes(Prefix + BlazorName)),
        };
        assets.AddRange(names.Where(n => n.EndsWith(".svg", StringComparison.Ordinal)).Select(n => new Asset(n[Prefix.Length..], Bytes(n))));
        return assets.ToDictionary(a => a.HashedName, StringComparer.Ordinal);

        byte[] Together(IEnumerable<string> parts) => [.. parts.SelectMany(p => (byte[])[.. Bytes(p), (byte)'\n'])];

        byte[] Bytes(string name)
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }
}

/// <summary>A file that browsers load.</summary>
/// <param name="name">Its name.</param>
/// <param name="content">Its bytes.</param>
internal sealed class Asset(string name, byte[] content)
{
    private const int BrotliQuality = 9, BrotliWindow = 22;                       // 11 takes ten times as long for 7 % less

    private readonly Lazy<byte[]> _brotli = new(() => Brotli(content)), _gzip = new(() => GZip(content));

    public string Name => name;

    /// <summary>The first characters of SHA-256.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(content))[..16];

    /// <summary>The name with the hash before its ending.</summary>
    public string HashedName => $"{Path.GetFileNameWithoutExtension(name)}.{Hash}{Path.GetExtension(name)}";

    public string ContentType => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };

    /// <summary>The bytes in the shortest form that a client takes.</summary>
    /// <param name="accepted">The header Accept-Encoding.</param>
    public (byte[] Bytes, string? Encoding) For(string accepted)
    {
        string[] encodings = [.. accepted.Split(',').Where(e => !e.Contains("q=0", StringComparison.Ordinal) || e.Contains("q=0.", StringComparison.Ordinal)).Select(e => e.Split(';')[0].Trim())];
        if (encodings.Contains("br", StringComparer.OrdinalIgnoreCase)) return (_brotli.Value, "br");
        return encodings.Contains("gzip", StringComparer.OrdinalIgnoreCase) ? (_gzip.Value, "gzip") : (content, null);
    }

    private static byte[] Brotli(byte[] bytes)
    {
        byte[] room = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, room, out int length, BrotliQuality, BrotliWindow) ? room[..length] : throw new InvalidOperationException($"{nameof(Brotli)} needs more room.");
    }

    private static byte[] GZip(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.SmallestSize)) gzip.Write(bytes);
        return memory.ToArray();
    }
}
