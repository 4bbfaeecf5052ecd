using System.Net;
using System.Net.Http.Headers;

namespace Hearth.Models.Hub;

/// <summary>
/// Fetches one file. What has come stands in a file beside it whose name ends in <see cref="PartSuffix"/> and holds the digest's first digits, so that
/// whatever ends the program, the next one goes on from there, and never with another content's bytes.
/// </summary>
/// <param name="client">Asks the hub.</param>
/// <param name="settings">How often it is tried.</param>
/// <param name="file">The file, with length and digest.</param>
/// <param name="address">Where it is.</param>
/// <param name="path">Where it goes.</param>
/// <param name="progress">Is told the bytes of the file that are there.</param>
internal sealed class HubDownload(HubClient client, HubSettings settings, HubFile file, Uri address, string path, Action<long> progress)
{
    /// <summary>Ends the name of a file of which a part has come.</summary>
    public const string PartSuffix = ".part";

    private const int PieceBytes = 1 << 17;
    private const int DigestDigits = 16;

    private readonly byte[] _piece = new byte[PieceBytes];
    private readonly long _length = file.Bytes!.Value;
    private EntityTagHeaderValue? _tag;

    /// <summary>Fetches what is missing, checks the whole, and gives it its name.</summary>
    /// <returns>Its SHA-256.</returns>
    /// <exception cref="HubException">It can not be had, or it is not what the hub's list says.</exception>
    public async Task<string> Run(CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path) && new FileInfo(path).Length == _length && Check(path, stop) is { } already) return already;
        string part = PartOf(path, file);
        bool isFresh = !File.Exists(part);
        while (true)
        {
            (string sha256, bool matches, bool inOneGo) = await Fill(part, stop).ConfigureAwait(false);
            if (matches)
            {
                File.Move(part, path, overwrite: true);
                return sha256;
            }
            File.Delete(part);
            if (isFresh || inOneGo)
            {
                throw new HubException($"{HubClient.Shown(address)}: the {_length:N0} bytes that came have the SHA-256 {sha256}, and the hub's list says "
                    + $"{file.Sha256 ?? $"{file.GitSha1} (Git)"}. They were altered on the way, or the hub is in the middle of a change. "
                    + "Nothing was kept; try again, or another hub.");
            }
            isFresh = true;                                                      // a part of an earlier time may have been damaged: once more from the beginning
        }
    }

    /// <summary>Where a part of a file is kept.</summary>
    internal static string PartOf(string path, HubFile file) => $"{path}.{(file.Sha256 ?? file.GitSha1!)[..DigestDigits]}{PartSuffix}";

    /// <summary>The SHA-256 of a file that is there, if it is the right one.</summary>
    private string? Check(string existing, CancellationToken stop)
    {
        using FileStream stream = File.OpenRead(existing);
        using var digest = new HubDigest(file);
        AddAll(stream, digest, _length, stop);
        (string sha256, bool matches) = digest.End();
        return matches ? sha256 : null;
    }

    private async Task<(string Sha256, bool Matches, bool InOneGo)> Fill(string part, CancellationToken stop)
    {
        var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        await using (stream.ConfigureAwait(false))
        {
            if (stream.Length > _length) stream.SetLength(0);
            var digest = new HubDigest(file);
            try
            {
                AddAll(stream, digest, stream.Length, stop);
                bool inOneGo = stream.Length == 0;
                var retry = new HubRetry(settings);
                while (stream.Position < _length)
                {
                    bool restarts = await retry.Run(() => Piece(stream, digest, retry, stop), stop).ConfigureAwait(false);
                    if (!restarts) continue;
                    stream.SetLength(0);
                    digest.Dispose();
                    digest = new HubDigest(file);
                    inOneGo = true;
                }
                stream.Flush(flushToDisk: true);
                (string sha256, bool matches) = digest.End();
                return (sha256, matches, inOneGo);
            }
            finally
            {
                digest.Dispose();
            }
        }
    }

    /// <summary>Asks for what is missing and appends it.</summary>
    /// <returns>True when what is there has to go: the file is sent from the beginning only, or is another.</returns>
    private async Task<bool> Piece(FileStream stream, HubDigest digest, HubRetry retry, CancellationToken stop)
    {
        long from = stream.Position;
        using HubAnswer answer = await client.Ask(HttpMethod.Get, address, file.Path, from, _tag, stop).ConfigureAwait(false);
        HttpContent content = answer.Response.Content;
        RequireSame(answer);
        if (answer.Response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return from > 0 ? true
                : throw new HubException($"{file.Path}: {HubClient.Shown(address)} answered 416 though nothing was left out. Try another hub or mirror.");
        if (answer.Response.StatusCode == HttpStatusCode.PartialContent)
        {
            ContentRangeHeaderValue? range = content.Headers.ContentRange;
            if (range?.From != from || (range.Length is { } whole && whole != _length)) return from > 0 ? true : throw WrongLength(range?.Length);
        }
        else if (from > 0)
        {
            _tag = null;
            return true;
        }
        else if (content.Headers.ContentLength is { } length && length != _length)
        {
            throw WrongLength(length);
        }
        _tag = answer.Response.Headers.ETag is { IsWeak: false } tag ? tag : null;
        Stream body = await content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        for (int read; (read = await client.Read(body, _piece, file.Path, stop).ConfigureAwait(false)) > 0;)
        {
            if (read > _length - stream.Position) throw WrongLength(null);
            stream.Write(_piece, 0, read);
            digest.Add(_piece.AsSpan(0, read));
            retry.Progressed();
            progress(stream.Position);
        }
        return stream.Position == _length ? false
            : throw new PassingFailureException($"{file.Path}: the connection was cut at {stream.Position:N0} of {_length:N0} bytes.");
    }

    /// <summary>The hub's own headers name the content it sends: another than listed is no use fetching.</summary>
    private void RequireSame(HubAnswer answer)
    {
        string? expected = file.Sha256 ?? file.GitSha1;
        if (answer.Tag is { } tag && tag.Length == expected!.Length && HubFile.IsHex(tag) && tag != expected)
            throw new HubException($"{file.Path}: {HubClient.Shown(address)} has the digest {tag}, and the hub's list says {expected}. "
                + "The hub is in the middle of a change; try again later.");
    }

    private void AddAll(FileStream stream, HubDigest digest, long length, CancellationToken stop)
    {
        for (long at = 0; at < length;)
        {
            stop.ThrowIfCancellationRequested();
            int read = stream.Read(_piece, 0, (int)Math.Min(_piece.Length, length - at));
            if (read == 0) break;
            digest.Add(_piece.AsSpan(0, read));
            progress(at += read);
        }
    }

    private HubException WrongLength(long? found) => new($"{file.Path}: {HubClient.Shown(address)} sends "
        + $"{(found is { } bytes ? $"{bytes:N0} bytes" : "more bytes than that")}, and the hub's list says {_length:N0}. Nothing of it was kept; try again, or another hub.");
}
