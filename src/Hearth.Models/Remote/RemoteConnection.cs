using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Signing;

namespace Hearth.Models.Remote;

/// <summary>
/// Asks another server and reads what it answers, bounded in size and time. Redirects are not followed, certificates are checked, proxies are those of the
/// environment. What fails is told in our words and, cut short, in the server's; the key is in neither.
/// </summary>
internal sealed class RemoteConnection(RemoteSpec spec, HttpClient http)
{
    private const int MostError = 64 << 10, LongestReason = 400;
    private const long MostWhole = 256 << 20;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(1), LongestRetry = TimeSpan.FromHours(1);
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    private string? _key;

    /// <summary>A client for any number of servers.</summary>
    public static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions(),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Asks for a whole answer.</summary>
    /// <param name="path">Where, below the server's address.</param>
    /// <param name="body">What is sent; null to only look.</param>
    /// <param name="cancel">Ends the request, also at the other server.</param>
    public async Task<JsonElement> AskAsync(string path, JsonObject? body, CancellationToken cancel)
    {
        using var time = new Patience(spec, cancel);
        using HttpResponseMessage response = await SendAsync(path, body, time).ConfigureAwait(false);
        byte[] bytes = await GuardAsync(time, async () =>
        {
            await using Stream stream = await response.Content.ReadAsStreamAsync(time.Token).ConfigureAwait(false);
            return await ReadAsync(stream, MostWhole, time).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return Parse(bytes);
    }

    /// <summary>Asks for a stream of events, and gives each one's data until <c>[DONE]</c>, or the stream's end.</summary>
    /// <param name="path">Where, below the server's address.</param>
    /// <param name="body">What is sent.</param>
    /// <param name="cancel">Ends the request, also at the other server.</param>
    public async IAsyncEnumerable<JsonElement> StreamAsync(string path, JsonObject body, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var time = new Patience(spec, cancel);
        using HttpResponseMessage response = await SendAsync(path, body, time).ConfigureAwait(false);
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (type != "text/event-stream") throw Broken($"answers with '{Formats.Show.Name(type ?? "nothing")}' where a stream of events was asked for.");
        await using Stream stream = await GuardAsync(time, () => response.Content.ReadAsStreamAsync(time.Token)).ConfigureAwait(false);
        var reader = new EventReader(buffer => GuardAsync(time, () => stream.ReadAsync(buffer, time.Token).AsTask()));
        while (true)
        {
            byte[]? data;
            try
            {
                data = await reader.NextAsync().ConfigureAwait(false);
            }
            catch (InvalidDataException e)
            {
                throw Broken($"{e.Message} Nothing more was read.", e);
            }
            if (data is null || data.AsSpan().SequenceEqual("[DONE]"u8)) yield break;
            JsonElement json = Parse(data);
            if (json.ValueKind != JsonValueKind.Object) throw Broken("sent an event that is no JSON object.");
            if (json.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null) throw Failed(Reason(json));
            yield return json;
        }
    }

    /// <summary>An answer that is not what it should be.</summary>
    public RemoteException Broken(string problem, Exception? inner = null) => new(spec.Name, RemoteFailure.Broken, problem, inner);

    private RemoteException Failed(string reason) => Broken($"failed while it answered{reason}.");

    private async Task<HttpResponseMessage> SendAsync(string path, JsonObject? body, Patience time)
    {
        _key = spec.Key();
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(spec.Address, path));
        if (_key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        request.Headers.Accept.ParseAdd(body is not null && body.ContainsKey("stream") ? "text/event-stream" : "application/json");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString(JsonFile.OneLine)));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        HttpResponseMessage response = await GuardAsync(time, () => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, time.Token)).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await RefusalAsync(response, time).ConfigureAwait(false);
    }

    private async Task<RemoteException> RefusalAsync(HttpResponseMessage response, Patience time)
    {
        int status = (int)response.StatusCode;
        if (status is >= 300 and < 400) return Broken("sends us on to another address, which is not followed. Register that address itself.");
        string reason = "";
        try
        {
            await using Stream stream = await response.Content.ReadAsStreamAsync(time.Token).ConfigureAwait(false);
            reason = Reason(Parse(await ReadAsync(stream, MostError, time).ConfigureAwait(false)));
        }
        catch (Exception e) when (e is RemoteException or HttpRequestException or IOException || (e is OperationCanceledException && !time.Cancelled))
        {
            // Its status says enough.
        }
        TimeSpan? retry = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
        if (retry is { } wait) retry = TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(wait.TotalSeconds, 1, LongestRetry.TotalSeconds)));
        (RemoteFailure failure, string problem) = status switch
        {
            401 or 403 => (RemoteFailure.Key, _key is null ? "asks for a key. Register it again with --key-env or --key-file" : "does not take the key it is registered with"),
            404 => (RemoteFailure.Broken, $"is not to be found: its server knows no '{Formats.Show.Name(spec.Model)}', or not this interface"),
            408 or 504 => (RemoteFailure.TimedOut, "took too long, says its server"),
            400 or 405 or 409 or 413 or 415 or 422 => (RemoteFailure.Refused, "refuses this request"),
            429 => (RemoteFailure.Limited, "takes no more requests for now"),
            503 or 529 => (RemoteFailure.Busy, "has too much to do"),
            _ => (RemoteFailure.Broken, string.Create(CultureInfo.InvariantCulture, $"failed with status {status}")),
        };
        return new RemoteException(spec.Name, failure, $"{problem}{reason}.") { RetryAfter = failure is RemoteFailure.Limited or RemoteFailure.Busy ? retry : null };
    }

    /// <summary>What a body of OpenAI's shape, or like it, gives as the reason; empty when it gives none.</summary>
    private string Reason(JsonElement body)
    {
        JsonElement found = body;
        foreach (string name in (string[])["error", "message"])
        {
            if (found.ValueKind == JsonValueKind.Object && found.TryGetProperty(name, out JsonElement inner)) found = inner;
        }
        if (found.ValueKind != JsonValueKind.String) return "";
        string said = found.GetString() ?? "";
        if (_key is not null) said = said.Replace(_key, "***", StringComparison.Ordinal);
        string text = string.Concat(said.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)).Trim().TrimEnd('.');
        return text.Length == 0 ? "" : ": " + (text.Length <= LongestReason ? text : text[..LongestReason] + "...");
    }

    private JsonElement Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw Broken("sent something that is not JSON.", e);
        }
    }

    private async Task<byte[]> ReadAsync(Stream stream, long most, Patience time)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (true)
        {
            time.Restart();
            int read = await stream.ReadAsync(buffer, time.Token).ConfigureAwait(false);
            if (read == 0) return whole.ToArray();
            whole.Write(buffer, 0, read);
            if (whole.Length > most) throw Broken($"sent more than {most:N0} bytes.");
        }
    }

    /// <summary>Waits for something of the other server, for no longer than it may take.</summary>
    private async Task<T> GuardAsync<T>(Patience time, Func<Task<T>> work)
    {
        time.Restart();
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!time.Cancelled)
        {
            throw new RemoteException(spec.Name, RemoteFailure.TimedOut, $"sent nothing for {spec.Patience.TotalSeconds:0} s, or took over {Longest.TotalMinutes:0} minutes.", e);
        }
        catch (HttpRequestException e)
        {
            (RemoteFailure failure, string problem) = e.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => (RemoteFailure.Unreachable, "can not be reached: the name of its server is not known"),
                HttpRequestError.ConnectionError => (RemoteFailure.Unreachable, "can not be reached: its server does not listen"),
                HttpRequestError.SecureConnectionError => (RemoteFailure.Unreachable, "can not be trusted: its server's certificate does not hold"),
                HttpRequestError.ProxyTunnelError => (RemoteFailure.Unreachable, "can not be reached through the proxy"),
                _ => (RemoteFailure.Broken, "cut its answer short"),
            };
            throw new RemoteException(spec.Name, failure, problem + ".", e);
        }
        catch (IOException e)
        {
            throw Broken("cut its answer short.", e);
        }
        finally
        {
            time.Pause();                                                        // whoever reads the answer may take their time
        }
    }

    /// <summary>Time for the next thing, within the time for all.</summary>
    private sealed class Patience : IDisposable
    {
        private readonly RemoteSpec _spec;
        private readonly CancellationToken _cancel;
        private readonly CancellationTokenSource _whole = new(Longest), _next;

        public Patience(RemoteSpec spec, CancellationToken cancel)
        {
            (_spec, _cancel) = (spec, cancel);
            _next = CancellationTokenSource.CreateLinkedTokenSource(cancel, _whole.Token);
        }

        public CancellationToken Token => _next.Token;

        /// <summary>Whether whoever asks wants no more of it.</summary>
        public bool Cancelled => _cancel.IsCancellationRequested;

        public void Restart() => _next.CancelAfter(_spec.Patience);

        public void Pause() => _next.CancelAfter(Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            _next.Dispose();
            _whole.Dispose();
        }
    }
}
