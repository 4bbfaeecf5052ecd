using System.Globalization;
using System.Text.RegularExpressions;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Gguf;

/// <summary>A model in one GGUF file, or split over several named <c>NAME-00001-of-00003.gguf</c> and read as one.</summary>
public sealed partial class GgufModel : IWeightSource
{
    internal const string SplitNumberKey = "split.no";
    internal const string SplitCountKey = "split.count";
    internal const string SplitTensorsKey = "split.tensors.count";
    private const int MostFiles = 1_000;

    private readonly List<GgufFile> _files = [];
    private readonly SortedDictionary<string, GgufFile> _fileOf = new(StringComparer.Ordinal);

    private GgufModel(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>The key-value pairs of the model: those of its first file.</summary>
    public GgufMetadata Metadata => _files[0].Metadata;

    /// <summary>The files, in order.</summary>
    public IReadOnlyList<GgufFile> Files => _files;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; private set; } = [];

    /// <summary>Opens a model and checks the headers of all its files.</summary>
    /// <param name="path">Its file, or the first of several.</param>
    /// <exception cref="ModelFileException">A file is missing, cut short, altered or of another kind, or they do not fit one
    /// another.</exception>
    public static GgufModel Open(string path)
    {
        var model = new GgufModel(path);
        try
        {
            model.OpenFiles();
            model.Names = [.. model._fileOf.Keys];
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public StoredTensor? Find(string name) => _fileOf.TryGetValue(name, out GgufFile? file) ? file.Find(name) : null;

    /// <summary>Closes every file.</summary>
    public void Dispose()
    {
        foreach (GgufFile file in _files) file.Dispose();
    }

    /// <summary>The name of a part: <c>NAME-00002-of-00003.gguf</c>.</summary>
    internal static string PartName(string name, int number, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-{number:D5}-of-{count:D5}.gguf");

    private void OpenFiles()
    {
        GgufFile first = Add(Path);
        int count = Metadata.Whole(SplitCountKey, 0, MostFiles, 0);
        if (count <= 1) return;
        Match name = Part().Match(System.IO.Path.GetFileName(Path));
        int number = Metadata.Whole(SplitNumberKey, 0, count - 1);
        if (!name.Success || name.Groups["count"].Value != count.ToString("D5", CultureInfo.InvariantCulture))
        {
            throw new ModelFileException(Path, $"key '{SplitCountKey}' says that this is one of {count} files, expected a name such as "
                + $"'{PartName("model", 1, count)}'. Give the files the names they came with.");
        }
        string folder = System.IO.Path.GetDirectoryName(Path) ?? "", plain = name.Groups["name"].Value;
        if (number != 0)
        {
            throw new ModelFileException(Path,
                $"is file {number + 1} of {count} of a split model. Give the first, '{PartName(plain, 1, count)}'.");
        }
        for (int i = 1; i < count; i++)
        {
            GgufFile part = Add(System.IO.Path.Combine(folder, PartName(plain, i + 1, count)));
            if (part.Metadata.Whole(SplitNumberKey, 0, MostFiles) != i || part.Metadata.Whole(SplitCountKey, 0, MostFiles) != count)
            {
                throw part.Metadata.Bad(SplitNumberKey, part.Metadata.Describe(SplitNumberKey),
                    $"{i}, of {count}, as the file's name says");
            }
        }
        int tensors = Metadata.Whole(SplitTensorsKey, 0, int.MaxValue, _fileOf.Count);
        if (tensors != _fileOf.Count)
            throw first.Metadata.Bad(SplitTensorsKey, $"{tensors:N0}", $"{_fileOf.Count:N0}, as the {count} files hold");
    }

    private GgufFile Add(string path)
    {
        GgufFile file = GgufFile.Open(path);
        _files.Add(file);
        foreach (GgufTensor tensor in file.Tensors)
        {
            if (_fileOf.TryAdd(tensor.Name, file)) continue;
            throw new ModelFileException(path,
                $"tensor '{Show.Name(tensor.Name)}' stands in '{System.IO.Path.GetFileName(_fileOf[tensor.Name].Path)}' as well. "
                + "The files come from different models.");
        }
        return file;
    }

    [GeneratedRegex(@"^(?<name>.+)-[0-9]{5}-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Part();
}
