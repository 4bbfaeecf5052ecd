using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hearth.Models.Formats;

namespace Hearth.Server.Tools;

/// <summary>The tool servers of a home, in <see cref="FileName"/>. The file is read again when it changes. Safe for use by several threads.</summary>
/// <param name="home">HEARTH_HOME.</param>
public sealed class ToolServers(string home)
{
    /// <summary>The list's name in its folder.</summary>
    public const string FileName = "mcp.json";

    private const int MostServers = 100, MostBytes = 1 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 16,
    };

    private readonly string _path = Path.Combine(home, FileName);
    private readonly WatchedFile<IReadOnlyList<ToolServerSpec>> _servers = new(Path.Combine(home, FileName), Read, []);

    /// <summary>All of them, by name (ordinal).</summary>
    /// <exception cref="ToolException">The list is damaged.</exception>
    public IReadOnlyList<ToolServerSpec> List() => _servers.Value;

    /// <summary>Adds a server.</summary>
    /// <param name="server">The server; one of its name is replaced.</param>
    public void Add(ToolServerSpec server) => Write([.. List().Where(s => s.Name != server.Name), server.Checked()]);

    /// <summary>Takes a server from the list.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>False when there was none.</returns>
    public bool Remove(string name)
    {
        IReadOnlyList<ToolServerSpec> all = List();
        if (!all.Any(s => s.Name == name)) return false;
        Write([.. all.Where(s => s.Name != name)]);
        return true;
    }

    private static ToolServerSpec[] Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes) throw new ToolException("?", $"can not be had: {path} has more than {MostBytes:N0} bytes.");
            ToolFile file = JsonSerializer.Deserialize<ToolFile>(File.ReadAllBytes(path), Json)!;
            if (file.Servers.Count > MostServers) throw new ToolException("?", $"can not be had: {path} has more than {MostServers} servers.");
            ToolServerSpec[] servers = [.. file.Servers.Select(s => s.Checked()).OrderBy(s => s.Name, StringComparer.Ordinal)];
            return servers.GroupBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice
                ? throw new ToolException(twice.Key, $"stands twice in {path}. Take one out.") : servers;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException("?", $"can not be had: {path} can not be read: {e.Message} Mend it, or add the servers again with `hearth mcp add`.", e);
        }
    }

    private void Write(IEnumerable<ToolServerSpec> servers)
    {
        Directory.CreateDirectory(home);
        var file = new ToolFile([.. servers.OrderBy(s => s.Name, StringComparer.Ordinal)]);
        AtomicFile.WriteText(_path, JsonSerializer.Serialize(file, Json) + "\n");
        _servers.Forget();
    }

    private sealed record ToolFile([property: JsonRequired] IReadOnlyList<ToolServerSpec> Servers);
}
