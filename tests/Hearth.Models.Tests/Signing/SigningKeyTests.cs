using System.Security.Cryptography;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

public sealed class SigningKeyTests : IDisposable
{
    private static readonly byte[] Message = "what is signed"u8.ToArray();

    private readonly SignedFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KeyCurve.P256)]
    [InlineData(KeyCurve.P384)]
    [InlineData(KeyCurve.P521)]
    public void A_key_written_and_read_again_signs_what_its_public_half_verifies(KeyCurve curve)
    {
        using SigningKey made = SigningKey.Generate(curve);
        made.Save(_folder["key.pem"]);
        File.WriteAllText(_folder["key.pub"], made.Public.ToPem());
        using SigningKey read = SigningKey.Load(_folder["key.pem"]);
        VerificationKey key = VerificationKey.Load(_folder["key.pub"]);
        key.ShouldBe(made.Public);
        key.Curve.ShouldBe(curve);
        byte[] signature = read.Sign(Message);
        key.Verify(Message, signature).ShouldBeTrue();
        key.Verify("what is sihned"u8, signature).ShouldBeFalse();
        using SigningKey other = SigningKey.Generate(curve);
        other.Public.Verify(Message, signature).ShouldBeFalse();
        other.Public.ShouldNotBe(key);
    }

    [Fact]
    public void A_key_in_the_older_form_of_elliptic_curves_is_read()
    {
        using ECDsa made = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(_folder["key.pem"], "# a note\n" + made.ExportECPrivateKeyPem() + "\n");
        using SigningKey read = SigningKey.Load(_folder["key.pem"]);
        made.VerifyData(Message, read.Sign(Message), HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence).ShouldBeTrue();
    }

    [Fact]
    public void The_fingerprint_is_the_hint_that_the_reference_implementation_writes()
    {
        VerificationKey key = VerificationKey.Load(SharedData.At("conformance/signing/signed-models/keys/certificate/signing-key-pub.pem"));
        key.Fingerprint.ShouldBe("e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e");
        key.Curve.ShouldBe(KeyCurve.P384);
    }

    [Fact]
    public void A_certificate_stands_for_its_key()
    {
        string keys = SharedData.At("conformance/signing/signed-models/keys/certificate");
        VerificationKey.Load(Path.Combine(keys, "signing-key-cert.pem")).ShouldBe(VerificationKey.Load(Path.Combine(keys, "signing-key-pub.pem")));
    }

    [Fact]
    public void A_private_key_is_for_its_owner_alone_and_never_written_over()
    {
        using SigningKey key = SigningKey.Generate(KeyCurve.P256);
        key.Save(_folder["key.pem"]);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(_folder["key.pem"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        byte[] before = File.ReadAllBytes(_folder["key.pem"]);
        using SigningKey other = SigningKey.Generate(KeyCurve.P256);
        Should.Throw<IOException>(() => other.Save(_folder["key.pem"]));
        File.ReadAllBytes(_folder["key.pem"]).ShouldBe(before);
    }

    [Fact]
    public void What_is_not_a_usable_key_is_refused_with_what_to_do()
    {
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa other = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using RSA rsa = RSA.Create(2048);
        var lock_ = new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1);
        string publicPem = p256.ExportSubjectPublicKeyInfoPem(), privatePem = p256.ExportPkcs8PrivateKeyPem();

        Refused(privatePem, f => VerificationKey.Load(f), "private key", ".pub");
        Refused(publicPem, f => SigningKey.Load(f), "no private key", "hearth key generate");
        Refused(p256.ExportEncryptedPkcs8PrivateKeyPem("word", lock_), f => SigningKey.Load(f), "encrypted", "openssl");
        Refused(other.ExportPkcs8PrivateKeyPem(), f => SigningKey.Load(f), "another curve", "P-256");
        Refused(other.ExportSubjectPublicKeyInfoPem(), f => VerificationKey.Load(f), "another curve", "P-256");
        Refused(rsa.ExportPkcs8PrivateKeyPem(), f => SigningKey.Load(f), "can not be used", "elliptic");
        Refused(rsa.ExportSubjectPublicKeyInfoPem(), f => VerificationKey.Load(f), "can not be used", "elliptic");
        Refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", f => VerificationKey.Load(f), "can not be used");
        Refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f => VerificationKey.Load(f), "certificate");
        Refused("no key here", f => VerificationKey.Load(f), "no PEM block");
        Refused("", f => VerificationKey.Load(f), "no PEM block");
        Refused(new string('\n', 2 << 20), f => VerificationKey.Load(f), "2,097,152 bytes");
        Should.Throw<ModelFileException>(() => SigningKey.Load(_folder["nowhere"])).Message.ShouldContain("no such file");
    }

    private void Refused(string text, Action<string> load, params string[] mentions)
    {
        File.WriteAllText(_folder["some.pem"], text);
        string message = Should.Throw<ModelFileException>(() => load(_folder["some.pem"])).Message;
        message.ShouldStartWith(_folder["some.pem"] + ": ");
        foreach (string mention in mentions) message.ShouldContain(mention);
    }
}
