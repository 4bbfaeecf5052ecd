using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hearth.Server.Tests;

/// <summary>Certificates of localhost in files, as people have them.</summary>
internal static class Certificates
{
    /// <summary>Writes one.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="until">When it ends, from now.</param>
    /// <returns>The paths of the certificate and of its key, and the thumbprint.</returns>
    public static (string Certificate, string Key, string Thumbprint) Write(string folder, TimeSpan until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow + until);
        string name = Path.Combine(folder, Guid.NewGuid().ToString("N")), keyName = name + ".key";
        File.WriteAllText(name + ".pem", certificate.ExportCertificatePem());
        File.WriteAllText(keyName, key.ExportPkcs8PrivateKeyPem());
        return (name + ".pem", keyName, certificate.Thumbprint);
    }
}
