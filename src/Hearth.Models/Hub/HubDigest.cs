using System.Security.Cryptography;
using System.Text;

namespace Hearth.Models.Hub;

/// <summary>The digest of a file as it comes: SHA-256, and Git's own where the hub knows the file by that.</summary>
/// <param name="file">The file, with its length.</param>
internal sealed class HubDigest(HubFile file) : IDisposable
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash? _git = file.Sha256 is null ? BeginGit(file.Bytes!.Value) : null;

    /// <summary>Adds the next bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _git?.AppendData(bytes);
    }

    /// <summary>The SHA-256 of all bytes added, and whether they are the file's.</summary>
    public (string Sha256, bool Matches) End()
    {
        string sha256 = Convert.ToHexStringLower(_sha256.GetHashAndReset());
        return (sha256, _git is null ? sha256 == file.Sha256 : Convert.ToHexStringLower(_git.GetHashAndReset()) == file.GitSha1);
    }

    public void Dispose()
    {
        _sha256.Dispose();
        _git?.Dispose();
    }

    /// <summary>Git names a file by the SHA-1 of "blob", its length, a zero byte and its bytes (Git's own documentation, gitformat-pack).</summary>
    private static IncrementalHash BeginGit(long length)
    {
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {length}\0"));
        return hash;
    }
}
