using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

/// <summary>Signing with certificates of an authority made for each test: a root, one below it, and a signing certificate.</summary>
public sealed class CertificateTests : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SignedFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Generate(KeyCurve.P256);
    private readonly X509Certificate2 _root, _middle;

    public CertificateTests()
    {
        _root = Authority("CN=Root", null, Begin, Begin.AddYears(20));
        _middle = Authority("CN=Middle", _root, Begin, Begin.AddYears(10));
        Write("root.pem", _root);
    }

    public void Dispose()
    {
        _root.Dispose();
        _middle.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_signature_with_certificates_verifies_with_the_root_alone()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        Sign(signing, _middle);
        SigningCertificate signer = Signer("root.pem");
        signer.Subject.ShouldBe("CN=Signer");
        signer.NotBefore.ShouldBe(Begin.UtcDateTime.AddDays(1));
        signer.Key.ShouldBe(_key.Public);
        _folder.Problems(signer.Key).ShouldBeEmpty();
        _folder.Write("config.json", "other");
        _folder.Problems(signer.Key).ShouldBe(["config.json was changed"]);
    }

    [Fact]
    public void What_is_between_may_come_from_the_verifier_too()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        Sign(signing);
        Should.Throw<SignatureException>(() => Signer("root.pem")).Message.ShouldContain("does not lead to a root");
        Write("both.pem", _root, _middle);
        Signer("both.pem").Key.ShouldBe(_key.Public);
    }

    [Fact]
    public void Another_authority_of_the_same_name_is_not_trusted()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        Sign(signing, _middle, _root);                                           // a root that the signature brings along does not count
        using X509Certificate2 other = Authority("CN=Root", null, Begin, Begin.AddYears(20));
        Write("other.pem", other);
        Should.Throw<SignatureException>(() => Signer("other.pem")).Message.ShouldContain("does not lead to a root");
    }

    [Fact]
    public void The_chain_has_to_hold_when_the_signing_certificate_began_not_today()
    {
        using X509Certificate2 old = Certify(X509KeyUsageFlags.DigitalSignature, until: Begin.AddDays(2));
        Sign(old, _middle);
        Signer("root.pem").NotAfter.ShouldBe(Begin.UtcDateTime.AddDays(2));
        using X509Certificate2 late = Authority("CN=Middle", _root, Begin.AddDays(5), Begin.AddYears(1));
        using X509Certificate2 before = Certify(X509KeyUsageFlags.DigitalSignature, late, until: Begin.AddYears(1));
        Sign(before, late);
        Should.Throw<SignatureException>(() => Signer("root.pem")).Message.ShouldContain("NotTimeValid, as of 2024-01-02");
    }

    [Theory]
    [InlineData(X509KeyUsageFlags.DigitalSignature, null, true)]
    [InlineData(X509KeyUsageFlags.None, "1.3.6.1.5.5.7.3.3", true)]
    [InlineData(X509KeyUsageFlags.None, "1.3.6.1.5.5.7.3.1", false)]
    [InlineData(X509KeyUsageFlags.KeyAgreement, null, false)]
    [InlineData(X509KeyUsageFlags.None, null, false)]
    public void The_certificate_has_to_be_for_signing(X509KeyUsageFlags usage, string? extended, bool accepted)
    {
        using X509Certificate2 signing = Certify(usage, extended: extended);
        Sign(signing, _middle);
        if (accepted) Signer("root.pem").Key.ShouldBe(_key.Public);
        else Should.Throw<SignatureException>(() => Signer("root.pem")).Message.ShouldContain("neither for digital signatures nor for signing code");
    }

    [Fact]
    public void A_certificate_below_one_that_is_no_authority_is_not_trusted()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        using var thief = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 forged = Issue("CN=Forged", thief, signing, _key, X509KeyUsageFlags.DigitalSignature, null, Begin.AddYears(1));
        using SigningKey forger = Load(thief);
        Write("chain.pem", forged, signing, _middle);
        ModelSignature.Sign(_folder.Model, forger, CertificateChain.Load(_folder["chain.pem"]));
        Should.Throw<SignatureException>(() => Signer("root.pem")).Message.ShouldContain("does not lead to a root");
    }

    [Fact]
    public void Signing_with_a_certificate_of_another_key_is_refused()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        Write("chain.pem", signing);
        using SigningKey other = SigningKey.Generate(KeyCurve.P256);
        Should.Throw<ModelFileException>(() => ModelSignature.Sign(_folder.Model, other, CertificateChain.Load(_folder["chain.pem"])))
            .Message.ShouldContain(other.Public.Fingerprint);
        File.Exists(_folder.Signature).ShouldBeFalse();
    }

    [Fact]
    public void A_certificate_swapped_for_another_trusted_one_does_not_verify()
    {
        using X509Certificate2 signing = Certify(X509KeyUsageFlags.DigitalSignature);
        Sign(signing, _middle);
        using var someone = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 other = Issue("CN=Someone", someone, _middle, _middle.GetECDsaPrivateKey()!, X509KeyUsageFlags.DigitalSignature, null, Begin.AddYears(1));
        JsonNode bundle = JsonNode.Parse(File.ReadAllText(_folder.Signature))!;
        bundle["verificationMaterial"]!["x509CertificateChain"]!["certificates"]![0]!["rawBytes"] = Convert.ToBase64String(other.RawData);
        File.WriteAllText(_folder.Signature, bundle.ToJsonString());
        SigningCertificate signer = Signer("root.pem");
        signer.Subject.ShouldBe("CN=Someone");
        Should.Throw<SignatureException>(() => _folder.Verify(signer.Key)).Message.ShouldContain("not signed with the given key");
    }

    [Fact]
    public void A_bundle_without_certificates_needs_a_key()
    {
        ModelSignature.Sign(_folder.Model, _key);
        Should.Throw<SignatureException>(() => Signer("root.pem")).Message.ShouldContain("public key");
    }

    private SigningCertificate Signer(string trusted) => CertificateChain.Load(_folder[trusted]).SignerOf(SignatureBundle.Read(_folder.Signature));

    private void Sign(params X509Certificate2[] chain)
    {
        Write("chain.pem", chain);
        ModelSignature.Sign(_folder.Model, _key, CertificateChain.Load(_folder["chain.pem"]));
    }

    private void Write(string name, params X509Certificate2[] certificates) =>
        File.WriteAllText(_folder[name], string.Concat(certificates.Select(c => c.ExportCertificatePem() + "\n")));

    private X509Certificate2 Certify(X509KeyUsageFlags usage, X509Certificate2? issuer = null, string? extended = null, DateTimeOffset? until = null)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(_key.ToPem());
        issuer ??= _middle;
        return Issue("CN=Signer", key, issuer, issuer.GetECDsaPrivateKey()!, usage, extended, until ?? Begin.AddYears(1));
    }

    private static X509Certificate2 Issue(string name, ECDsa key, X509Certificate2 issuer, object issuerKey, X509KeyUsageFlags usage, string? extended, DateTimeOffset until)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        if (usage != X509KeyUsageFlags.None) request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        if (extended is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(extended)], critical: false));
        using ECDsa signing = ECDsa.Create();
        if (issuerKey is SigningKey own) signing.ImportFromPem(own.ToPem());
        X509SignatureGenerator generator = X509SignatureGenerator.CreateForECDsa(issuerKey as ECDsa ?? signing);
        return request.Create(issuer.SubjectName, generator, Begin.AddDays(1), until, [1, 2, 3]);
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (issuer is null) return request.CreateSelfSigned(from, until);
        using X509Certificate2 made = request.Create(issuer, from, until, [9, 8, 7]);
        return made.CopyWithPrivateKey(key);
    }

    private SigningKey Load(ECDsa key)
    {
        File.WriteAllText(_folder["forger.pem"], key.ExportPkcs8PrivateKeyPem());
        return SigningKey.Load(_folder["forger.pem"]);
    }
}
