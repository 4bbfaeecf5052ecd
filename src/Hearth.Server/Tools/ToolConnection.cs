using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Hearth.Server.Tools;

/// <summary>A tool that a server has.</summary>
/// <param name="Server">The server.</param>
/// <param name="Name">What the server calls it.</param>
/// <param name="Description">What it does, in the server's words.</param>
/// <param name="Schema">The JSON schema of its arguments.</param>
/// <param name="IsAllowed">Whether models are offered it.</param>
public sealed record ServerTool(string Server, string Name, string Description, string Schema, bool IsAllowed)
{
    /// <summary>What models call it: unlike any other server's.</summary>
    public string FullName => $"{Server}__{Name}";
}

/// <summary>What a tool answered.</summary>
/// <param name="Text">Its text, bounded; data for the model, never instructions to Hearth.</param>
/// <param name="IsError">Whether it failed, or was not called.</param>
public sealed record ToolResult(string Text, bool IsError);

/// <summary>
/// A server of tools (Model Context Protocol, revision 2025-06-18 and those around it), started or connected to when it is first needed, and again after it failed.
/// What it sends is bounded. Safe for use by several threads.
/// </summary>
internal sealed class ToolConnection(ToolServerSpec server) : IAsyncDisposable
{
    private const int MostTools = 256, LongestDescription = 2000, LongestSchema = 32_000, LongestName = 64, MostText = 32_000, LongestReason = 300;
    private const long MostLine = 4 << 20, MostAnswer = 8 << 20;

    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1);
    private Open? _open;

    /// <summary>The server's tools, by name.</summary>
    /// <exception cref="ToolException">It can not be reached, or is not as the protocol says.</exception>
    public Task<IReadOnlyList<ServerTool>> ToolsAsync(CancellationToken cancel) => AskAsync<IReadOnlyList<ServerTool>>("told its tools", StartTime, async (client, stop) =>
    {
        var tools = new List<ServerTool>();
        string? next = null;
        do
        {
            ListToolsResult page = await client.ListToolsAsync(new ListToolsRequestParams { Cursor = next }, stop).ConfigureAwait(false);
            foreach (ModelContextProtocol.Protocol.Tool tool in page.Tools)
            {
                string schema = tool.InputSchema.GetRawText();
                var read = new ServerTool(server.Name, tool.Name, Clean(tool.Description ?? "", LongestDescription), schema, server.Tools.Contains(tool.Name, StringComparer.Ordinal));
                bool fits = schema.Length <= LongestSchema && read.FullName.Length <= LongestName && tool.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
                if (fits) tools.Add(read);
            }
            next = page.NextCursor;
            if (tools.Count > MostTools) throw new ToolException(server.Name, $"has more than {MostTools} tools.");
        }
        while (next is not null);
        return [.. tools.OrderBy(t => t.Name, StringComparer.Ordinal)];
    }, cancel);

    /// <summary>Calls a tool.</summary>
    /// <param name="tool">What the server calls it; it must be allowed.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancel">Ends the call, which the server is told.</param>
    /// <exception cref="ToolException">It is not allowed, the server fails, or takes too long.</exception>
    public Task<ToolResult> CallAsync(string tool, IDictionary<string, JsonElement> arguments, CancellationToken cancel)
    {
        if (!server.Tools.Contains(tool, StringComparer.Ordinal)) throw new ToolException(server.Name, $"has a tool '{Clean(tool, LongestName)}' that is not allowed. `hearth mcp add` says which are.");
        return AskAsync($"answered '{tool}'", TimeSpan.FromSeconds(server.TimeoutSeconds), async (client, stop) =>
        {
            CallToolResult result = await client.CallToolAsync(new CallToolRequestParams { Name = tool, Arguments = arguments }, stop).ConfigureAwait(false);
            return new ToolResult(Clean(Text(result), MostText), result.IsError == true);
        }, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    /// <summary>Text without what could steer a terminal, cut to a length.</summary>
    internal static string Clean(string text, int most)
    {
        var clean = new StringBuilder(Math.Min(text.Length, most));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length >= most) return clean.Append(CultureInfo.InvariantCulture, $" [cut here: {text.Length:N0} characters came]").ToString();
            if (!Rune.IsControl(rune) || rune.Value is '\n' or '\t') clean.Append(rune.ToString());
        }
        return clean.ToString();
    }

    private static string Text(CallToolResult result)
    {
        string[] parts = [.. (result.Content ?? []).Select(block => block switch
        {
            TextContentBlock text => text.Text,
            EmbeddedResourceBlock { Resource: TextResourceContents resource } => resource.Text,
            ResourceLinkBlock link => $"[{link.Uri}]",
            _ => $"[{block.Type}: only text is read here]",
        })];
        return parts.Length > 0 ? string.Join('\n', parts) : result.StructuredContent?.GetRawText() ?? "";
    }

    private async Task<T> AskAsync<T>(string what, TimeSpan most, Func<McpClient, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        Open open = await OpenAsync(cancel).ConfigureAwait(false);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limited.CancelAfter(most);
        try
        {
            return await ask(open.Client, limited.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new ToolException(server.Name, $"has not {what} within {most.TotalSeconds:0} s.", e);
        }
        catch (ModelContextProtocol.McpProtocolException e)
        {
            throw new ToolException(server.Name, $"has not {what}: {Clean(e.Message, LongestReason).TrimEnd('.')}.", e);       // it says no, and goes on
        }
        catch (Exception e) when (e is not ToolException)
        {
            string end = open.Process is null ? "" : await open.Process.EndAsync().ConfigureAwait(false);
            await CloseAsync(open).ConfigureAwait(false);
            throw new ToolException(server.Name, $"has not {what}: {Reason(e)}.{end} It is started again for the next call.", e);
        }
    }

    private async Task<Open> OpenAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_open is { Client.Completion.IsCompleted: true } ended)
            {
                _open = null;
                await ended.DisposeAsync().ConfigureAwait(false);
            }
            return _open ??= await ConnectAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Open> ConnectAsync(CancellationToken cancel)
    {
        ToolProcess? process = null;
        try
        {
            process = server.Command is null ? null : ToolProcess.Start(server);
            IClientTransport transport = process is not null
                ? new StreamClientTransport(process.Input, new BoundedStream(process.Output, MostLine))
                : Http();
            var options = new McpClientOptions
            {
                ClientInfo = new Implementation { Name = "hearth", Version = typeof(ToolConnection).Assembly.GetName().Version!.ToString(3) },
                InitializationTimeout = StartTime,
                DiscoverProbeTimeout = TimeSpan.FromSeconds(3),
            };
            return new Open(await McpClient.CreateAsync(transport, options, cancellationToken: cancel).ConfigureAwait(false), process);
        }
        catch (Exception e) when (e is not ToolException)
        {
            string end = process is null ? "" : await process.EndAsync().ConfigureAwait(false);
            if (process is not null) await process.DisposeAsync().ConfigureAwait(false);
            if (cancel.IsCancellationRequested) throw;
            throw new ToolException(server.Name, $"does not speak the Model Context Protocol, or not in time ({server.Place}): {Reason(e)}.{end}", e);
        }
    }

    private HttpClientTransport Http()
    {
        string? key = server.KeyVariable is null ? null : Environment.GetEnvironmentVariable(server.KeyVariable)?.Trim() is { Length: > 0 } value ? value
            : throw new ToolException(server.Name, $"needs a key from the environment variable {server.KeyVariable}, which is not set.");
        var http = new HttpClient(new BoundedAnswers(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(15),
        }, MostLine, MostAnswer))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(server.Url!),
            TransportMode = HttpTransportMode.StreamableHttp,
            EnableStandaloneGetStream = false,
            MaxReconnectionAttempts = 1,
            ConnectionTimeout = StartTime,
        }, http, ownsHttpClient: true);
    }

    /// <summary>The innermost cause, in few words. A key is only in a header, which no message shows.</summary>
    private static string Reason(Exception e) => Clean(e.GetBaseException().Message, LongestReason).TrimEnd('.');

    private async Task CloseAsync(Open? only = null)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_open is null || (only is not null && only != _open)) return;
            Open open = _open;
            _open = null;
            await open.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed record Open(McpClient Client, ToolProcess? Process) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync().ConfigureAwait(false);
            if (Process is not null) await Process.DisposeAsync().ConfigureAwait(false);
        }
    }
}
