using System.Text.Json;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>
/// The weights of a model folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists, read as one.
/// </summary>
public sealed class SafetensorsModel : IWeightSource
{
    /// <summary>The name of a model's weights in one file.</summary>
    public const string SingleName = "model.safetensors";

    /// <summary>The name of the file that says which shard holds which tensor.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private const int MaxIndexBytes = 100_000_000;
    private const int MaxShards = 1_000;
    private const string NextStep = "The index was altered or belongs to another model; download the model again.";

    private readonly SortedDictionary<string, SafetensorsFile> _shards = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SafetensorsFile> _fileOf = new(StringComparer.Ordinal);

    private SafetensorsModel(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; private set; } = [];

    /// <summary>Every tensor of the model, sorted by name (ordinal).</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; private set; } = [];

    /// <summary>The files, sorted by name (ordinal).</summary>
    public IReadOnlyList<SafetensorsFile> Files => [.. _shards.Values];

    /// <summary>Opens a model folder and checks the headers of all its weight files.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="ModelFileException">A file is missing, cut short or altered, or the index does not fit the shards.</exception>
    public static SafetensorsModel Open(string folder)
    {
        string single = System.IO.Path.Combine(folder, SingleName), index = System.IO.Path.Combine(folder, IndexName);
        bool sharded = !File.Exists(single) && File.Exists(index);
        var model = new SafetensorsModel(sharded ? index : single);
        try
        {
            if (sharded) model.OpenShards(folder, ReadIndex(index));
            else model.OpenSingle(single);
            model.Names = [.. model._fileOf.Keys];
            model.Entries = [.. model._fileOf.Select(pair => pair.Value.Entry(pair.Key))];
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>True when the model has a tensor of that name.</summary>
    /// <param name="name">The tensor's name.</param>
    public bool Has(string name) => _fileOf.ContainsKey(name);

    /// <summary>The file that holds a tensor, through which it is read.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="ModelFileException">There is no tensor of that name.</exception>
    public SafetensorsFile FileOf(string name) => _fileOf.TryGetValue(name, out SafetensorsFile? file)
        ? file
        : throw new ModelFileException(Path, $"there is no tensor '{Show.Name(name)}' among the model's {_fileOf.Count:N0}. "
            + "The weights and config.json come from different models, or part of the model is missing.");

    /// <summary>Reads a tensor as singles; see <see cref="SafetensorsFile.Read(string, Span{float})"/>.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="into">As many elements as the tensor has.</param>
    /// <exception cref="ModelFileException">No such tensor, another type or size, or a file can not be read.</exception>
    public void Read(string name, Span<float> into) => FileOf(name).Read(name, into);

    /// <inheritdoc/>
    public StoredTensor? Find(string name) => _fileOf.TryGetValue(name, out SafetensorsFile? file) ? file.Stored(name) : null;

    /// <summary>Closes every file.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _shards.Values) file.Dispose();
    }

    private void OpenSingle(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        _shards.Add(SingleName, file);
        foreach (SafetensorsEntry entry in file.Entries) _fileOf.Add(entry.Name, file);
    }

    private void OpenShards(string folder, SortedDictionary<string, string> shardOf)
    {
        foreach ((string name, string shard) in shardOf)
        {
            if (!_shards.TryGetValue(shard, out SafetensorsFile? file))
            {
                if (_shards.Count == MaxShards) throw Fail(Path, $"more than {MaxShards:N0} shards are listed. {NextStep}");
                file = SafetensorsFile.Open(System.IO.Path.Combine(folder, shard));
                _shards.Add(shard, file);
            }
            if (!file.Has(name))
            {
                throw Fail(Path, $"tensor '{Show.Name(name)}' should be in '{shard}', which does not have it. {NextStep}");
            }
            _fileOf.Add(name, file);
        }
    }

    private static SortedDictionary<string, string> ReadIndex(string path)
    {
        var shardOf = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaxIndexBytes)
            {
                throw Fail(path, $"the index has {stream.Length:N0} bytes; {MaxIndexBytes:N0} is the most. {NextStep}");
            }
            using JsonDocument json = JsonDocument.Parse(stream);
            if (json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            {
                throw Fail(path, $"there is no object 'weight_map' of tensor names and file names. {NextStep}");
            }
            foreach (JsonProperty pair in map.EnumerateObject())
            {
                string? shard = pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString() : null;
                if (shard is null || !IsPlainName(shard))
                {
                    string found = Show.Name(shard ?? pair.Value.ValueKind.ToString());
                    throw Fail(path, $"tensor '{Show.Name(pair.Name)}' is mapped to '{found}', "
                        + $"expected the name of a .safetensors file in the same folder. {NextStep}");
                }
                if (!shardOf.TryAdd(pair.Name, shard)) throw Fail(path, $"tensor '{Show.Name(pair.Name)}' is listed twice. {NextStep}");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(path, $"not valid JSON: {e.Message} {NextStep}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"the file can not be read: {e.Message} Check that you may read it.", e);
        }
        return shardOf.Count > 0 ? shardOf : throw Fail(path, $"'weight_map' lists no tensor. {NextStep}");
    }

    // Letters, digits and a few marks: no separator of any system, no drive, no "..", nothing that could leave the folder.
    private static bool IsPlainName(string name) =>
        name.Length <= 255 && name.EndsWith(".safetensors", StringComparison.Ordinal) && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+');

    private static ModelFileException Fail(string path, string problem) => new(path, problem);
}
