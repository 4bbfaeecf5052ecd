using System.Security.Cryptography;

namespace Hearth.Models.Signing;

/// <summary>The elliptic curves of OpenSSF Model Signing 1.0 (algorithm registry, "Signing Key Types"; FIPS 186-5).</summary>
public enum KeyCurve
{
    /// <summary>P-256 (secp256r1), signed with SHA-256.</summary>
    P256,

    /// <summary>P-384 (secp384r1), signed with SHA-384.</summary>
    P384,

    /// <summary>P-521 (secp521r1), signed with SHA-512.</summary>
    P521,
}

/// <summary>What belongs to a curve.</summary>
internal static class KeyCurves
{
    /// <summary>The curve as the platform names it.</summary>
    public static ECCurve Named(this KeyCurve curve) => curve switch
    {
        KeyCurve.P256 => ECCurve.NamedCurves.nistP256,
        KeyCurve.P384 => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    };

    /// <summary>The hash that a signature on this curve is made over.</summary>
    public static HashAlgorithmName Hash(this KeyCurve curve) => curve switch
    {
        KeyCurve.P256 => HashAlgorithmName.SHA256,
        KeyCurve.P384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    /// <summary>The curve of a key; null when it is none of these.</summary>
    public static KeyCurve? Of(ECDsa key)
    {
        ECCurve curve = key.ExportParameters(includePrivateParameters: false).Curve;
        if (!curve.IsNamed) return null;
        return curve.Oid.Value switch
        {
            "1.2.840.10045.3.1.7" => KeyCurve.P256,
            "1.3.132.0.34" => KeyCurve.P384,
            "1.3.132.0.35" => KeyCurve.P521,
            _ => null,
        };
    }
}
