using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hearth.Models.Tests.Hub;

/// <summary>What a hub was asked.</summary>
internal sealed record Asked(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>What it answers.</summary>
internal sealed class Reply(int status, byte[]? body = null)
{
    public int Status => status;

    public byte[] Body { get; init; } = body ?? [];

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Bytes of the body after which the connection is cut; all where null.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Where the body is cut, the connection is not: nothing more comes.</summary>
    public bool Stalls { get; init; }

    public Reply With(string name, string value)
    {
        Headers[name] = value;
        return this;
    }
}

/// <summary>
/// A hub on this machine that answers as Hugging Face's does: a model's files with lengths and digests, small files at once, large ones by a
/// redirect to another host, in ranges, with tags.
/// </summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string Repository = "maker/small-model";

    private readonly CancellationTokenSource _closed = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SortedDictionary<string, (byte[] Bytes, bool IsLarge)> _files = new(StringComparer.Ordinal);

    public HubServer()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = Task.Run(Accept);
    }

    public int Port { get; }

    public Uri Endpoint => new($"http://127.0.0.1:{Port}/");

    /// <summary>Where large files are: another host name of the same machine by default.</summary>
    public string FilesAt { get; set; } = "";

    public ConcurrentQueue<Asked> Asked { get; } = [];

    /// <summary>Answers before the usual answer does; null leaves it to that.</summary>
    public Func<Asked, Reply?>? First { get; set; }

    /// <summary>What the list says of the model's card.</summary>
    public JsonObject? Card { get; set; } = new() { ["license"] = "apache-2.0" };

    public void Add(string path, byte[] bytes, bool isLarge = false) => _files[path] = (bytes, isLarge);

    public void Add(string path, string text) => Add(path, Encoding.UTF8.GetBytes(text));

    public byte[] this[string path] => _files[path].Bytes;

    public static byte[] Random(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 2654435761L) >> 13))];

    public void Dispose()
    {
        _closed.Cancel();
        _listener.Dispose();
        _closed.Dispose();
    }

    public static string GitSha1(byte[] bytes) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, [.. Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"), .. bytes]));

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The usual answer.</summary>
    public Reply Usual(Asked asked)
    {
        string path = Uri.UnescapeDataString(asked.Path.Split('?')[0]);
        if (path == $"/api/models/{Repository}/revision/main") return new Reply(200, Encoding.UTF8.GetBytes(Listing().ToJsonString()));
        if (path.StartsWith("/api/", StringComparison.Ordinal)) return new Reply(404).With("X-Error-Code", path.Contains("/revision/", StringComparison.Ordinal) && path.Contains(Repository, StringComparison.Ordinal) ? "RevisionNotFound" : "RepoNotFound");
        if (path.StartsWith("/cdn/", StringComparison.Ordinal))
        {
            byte[] large = _files.Values.First(f => Sha256(f.Bytes) == path["/cdn/".Length..]).Bytes;
            return Ranged(asked, large, $"\"cdn-{Sha256(large)[..8]}\"");
        }
        string prefix = $"/{Repository}/resolve/{Commit}/";
        if (!path.StartsWith(prefix, StringComparison.Ordinal) || !_files.TryGetValue(path[prefix.Length..], out var file)) return new Reply(404).With("X-Error-Code", "EntryNotFound");
        if (!file.IsLarge) return Ranged(asked, file.Bytes, $"\"{GitSha1(file.Bytes)}\"").With("X-Repo-Commit", Commit);
        return new Reply(302).With("X-Repo-Commit", Commit).With("X-Linked-Size", $"{file.Bytes.Length}").With("X-Linked-Etag", $"\"{Sha256(file.Bytes)}\"")
            .With("Location", $"{(FilesAt.Length > 0 ? FilesAt : $"http://localhost:{Port}")}/cdn/{Sha256(file.Bytes)}?signature=secret");
    }

    public static Reply Ranged(Asked asked, byte[] bytes, string tag)
    {
        string? range = asked.Header("Range");
        if (asked.Header("If-Range") is { } unless && unless != tag) range = null;
        if (range is null) return new Reply(200, bytes).With("ETag", tag);
        int from = int.Parse(range["bytes=".Length..^1]);
        return from >= bytes.Length
            ? new Reply(416).With("Content-Range", $"bytes */{bytes.Length}")
            : new Reply(206, bytes[from..]).With("ETag", tag).With("Content-Range", $"bytes {from}-{bytes.Length - 1}/{bytes.Length}");
    }

    private JsonObject Listing() => new()
    {
        ["id"] = Repository,
        ["sha"] = Commit,
        ["gated"] = false,
        ["cardData"] = Card?.DeepClone(),
        ["siblings"] = new JsonArray([.. _files.Select(f =>
        {
            var entry = new JsonObject { ["rfilename"] = f.Key, ["size"] = f.Value.Bytes.Length, ["blobId"] = GitSha1(f.Value.Bytes) };
            if (f.Value.IsLarge) entry["lfs"] = new JsonObject { ["sha256"] = Sha256(f.Value.Bytes), ["size"] = f.Value.Bytes.Length, ["pointerSize"] = 133 };
            return entry;
        })]),
    };

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => Answer(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server was closed.
        }
    }

    private async Task Answer(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                var reader = new StreamReader(stream, Encoding.Latin1);
                string[] first = (await reader.ReadLineAsync() ?? "").Split(' ');
                if (first.Length < 2) return;
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                for (string? line; (line = await reader.ReadLineAsync()) is { Length: > 0 };) headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
                var asked = new Asked(first[0], first[1], headers);
                Asked.Enqueue(asked);
                Reply reply = First?.Invoke(asked) ?? Usual(asked);
                var head = new StringBuilder($"HTTP/1.1 {reply.Status} X\r\nContent-Length: {reply.Body.Length}\r\nConnection: close\r\n");
                foreach ((string name, string value) in reply.Headers) head.Append($"{name}: {value}\r\n");
                await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
                if (asked.Method != "HEAD") await stream.WriteAsync(reply.Body.AsMemory(0, Math.Min(reply.CutAfter ?? reply.Body.Length, reply.Body.Length)));
                await stream.FlushAsync();
                if (reply.Stalls) await Task.Delay(Timeout.Infinite, _closed.Token);
                if (reply.CutAfter is null) client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Whoever asked has gone, or the test has ended.
            }
        }
    }
}
