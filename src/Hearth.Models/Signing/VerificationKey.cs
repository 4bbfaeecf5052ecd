using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hearth.Models.Formats;

namespace Hearth.Models.Signing;

/// <summary>A public key that signatures are checked with.</summary>
public sealed class VerificationKey : IEquatable<VerificationKey>
{
    private readonly byte[] _subjectPublicKeyInfo;

    private VerificationKey(ECDsa key, KeyCurve curve)
    {
        Curve = curve;
        _subjectPublicKeyInfo = key.ExportSubjectPublicKeyInfo();
        Fingerprint = Digest.Of(ToPem());
    }

    /// <summary>Its curve, and with it the hash that signatures are made over.</summary>
    public KeyCurve Curve { get; }

    /// <summary>SHA-256 of <see cref="ToPem"/>, in hexadecimal: the hint by which a bundle names the key that signed it.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a PEM file with a public key, or with a certificate, whose key it then is.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">It is missing, holds something else, or a key of another kind.</exception>
    public static VerificationKey Load(string path)
    {
        foreach ((string label, byte[] bytes) in PemFile.Read(path, "a public key"))
        {
            if (label == "PUBLIC KEY") return FromSubjectPublicKeyInfo(bytes, path);
            if (label == "CERTIFICATE") return FromCertificate(bytes, path);
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                throw new ModelFileException(path, "is a private key, expected the public one. Give the file beside it that ends in .pub, and keep this one to yourself.");
        }
        throw new ModelFileException(path, "has neither a PUBLIC KEY nor a CERTIFICATE. Give a PEM file with a public key.");
    }

    /// <summary>The key of a certificate.</summary>
    /// <param name="certificate">The certificate, DER.</param>
    /// <param name="path">Where it is from, for messages.</param>
    /// <exception cref="ModelFileException">It is no certificate, or its key is of another kind.</exception>
    public static VerificationKey FromCertificate(ReadOnlySpan<byte> certificate, string path)
    {
        try
        {
            using X509Certificate2 read = X509CertificateLoader.LoadCertificate(certificate);
            return FromSubjectPublicKeyInfo(read.PublicKey.ExportSubjectPublicKeyInfo(), path);
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            throw new ModelFileException(path, $"holds a certificate that can not be read: {e.Message} It is damaged, or not X.509.", e);
        }
    }

    /// <summary>The key as PEM: a SubjectPublicKeyInfo (RFC 5480) in lines of 64 characters.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", _subjectPublicKeyInfo) + "\n";

    /// <summary>Whether a signature was made over these bytes with this key's private half.</summary>
    /// <param name="message">The bytes.</param>
    /// <param name="signature">The signature: ECDSA's two numbers in DER (RFC 3279).</param>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using ECDsa key = Import(_subjectPublicKeyInfo);
        return key.VerifyData(message, signature, Curve.Hash(), DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>Whether both are the same key.</summary>
    public bool Equals(VerificationKey? other) => other is not null && Fingerprint == other.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerificationKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);

    /// <summary>The public half of a private key.</summary>
    internal static VerificationKey Of(ECDsa key, string path) => KeyCurves.Of(key) is { } curve
        ? new VerificationKey(key, curve)
        : throw new ModelFileException(path, "has a key on another curve, expected P-256, P-384 or P-521. Make one with `hearth key generate`.");

    /// <summary>A key from its DER.</summary>
    internal static VerificationKey FromSubjectPublicKeyInfo(ReadOnlySpan<byte> bytes, string path)
    {
        try
        {
            using ECDsa key = Import(bytes);
            return Of(key, path);
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            throw new ModelFileException(path,
                $"has a public key that can not be used: {e.Message} Expected an elliptic-curve key on P-256, P-384 or P-521.", e);
        }
    }

    /// <summary>SHA-256 of the key's DER, which some programs use as hint.</summary>
    internal string DerFingerprint => Digest.Of(_subjectPublicKeyInfo);

    private static ECDsa Import(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out int read);
            if (read != subjectPublicKeyInfo.Length) throw new CryptographicException("there are bytes after its end.");
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
