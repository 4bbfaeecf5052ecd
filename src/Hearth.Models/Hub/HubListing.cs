using System.Text.Json;
using Hearth.Models.Signing;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Hub;

/// <summary>What a hub says of a revision of a model.</summary>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Licence">The licence in the model card's front matter; null when it names none.</param>
/// <param name="Files">The files, sorted by path (ordinal).</param>
public sealed record HubListing(string Commit, string? Licence, IReadOnlyList<HubFile> Files)
{
    private const int MostBytes = 64 << 20;
    private const int MostFiles = 50_000;
    private const int LongestLicence = 200;

    /// <summary>Asks the hub: <c>GET /api/models/{repository}/revision/{revision}?blobs=true</c>.</summary>
    internal static async Task<HubListing> Get(HubClient client, HubAddress address, CancellationToken stop)
    {
        Uri uri = client.Address($"api/models/{address.Repository}/revision/{Uri.EscapeDataString(address.Revision)}?blobs=true");
        using HubAnswer answer = await client.Ask(HttpMethod.Get, uri, address.ToString(), 0, null, stop).ConfigureAwait(false);
        if (answer.Response.Content.Headers.ContentLength > MostBytes) throw TooLong(address);
        Stream body = await answer.Response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        var bytes = new MemoryStream();
        var piece = new byte[1 << 16];
        for (int read; (read = await client.Read(body, piece, address.ToString(), stop).ConfigureAwait(false)) > 0;)
        {
            if (bytes.Length + read > MostBytes) throw TooLong(address);
            bytes.Write(piece, 0, read);
        }
        try
        {
            return JsonFile.Read(bytes.ToArray(), HubClient.Shown(uri), "a hub's list of files", Parse);
        }
        catch (ModelFileException e)
        {
            throw new HubException($"{e.Message} Is HF_ENDPOINT the address of a hub?", e);
        }
    }

    /// <summary>Asks for the length and digest of a file of which the list does not say them: <c>HEAD /{repository}/resolve/{commit}/{file}</c>.</summary>
    internal static async Task<HubFile> Describe(HubClient client, HubAddress address, string commit, HubFile file, CancellationToken stop)
    {
        if (file.Bytes is not null && (file.Sha256 ?? file.GitSha1) is not null) return file;
        using HubAnswer answer = await client.Ask(HttpMethod.Head, FileAddress(client, address, commit, file), file.Path, 0, null, stop).ConfigureAwait(false);
        HubFile told = file.WithTag(answer.Tag) with { Bytes = answer.Bytes ?? answer.Response.Content.Headers.ContentLength };
        return told.Bytes is not null && (told.Sha256 ?? told.GitSha1) is not null ? told : throw new HubException(
            $"{address}: the hub says neither length nor digest of '{file.Path}', so it can not be checked. Use another hub or mirror.");
    }

    /// <summary>Where a file is: <c>/{repository}/resolve/{commit}/{file}</c>.</summary>
    internal static Uri FileAddress(HubClient client, HubAddress address, string commit, HubFile file) =>
        client.Address($"{address.Repository}/resolve/{commit}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}");

    private static HubListing Parse(Field root)
    {
        string commit = root["sha"].Text();
        if (commit.Length != HubFile.Sha1Digits || !HubFile.IsHex(commit))
            throw root["sha"].Bad($"is '{Field.Shorten(commit)}', expected a commit of 40 hexadecimal digits");
        var files = new SortedDictionary<string, HubFile>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);               // some systems do not tell upper from lower case
        foreach (Field entry in root["siblings"].Items(MostFiles))
        {
            string path = entry["rfilename"].Text();
            if (!HubFile.IsSafe(path))
                throw entry["rfilename"].Bad($"is '{Formats.Show.Name(path)}', which can not be a file below the model's folder. Nothing was written");
            if (!names.Add(path)) throw entry["rfilename"].Bad($"is '{Formats.Show.Name(path)}', which another file is called as well");
            Field large = entry["lfs"];
            files.Add(path, new HubFile(path, Length(large.IsMissing || large["size"].IsMissing ? entry["size"] : large["size"]),
                large.IsMissing ? null : Hex(large["sha256"], HubFile.Sha256Digits), large.IsMissing ? Hex(entry["blobId"], HubFile.Sha1Digits) : null));
        }
        return new HubListing(commit, LicenceIn(root["cardData"]), [.. files.Values]);
    }

    private static long? Length(Field field) => field.IsMissing ? null
        : field.Element.ValueKind == JsonValueKind.Number && field.Element.TryGetInt64(out long length) && length >= 0 ? length
        : throw field.Bad("is not a length in bytes");

    private static string? Hex(Field field, int digits) => field.IsMissing ? null
        : field.Text() is var text && text.Length == digits && HubFile.IsHex(text) ? text
        : throw field.Bad($"is not a digest of {digits} hexadecimal digits");

    /// <summary>A licence's identifier, or the name that the card gives one that has none.</summary>
    private static string? LicenceIn(Field card)
    {
        if (card.Element.ValueKind != JsonValueKind.Object) return null;
        string? id = Text(card["license"]);
        return id is null or "other" ? Text(card["license_name"]) ?? id : id;

        static string? Text(Field field) => field.Element.ValueKind switch
        {
            JsonValueKind.String when field.Text() is { Length: > 0 and <= LongestLicence } text => Formats.Show.Name(text),
            JsonValueKind.Array => field.Items(16).Select(Text).OfType<string>().FirstOrDefault(),
            _ => null,
        };
    }

    private static HubException TooLong(HubAddress address) =>
        new($"{address}: the hub's list of files has more than {MostBytes:N0} bytes. Is HF_ENDPOINT the address of a hub?");
}
