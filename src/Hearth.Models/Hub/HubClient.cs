using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Hearth.Models.Hub;

/// <summary>A hub's answer, and what its own headers said before it sent us elsewhere.</summary>
/// <param name="Response">The last answer, with its body still to be read.</param>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Tag">The file's digest.</param>
/// <param name="Bytes">The file's length.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, string? Commit, string? Tag, long? Bytes) : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>
/// Asks a hub and follows where it sends us: the token goes to the hub alone, never from https to http, and never to an address of this machine or
/// a local network that the user did not name. The check is on the address that is connected to, so a name that changes its address gains nothing.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HubSettings _settings;
    private readonly HttpClient _http;

    public HubClient(HubSettings settings)
    {
        _settings = settings;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Patience,
            ConnectCallback = Connect,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("hearth", typeof(HubClient).Assembly.GetName().Version?.ToString(3) ?? "0"));
    }

    /// <summary>An address below the hub's.</summary>
    /// <param name="path">The path, escaped.</param>
    public Uri Address(string path) => new(_settings.Endpoint, path);

    /// <summary>Asks for an address, following redirects.</summary>
    /// <param name="method">GET, or HEAD, whose redirects are followed within the hub only.</param>
    /// <param name="address">Where.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="from">The first byte wanted.</param>
    /// <param name="unless">The tag that the bytes before were sent with; what has another is sent from the beginning.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>An answer with status 200, 206, 416, or one of redirection to a HEAD.</returns>
    /// <exception cref="PassingFailureException">It may succeed another time.</exception>
    /// <exception cref="HubException">It will not.</exception>
    public async Task<HubAnswer> Ask(HttpMethod method, Uri address, string what, long from, EntityTagHeaderValue? unless, CancellationToken stop)
    {
        string? commit = null, tag = null;
        long? bytes = null;
        for (int hop = 0; hop <= MostRedirects; hop++)
        {
            HttpResponseMessage response = await Send(Request(method, address, from, unless), address, stop).ConfigureAwait(false);
            bool passedOn = false;
            try
            {
                commit ??= Header(response, "X-Repo-Commit");
                bytes ??= long.TryParse(Header(response, "X-Linked-Size"), out long size) && size >= 0 ? size : null;
                tag ??= Header(response, "X-Linked-Etag")?.Trim('"')
                    ?? (IsHub(address) && response.Headers.ETag is { IsWeak: false } e ? e.Tag.Trim('"') : null);
                if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location)
                {
                    var next = new Uri(address, location);
                    if (method == HttpMethod.Head && !SameHost(next, address))
                    {
                        passedOn = true;
                        return new HubAnswer(response, commit, tag, bytes);
                    }
                    if (next.Scheme != Uri.UriSchemeHttps && next.Scheme != address.Scheme)
                        throw new HubException($"{Shown(address)} sends us on to {Shown(next)}, which is not encrypted. Nothing was asked of it.");
                    address = next;
                    continue;
                }
                if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
                    throw HubStatus.Failure(response, Shown(address), what);
                passedOn = true;
                return new HubAnswer(response, commit, tag, bytes);
            }
            finally
            {
                if (!passedOn) response.Dispose();
            }
        }
        throw new HubException($"{Shown(address)} has sent us on more than {MostRedirects} times. The hub, or what stands before it, is set up wrongly.");
    }

    /// <summary>Reads the next bytes of a body; 0 at its end.</summary>
    /// <exception cref="PassingFailureException">The connection was cut, or nothing came for too long.</exception>
    public async Task<int> Read(Stream body, Memory<byte> into, string what, CancellationToken stop)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(_settings.Patience);
        try
        {
            return await body.ReadAsync(into, limited.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new PassingFailureException($"{what}: nothing came for {_settings.Patience.TotalSeconds:0} s.", inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new PassingFailureException($"{what}: the connection was cut: {e.Message}", inner: e);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>An address without its query, which may hold a signature.</summary>
    public static string Shown(Uri address) => Formats.Show.Name(address.GetLeftPart(UriPartial.Path));

    private static bool SameHost(Uri one, Uri other) => one.Scheme == other.Scheme && one.Port == other.Port
        && string.Equals(one.IdnHost, other.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    private bool IsHub(Uri address) => SameHost(address, _settings.Endpoint);

    private HttpRequestMessage Request(HttpMethod method, Uri address, long from, EntityTagHeaderValue? unless)
    {
        var request = new HttpRequestMessage(method, address);
        if (_settings.Token is { } token && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
        if (from > 0 && unless is not null) request.Headers.IfRange = new RangeConditionHeaderValue(unless);
        return request;
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, Uri address, CancellationToken stop)
    {
        // Through a proxy it is not we who connect: what can be seen in the name is refused here.
        bool isPrivate = address.IsLoopback || (IPAddress.TryParse(address.IdnHost, out IPAddress? named) && PrivateNetworks.Contains(named));
        if (isPrivate && !IsOpen(address.IdnHost)) throw Refused(address.IdnHost);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limited.CancelAfter(_settings.Patience);
        try
        {
            using (request) return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new PassingFailureException($"{Shown(address)}: no answer within {_settings.Patience.TotalSeconds:0} s.", inner: e);
        }
        catch (HttpRequestException e) when (e.InnerException is HubException refused)
        {
            throw new HubException(refused.Message, e);
        }
        catch (HttpRequestException e)
        {
            throw new PassingFailureException($"{Shown(address)}: {e.Message}", inner: e);
        }
    }

    /// <summary>Whether a host may be private: the user named it, or allows all.</summary>
    private bool IsOpen(string host) => _settings.AllowsPrivate
        || (_settings.Endpoint != HubSettings.PublicHub && string.Equals(host, _settings.Endpoint.IdnHost, StringComparison.OrdinalIgnoreCase));

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        (string host, int port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        IPAddress[] all = IPAddress.TryParse(host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(host, stop).ConfigureAwait(false);
        IPAddress[] allowed = IsOpen(host) || IsProxy(context) ? all : [.. all.Where(a => !PrivateNetworks.Contains(a))];
        if (allowed.Length == 0 && all.Length > 0) throw Refused(host);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsProxy(SocketsHttpConnectionContext context) =>
        context.InitialRequestMessage.RequestUri is { } asked && HttpClient.DefaultProxy.GetProxy(asked) is { } proxy && proxy != asked
        && proxy.Port == context.DnsEndPoint.Port && string.Equals(proxy.IdnHost, context.DnsEndPoint.Host, StringComparison.OrdinalIgnoreCase);

    private static HubException Refused(string host) => new(
        $"the hub sends us on to '{Formats.Show.Name(host)}', an address of this machine or a local network, which was not asked for anything. "
        + "If your hub keeps its files there, set HEARTH_PULL_PRIVATE=1.");
}
