using System.Security.Cryptography;
using System.Text;

namespace Hearth.Models.Signing;

/// <summary>A private key: signs with ECDSA and the hash that belongs to its curve.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa _key;

    private SigningKey(ECDsa key, string path)
    {
        _key = key;
        Public = VerificationKey.Of(key, path);
    }

    /// <summary>The half that signatures are checked with.</summary>
    public VerificationKey Public { get; }

    /// <summary>A new key, from the operating system's randomness.</summary>
    /// <param name="curve">Its curve.</param>
    public static SigningKey Generate(KeyCurve curve) => new(ECDsa.Create(curve.Named()), "the new key");

    /// <summary>Reads a PEM file: PKCS #8 (<c>PRIVATE KEY</c>) or SEC 1 (<c>EC PRIVATE KEY</c>), not encrypted.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">It is missing, holds something else, or a key of another kind.</exception>
    public static SigningKey Load(string path)
    {
        foreach ((string label, byte[] bytes) in PemFile.Read(path, "a private key"))
        {
            if (label == "PRIVATE KEY") return Import(path, bytes, static (key, der) => key.ImportPkcs8PrivateKey(der, out _));
            if (label == "EC PRIVATE KEY") return Import(path, bytes, static (key, der) => key.ImportECPrivateKey(der, out _));
            if (label == "ENCRYPTED PRIVATE KEY")
                throw new ModelFileException(path, "is encrypted, which Hearth does not read. Decrypt it with `openssl pkcs8`, or make another with `hearth key generate`.");
        }
        throw new ModelFileException(path, "has no private key, expected a PEM block PRIVATE KEY or EC PRIVATE KEY. Make one with `hearth key generate`.");
    }

    /// <summary>The key as PEM: PKCS #8, not encrypted.</summary>
    public string ToPem() => _key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>Writes the key to a new file that only its owner may read.</summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <exception cref="IOException">There is one already, or the folder can not be written.</exception>
    public void Save(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(path, options);
        stream.Write(Encoding.ASCII.GetBytes(ToPem()));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Signs some bytes. Two signatures of the same bytes differ; both hold.</summary>
    /// <param name="message">The bytes.</param>
    /// <returns>ECDSA's two numbers in DER (RFC 3279).</returns>
    public byte[] Sign(ReadOnlySpan<byte> message) => _key.SignData(message, Public.Curve.Hash(), DSASignatureFormat.Rfc3279DerSequence);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static SigningKey Import(string path, byte[] der, Action<ECDsa, byte[]> import)
    {
        var key = ECDsa.Create();
        try
        {
            import(key, der);
            return new SigningKey(key, path);
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            key.Dispose();
            throw new ModelFileException(path,
                $"has a private key that can not be used: {e.Message} Expected an elliptic-curve key; make one with `hearth key generate`.", e);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
