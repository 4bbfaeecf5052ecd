using System.Security.Cryptography;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;

namespace Hearth.Server.Models;

/// <summary>The digest of what a model's answers depend on: of its file, or of the list of a folder's files with weights, sizes, tokenizer and template.</summary>
public static class ModelDigest
{
    private const int Piece = 1 << 20;

    /// <summary>The digest.</summary>
    /// <param name="path">The model's file or folder.</param>
    /// <param name="progress">Is told the bytes read and the bytes there are.</param>
    /// <param name="cancel">Ends it.</param>
    public static string Of(string path, Action<long, long>? progress = null, CancellationToken cancel = default)
    {
        if (File.Exists(path))
        {
            IReadOnlyList<string> parts = ModelFolder.PartsOf(path);
            var one = new Reading(parts, progress, cancel);
            return parts.Count == 1 ? one.Digest(parts[0]) : Digest.Of(string.Join('\n', parts.Select(f => $"{Path.GetFileName(f)} {one.Digest(f)}")));
        }
        string[] files =
        [
            .. Directory.GetFiles(ModelFolder.Resolve(path)).Order(StringComparer.Ordinal).Where(f => f.EndsWith(".safetensors", StringComparison.Ordinal)
                || f.EndsWith(".json", StringComparison.Ordinal) || f.EndsWith(".jinja", StringComparison.Ordinal)),
        ];
        var all = new Reading(files, progress, cancel);
        return Digest.Of(string.Join('\n', files.Select(f => $"{Path.GetFileName(f)} {all.Digest(f)}")));
    }

    private sealed class Reading(IEnumerable<string> files, Action<long, long>? progress, CancellationToken cancel)
    {
        private readonly long _total = files.Sum(f => new FileInfo(f).Length);
        private readonly byte[] _piece = new byte[Piece];
        private long _done;

        public string Digest(string path)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            while (stream.Read(_piece) is > 0 and var read)
            {
                cancel.ThrowIfCancellationRequested();
                hash.AppendData(_piece, 0, read);
                progress?.Invoke(_done += read, _total);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}
