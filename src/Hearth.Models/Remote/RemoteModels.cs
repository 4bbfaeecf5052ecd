using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Hearth.Models.Signing;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Remote;

/// <summary>
/// The remote models that are registered under a home, in <see cref="FileName"/>. The file is read again when it changes, so that a running server
/// learns of them. Safe for use by several threads.
/// </summary>
/// <param name="home">HEARTH_HOME.</param>
public sealed class RemoteModels(string home) : IDisposable
{
    /// <summary>The list's name in its folder.</summary>
    public const string FileName = "remote-models.json";

    private const int MostModels = 1000, MostBytes = 1 << 20, LongestPatience = 24 * 60 * 60;

    private static readonly System.Text.Json.JsonSerializerOptions Indented = new(JsonFile.OneLine) { WriteIndented = true, NewLine = "\n" };

    private readonly string _path = Path.Combine(home, FileName);
    private readonly HttpClient _http = RemoteConnection.NewClient();
    private readonly WatchedFile<IReadOnlyList<RemoteSpec>> _models = new(Path.Combine(home, FileName), Read, []);

    /// <summary>All of them, by name (ordinal).</summary>
    /// <exception cref="ModelFileException">The list is damaged.</exception>
    public IReadOnlyList<RemoteSpec> List() => _models.Value;

    /// <summary>A model that can be asked; null when there is none of the name.</summary>
    /// <param name="name">Its name here.</param>
    public RemoteModel? Open(string name) => List().FirstOrDefault(m => m.Name == name) is { } spec ? new RemoteModel(spec, _http) : null;

    /// <summary>When the list was last changed, in seconds since 1970.</summary>
    public long Changed => new DateTimeOffset(File.GetLastWriteTimeUtc(_path)).ToUnixTimeSeconds();

    /// <summary>Registers a model.</summary>
    /// <param name="model">The model; one of its name is replaced.</param>
    public void Add(RemoteSpec model) => Write([.. List().Where(m => m.Name != model.Name), model]);

    /// <summary>Takes a model from the list.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>False when there was none.</returns>
    public bool Remove(string name)
    {
        IReadOnlyList<RemoteSpec> all = List();
        if (!all.Any(m => m.Name == name)) return false;
        Write(all.Where(m => m.Name != name));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static IReadOnlyList<RemoteSpec> Read(string path) => JsonFile.Read(SmallFile.Read(path, MostBytes, "Register the models again with `hearth model remote add`."), path, "a list of remote models", root =>
    {
        root.Only("models");
        return (IReadOnlyList<RemoteSpec>)[.. root["models"].Items(MostModels).Select(One).OrderBy(m => m.Name, StringComparer.Ordinal)];
    });

    private static RemoteSpec One(Field field)
    {
        field.Only("name", "url", "model", "keyVariable", "keyFile", "patienceSeconds");
        RemoteSpec spec = RemoteSpec.Parse(field["name"].Text(), field["url"].Text(), field["model"].Text()).WithKey(Maybe(field["keyVariable"]), Maybe(field["keyFile"]));
        return field["patienceSeconds"].IsMissing ? spec : spec with { Patience = TimeSpan.FromSeconds(Math.Max(1, field["patienceSeconds"].Number(LongestPatience))) };
    }

    private static string? Maybe(Field field) => field.IsMissing ? null : field.Text();

    private void Write(IEnumerable<RemoteSpec> models)
    {
        Directory.CreateDirectory(home);
        AtomicFile.WriteText(_path, new JsonObject
        {
            ["models"] = new JsonArray([.. models.OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => new JsonObject
            {
                ["name"] = m.Name,
                ["url"] = m.Address.ToString(),
                ["model"] = m.Model,
                ["keyVariable"] = m.KeyVariable,
                ["keyFile"] = m.KeyFile,
                ["patienceSeconds"] = (int)m.Patience.TotalSeconds,
            })]),
        }.ToJsonString(Indented) + "\n");
        _models.Forget();
    }
}
