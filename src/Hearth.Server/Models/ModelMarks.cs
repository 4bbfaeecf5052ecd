using System.Text.Json;
using Hearth.Models.Formats;
using Hearth.Server.Hosting;

namespace Hearth.Server.Models;

/// <summary>What was found out about a model with much reading, so that it need not be read again while its files stay as they are.</summary>
/// <param name="Digest">SHA-256 of what answers depend on; null when it was not computed.</param>
/// <param name="Holds">Whether the signature holds; null when it was not checked.</param>
/// <param name="Signer">Who signed it, as the check showed.</param>
public sealed record ModelMark(string? Digest = null, bool? Holds = null, string? Signer = null);

/// <summary>Keeps marks of models, each with the lengths and times of the model's files when it was made. Safe for use by several threads.</summary>
/// <param name="options">Where the server keeps things.</param>
public sealed class ModelMarks(ServerOptions options)
{
    private const int MostMarks = 2000, MostFiles = 10_000;
    private const long MostBytes = 16 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", MaxDepth = 8 };

    private readonly Lock _gate = new();
    private readonly string _file = Path.Combine(options.Home, "model-marks.json");
    private SortedDictionary<string, Stamped>? _marks;

    /// <summary>What is known of a model as its files are now; null for nothing.</summary>
    /// <param name="path">The model's file or folder.</param>
    public ModelMark? Find(string path)
    {
        string stamp = StampOf(path);
        lock (_gate) return Marks.TryGetValue(path, out Stamped? mark) && mark.Stamp == stamp ? mark.Mark : null;
    }

    /// <summary>Adds to what is known of a model.</summary>
    /// <param name="path">The model's file or folder.</param>
    /// <param name="stamp">Its stamp before it was read: what changed meanwhile makes no mark.</param>
    /// <param name="change">The new mark, given the one there was.</param>
    public void Set(string path, string stamp, Func<ModelMark, ModelMark> change)
    {
        if (StampOf(path) != stamp) return;
        lock (_gate)
        {
            ModelMark before = Marks.TryGetValue(path, out Stamped? old) && old.Stamp == stamp ? old.Mark : new ModelMark();
            Marks[path] = new Stamped(stamp, change(before));
            foreach (string gone in (string[])[.. Marks.Keys.Where(p => Marks.Count > MostMarks || !Path.Exists(p))]) Marks.Remove(gone);
            AtomicFile.WriteText(_file, JsonSerializer.Serialize(Marks, Json) + "\n");
        }
    }

    /// <summary>Lengths and times of a model's files, as one digest.</summary>
    /// <param name="path">The model's file or folder.</param>
    public static string StampOf(string path)
    {
        IEnumerable<string> files = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Take(MostFiles) : Hearth.Models.Bundles.ModelFolder.PartsOf(path);
        return Digest.Of(string.Join('\n', files.Order(StringComparer.Ordinal).Select(f => new FileInfo(f)).Where(f => f.Exists)
            .Select(f => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"))));
    }

    private SortedDictionary<string, Stamped> Marks => _marks ??= Read();

    private SortedDictionary<string, Stamped> Read()
    {
        try
        {
            var file = new FileInfo(_file);
            if (file.Exists && file.Length < MostBytes && JsonSerializer.Deserialize<SortedDictionary<string, Stamped>>(File.ReadAllBytes(_file), Json) is { } read)
            {
                return new SortedDictionary<string, Stamped>(read.Where(m => m.Value is { Stamp: not null, Mark: not null }).ToDictionary(), StringComparer.Ordinal);
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // It can all be found out again.
        }
        return new SortedDictionary<string, Stamped>(StringComparer.Ordinal);
    }

    private sealed record Stamped(string Stamp, ModelMark Mark);
}
