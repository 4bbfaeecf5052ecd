using System.IO.Compression;
using System.Text;
using Hearth.Data.Corpora;

namespace Hearth.Data.Tests.Corpora;

/// <summary>A folder of its own for a test, gone afterwards.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hearth-corpus-").FullName;

    /// <summary>A corpus of everything in the folder <c>corpus</c> below this one.</summary>
    public static CorpusSpec Spec { get; } = new("c", "corpus", "a test", "none");

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public void Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllBytes(At(name), bytes);
    }

    public Corpus Load(CorpusSpec? spec = null, HeldOutSpec? heldOut = null, IReadOnlySet<string>? removed = null) =>
        Corpus.Load([spec ?? Spec], heldOut ?? new HeldOutSpec(0, 0), Path, seed: 1, removed);

    /// <summary>The one problem there is, as it is shown.</summary>
    public CorpusProblem OneProblem(CorpusSpec? spec = null) => Load(spec).Report.Problems.Single();

    public static byte[] Gzip(byte[] bytes)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal)) gzip.Write(bytes);
        return compressed.ToArray();
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
