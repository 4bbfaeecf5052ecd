using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Hearth.Models.Signing;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Hub;

/// <summary>A file that came from a hub.</summary>
/// <param name="Path">Its path, with '/' between folders.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its digest, checked when it came.</param>
public sealed record OriginFile(string Path, long Bytes, string Sha256);

/// <summary>Where a model's files came from. Kept in the model's folder as <see cref="FileName"/>.</summary>
/// <param name="Hub">The hub's address.</param>
/// <param name="Repository">The model's name there.</param>
/// <param name="Revision">The revision that was asked for.</param>
/// <param name="Commit">The commit it stood for.</param>
/// <param name="Licence">The licence as the model card names it; null when it names none.</param>
/// <param name="Files">The files, sorted by path (ordinal).</param>
public sealed record ModelOrigin(string Hub, string Repository, string Revision, string Commit, string? Licence, IReadOnlyList<OriginFile> Files)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "hearth-origin.json";

    private const int MostBytes = 64 << 20;
    private const int MostFiles = 50_000;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The commit's page.</summary>
    public string Page => $"{Hub}{Repository}/tree/{Commit}";

    /// <summary>Reads a folder's origin; null when it has none.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="ModelFileException">It is damaged.</exception>
    public static ModelOrigin? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        return JsonFile.Read(SmallFile.Read(path, MostBytes, "Delete it and pull the model again."), path, "where a model came from", root => new ModelOrigin(
            root["hub"].Text(), root["repository"].Text(), root["revision"].Text(), root["commit"].Text(), root["licence"].IsMissing ? null : root["licence"].Text(),
            [.. root["files"].Items(MostFiles).Select(Read)]));
    }

    /// <summary>Writes it into a folder.</summary>
    /// <param name="folder">The folder.</param>
    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), new JsonObject
    {
        ["hub"] = Hub,
        ["repository"] = Repository,
        ["revision"] = Revision,
        ["commit"] = Commit,
        ["url"] = Page,
        ["licence"] = Licence,
        ["files"] = new JsonArray([.. Files.Select(f => new JsonObject { ["path"] = f.Path, ["bytes"] = f.Bytes, ["sha256"] = f.Sha256 })]),
    }.ToJsonString(Indented) + "\n");

    private static OriginFile Read(Field file) => new(file["path"].Text(),
        file["bytes"].Element.ValueKind == JsonValueKind.Number && file["bytes"].Element.TryGetInt64(out long bytes) ? bytes : throw file["bytes"].Bad("is not a length"),
        file["sha256"].HexDigest());
}
