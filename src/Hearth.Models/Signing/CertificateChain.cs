using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hearth.Models.Signing;

/// <summary>X.509 certificates of a PEM file: those that a verifier trusts, or those that a signer sends along.</summary>
/// <param name="File">The file.</param>
/// <param name="Certificates">DER, in the file's order; at least one.</param>
public sealed record CertificateChain(string File, IReadOnlyList<ReadOnlyMemory<byte>> Certificates)
{
    private const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    /// <summary>Reads a PEM file. What it holds besides certificates is passed over.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">It is missing or has no certificate.</exception>
    public static CertificateChain Load(string path)
    {
        ReadOnlyMemory<byte>[] certificates =
            [.. PemFile.Read(path, "certificates").Where(b => b.Label == "CERTIFICATE").Select(b => (ReadOnlyMemory<byte>)b.Bytes)];
        return certificates.Length > 0
            ? new CertificateChain(path, certificates)
            : throw new ModelFileException(path, "has no CERTIFICATE, expected at least one. Give a PEM file with certificates.");
    }

    /// <summary>These certificates as a bundle's name of its signer.</summary>
    /// <param name="key">The key that signs; the first certificate must be its.</param>
    /// <exception cref="ModelFileException">The first certificate is another key's.</exception>
    internal CertificateName For(SigningKey key)
    {
        VerificationKey certified = VerificationKey.FromCertificate(Certificates[0].Span, File);
        return certified.Equals(key.Public)
            ? new CertificateName(Certificates)
            : throw new ModelFileException(File, $"begins with a certificate for the key {certified.Fingerprint}, and the signing key is {key.Public.Fingerprint}. "
                + "Put the signing key's own certificate first.");
    }

    /// <summary>Who signed a bundle, once it is certain that the signing certificate leads to a self-signed certificate among these.</summary>
    /// <remarks>
    /// As the reference implementation does it: the chain has to hold at the moment the signing certificate began to be valid, since a
    /// signature does not say when it was made; the certificate has to be for digital signatures or for signing code. Nothing is asked
    /// over the network: no revocation, no missing certificates. Intermediate certificates may come from the bundle or from here.
    /// </remarks>
    /// <param name="bundle">The bundle.</param>
    /// <exception cref="SignatureException">The bundle has no certificates, or its certificate is not trusted or not for signing.</exception>
    /// <exception cref="ModelFileException">A certificate can not be read.</exception>
    public SigningCertificate SignerOf(SignatureBundle bundle)
    {
        if (bundle.Signer is not CertificateName sent)
        {
            throw new SignatureException(bundle.File,
                $"carries no chain of certificates; it names {bundle.Signer.Description}. Verify it with the signer's public key instead.");
        }
        using var loaded = new LoadedCertificates();
        X509Certificate2 signing = loaded.Add(sent.Certificates[0], bundle.File);
        X509Certificate2[] between = [.. sent.Certificates.Skip(1).Select(c => loaded.Add(c, bundle.File))];
        X509Certificate2[] trusted = [.. Certificates.Select(c => loaded.Add(c, File))];
        try
        {
            return Check(signing, between, trusted, bundle.File);
        }
        catch (CryptographicException e)
        {
            throw new ModelFileException(bundle.File, $"carries a certificate that can not be read: {e.Message} It is damaged; get the signature again.", e);
        }
    }

    private SigningCertificate Check(X509Certificate2 signing, X509Certificate2[] between, X509Certificate2[] trusted, string bundle)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = signing.NotBefore;
        foreach (X509Certificate2 certificate in trusted)
            (IsSelfIssued(certificate) ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(certificate);
        if (chain.ChainPolicy.CustomTrustStore.Count == 0)
            throw new ModelFileException(File, "has no self-signed certificate, expected the root that the chain ends in. Add the root's certificate.");
        chain.ChainPolicy.ExtraStore.AddRange(between);

        bool holds = chain.Build(signing);
        string why = string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct().Order());
        foreach (X509ChainElement element in chain.ChainElements) element.Certificate.Dispose();
        string at = signing.NotBefore.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (!holds)
        {
            throw new SignatureException(bundle,
                $"the signing certificate '{signing.Subject}' does not lead to a root in {File} ({why}, as of {at}). Give the certificates of the authority that issued it.");
        }
        if (!IsForSigning(signing))
        {
            throw new SignatureException(bundle,
                $"the certificate '{signing.Subject}' is neither for digital signatures nor for signing code. Sign with a certificate that is.");
        }
        return new SigningCertificate(signing.Subject, signing.NotBefore.ToUniversalTime(), signing.NotAfter.ToUniversalTime(),
            VerificationKey.FromCertificate(signing.RawData, bundle));
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static bool IsForSigning(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().Any(e => e.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        || certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == CodeSigning));

    private sealed class LoadedCertificates : IDisposable
    {
        private readonly List<X509Certificate2> _all = [];

        public X509Certificate2 Add(ReadOnlyMemory<byte> certificate, string path)
        {
            try
            {
                _all.Add(X509CertificateLoader.LoadCertificate(certificate.Span));
                return _all[^1];
            }
            catch (CryptographicException e)
            {
                throw new ModelFileException(path, $"holds a certificate that can not be read: {e.Message} It is damaged, or not X.509.", e);
            }
        }

        public void Dispose() => _all.ForEach(c => c.Dispose());
    }
}

/// <summary>A signing certificate that leads to a trusted root.</summary>
/// <param name="Subject">Whom it names.</param>
/// <param name="NotBefore">From when it is valid, UTC. The chain was checked as of this moment.</param>
/// <param name="NotAfter">Until when it is valid, UTC.</param>
/// <param name="Key">Its key.</param>
public sealed record SigningCertificate(string Subject, DateTime NotBefore, DateTime NotAfter, VerificationKey Key);
