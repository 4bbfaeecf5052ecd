using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Models.Chat;

namespace Hearth.Server.Tools;

/// <summary>What a person says to a call.</summary>
public enum ToolDecision
{
    /// <summary>It is not made; the model is told so.</summary>
    No,

    /// <summary>It is made.</summary>
    Yes,

    /// <summary>It is made, and this tool's next ones in this conversation without asking.</summary>
    Always,
}

/// <summary>A call that a model wants made, for a person to look at.</summary>
/// <param name="Id">The call's id.</param>
/// <param name="Tool">The tool, with its server and what that says of it.</param>
/// <param name="Arguments">Its arguments, JSON laid out for reading.</param>
public sealed record PendingCall(string Id, ServerTool Tool, string Arguments);

/// <summary>Asks a person about a call, and waits for what they say.</summary>
/// <param name="call">The call.</param>
/// <param name="cancel">Ends the waiting.</param>
public delegate Task<ToolDecision> ConfirmCall(PendingCall call, CancellationToken cancel);

/// <summary>The tools of a conversation: those that are allowed, each call shown and confirmed, so many in a turn.</summary>
public interface IToolCalls
{
    /// <summary>Servers that could not be asked for their tools, a sentence each.</summary>
    IReadOnlyList<string> Problems { get; }

    /// <summary>The tools that the model is offered.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    Task<IReadOnlyList<Tool>> OfferAsync(CancellationToken cancel = default);

    /// <summary>A person has said something: the calls of a turn are counted anew.</summary>
    void BeginTurn();

    /// <summary>Makes a call, if whoever is asked allows it. What fails is a result that says so.</summary>
    /// <param name="call">The call, as the model made it.</param>
    /// <param name="confirm">Asks a person.</param>
    /// <param name="cancel">Ends waiting and call.</param>
    Task<ToolResult> CallAsync(ToolCall call, ConfirmCall confirm, CancellationToken cancel = default);
}

/// <summary>The tool servers of a home, connected to when they are needed, for any number of conversations. Safe for use by several threads.</summary>
/// <param name="home">HEARTH_HOME.</param>
public sealed class ToolService(string home) : IAsyncDisposable
{
    private readonly ToolServers _servers = new(home);
    private readonly ConcurrentDictionary<ToolServerSpec, Lazy<ToolConnection>> _connections = new(ReferenceEqualityComparer.Instance);

    /// <summary>The list of servers.</summary>
    public ToolServers Servers => _servers;

    /// <summary>The tools of a new conversation.</summary>
    /// <param name="isAdmin">Whether whoever talks is an admin, or sits at the machine; others get the tools of servers that are for them.</param>
    public IToolCalls Begin(bool isAdmin) => new ToolSession(this, isAdmin);

    /// <summary>All tools of a server, also those that are not allowed.</summary>
    /// <param name="server">The server, as the list has it.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="ToolException">It can not be reached.</exception>
    public Task<IReadOnlyList<ServerTool>> ToolsAsync(ToolServerSpec server, CancellationToken cancel = default) => Connection(server).ToolsAsync(cancel);

    /// <summary>Ends connections and programs.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (ToolServerSpec server in _connections.Keys) await CloseAsync(server).ConfigureAwait(false);
    }

    internal ToolConnection Connection(ToolServerSpec server) => _connections.GetOrAdd(server, s => new Lazy<ToolConnection>(() => new ToolConnection(s))).Value;

    /// <summary>The servers as the list has them; connections of those that were changed or taken out are ended.</summary>
    internal async Task<IReadOnlyList<ToolServerSpec>> CurrentAsync()
    {
        IReadOnlyList<ToolServerSpec> now = _servers.List();
        foreach (ToolServerSpec gone in _connections.Keys.Where(s => !now.Contains(s, ReferenceEqualityComparer.Instance)).ToArray()) await CloseAsync(gone).ConfigureAwait(false);
        return now;
    }

    private async Task CloseAsync(ToolServerSpec server)
    {
        if (_connections.TryRemove(server, out Lazy<ToolConnection>? connection)) await connection.Value.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>The tools of one conversation.</summary>
internal sealed class ToolSession(ToolService service, bool isAdmin) : IToolCalls
{
    /// <summary>The most calls of a turn.</summary>
    public const int MostCalls = 16;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64 };

    private readonly ConcurrentDictionary<string, (ServerTool Tool, ToolServerSpec Server)> _offered = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _always = new(StringComparer.Ordinal);
    private List<string> _problems = [];
    private int _calls;

    public IReadOnlyList<string> Problems => _problems;

    public async Task<IReadOnlyList<Tool>> OfferAsync(CancellationToken cancel = default)
    {
        var problems = new List<string>();
        var found = new List<(ServerTool Tool, ToolServerSpec Server)>();
        foreach (ToolServerSpec server in (await service.CurrentAsync().ConfigureAwait(false)).Where(s => (isAdmin || s.ForUsers) && s.Tools.Count > 0))
        {
            try
            {
                found.AddRange((await service.ToolsAsync(server, cancel).ConfigureAwait(false)).Where(t => t.IsAllowed).Select(t => (t, server)));
            }
            catch (ToolException e)
            {
                problems.Add(e.Message);
            }
        }
        _problems = problems;
        _offered.Clear();
        foreach ((ServerTool Tool, ToolServerSpec Server) one in found) _offered[one.Tool.FullName] = one;
        return [.. found.Select(f => new Tool(f.Tool.FullName, f.Tool.Description, f.Tool.Schema))];
    }

    public void BeginTurn() => _calls = 0;

    public async Task<ToolResult> CallAsync(ToolCall call, ConfirmCall confirm, CancellationToken cancel = default)
    {
        if (!_offered.TryGetValue(call.Name, out (ServerTool Tool, ToolServerSpec Server) found)) return Failed($"There is no tool '{ToolConnection.Clean(call.Name, 100)}'.");
        if (Interlocked.Increment(ref _calls) > MostCalls) return Failed($"No more than {MostCalls} calls are made in a turn. Answer with what is known.");
        Dictionary<string, JsonElement>? arguments = Arguments(call.Arguments, out string readable);
        if (arguments is null) return Failed("The arguments are no JSON object.");
        if (!_always.ContainsKey(call.Name))
        {
            switch (await confirm(new PendingCall(call.Id, found.Tool, readable), cancel).ConfigureAwait(false))
            {
                case ToolDecision.No: return Failed("The user did not allow this call.");
                case ToolDecision.Always: _always[call.Name] = true; break;
                default: break;
            }
        }
        try
        {
            return await service.Connection(found.Server).CallAsync(found.Tool.Name, arguments, cancel).ConfigureAwait(false);
        }
        catch (ToolException e)
        {
            return Failed(e.Message);
        }
    }

    private static ToolResult Failed(string why) => new(why, true);

    private static Dictionary<string, JsonElement>? Arguments(string json, out string readable)
    {
        readable = "";
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Length == 0 ? "{}" : json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return null;
            var arguments = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!arguments.TryAdd(property.Name, property.Value.Clone())) return null;           // what is shown must be what is sent
            }
            readable = JsonSerializer.Serialize(arguments, Readable);
            return arguments;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
