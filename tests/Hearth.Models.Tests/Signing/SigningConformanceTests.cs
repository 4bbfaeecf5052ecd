using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

/// <summary>The vectors of ossf/model-signing-spec, and models that two versions of sigstore/model-transparency signed.</summary>
public sealed class SigningConformanceTests : IDisposable
{
    private const string Shared = "conformance/signing";

    private readonly SignedFolder _folder = new();

    public static TheoryData<string> Models => ["v1.0.0-elliptic-key", "v1.1.0-elliptic-key", "v1.0.0-certificate", "v1.1.0-certificate"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_valid_bundle_is_accepted_and_says_what_its_files_are()
    {
        string[] valid = Directory.GetFiles(SharedData.At($"{Shared}/test-vectors/v1.0/valid"));
        valid.Length.ShouldBe(3);
        foreach (string file in valid)
        {
            SignatureBundle bundle = SignatureBundle.Read(file);
            ModelManifest manifest = ModelManifest.Read(Statement.Read(bundle.Envelope.Payload, file), file);
            manifest.Resources.Select(r => r.Name).ShouldBe(["signme-1", "signme-2"], file);
            manifest.Scope.IgnorePaths.ShouldContain("ignore-me", file);
        }
    }

    [Theory]
    [InlineData("invalid", 4)]
    [InlineData("invalid-payload", 1)]
    public void Every_invalid_bundle_is_refused(string folder, int count)
    {
        string[] invalid = Directory.GetFiles(SharedData.At($"{Shared}/test-vectors/v1.0/{folder}"));
        invalid.Length.ShouldBe(count);
        foreach (string file in invalid)
        {
            string message = Should.Throw<ModelFileException>(() =>
            {
                SignatureBundle bundle = SignatureBundle.Read(file);
                ModelManifest.Read(Statement.Read(bundle.Envelope.Payload, file), file);
            }, file).Message;
            message.ShouldStartWith(file + ": ");
        }
    }

    [Fact]
    public void The_vectors_of_keys_and_certificates_are_signatures_of_the_signed_model()
    {
        string model = Copy("v1.1.0-elliptic-key");
        foreach (string name in (string[])["key", "certificate"])
        {
            SignatureBundle bundle = SignatureBundle.Read(SharedData.At($"{Shared}/test-vectors/v1.0/valid/{name}.bundle.json"));
            ModelSignature.Verify(model, bundle, KeyOf(bundle)).Problems.ShouldBeEmpty(name);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_signed_by_the_reference_implementation_verifies(string name)
    {
        ModelVerification found = Verify(Copy(name));
        found.Problems.ShouldBeEmpty();
        found.Files.ShouldBe(name == "v1.0.0-elliptic-key" ? 1 : 2);
        found.Ignored.ShouldBe(name.StartsWith("v1.1", StringComparison.Ordinal) ? ["ignore-me"] : []);
    }

    [Fact]
    public void A_model_of_one_file_verifies_as_a_file_too()
    {
        string file = Path.Combine(Copy("v1.0.0-elliptic-key"), "signme-1");
        Verify(file).Problems.ShouldBeEmpty();
        File.AppendAllText(file, "!");
        Verify(file).Problems.Select(p => p.ToString()).ShouldBe(["signme-1 was changed"]);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void With_any_byte_of_a_signed_file_changed_it_does_not(string name)
    {
        string model = Copy(name);
        string[] files = [.. Directory.GetFiles(model).Where(f => Path.GetFileName(f) is not ("model.sig" or "ignore-me"))];
        files.ShouldNotBeEmpty();
        foreach (string file in files)
        {
            byte[] whole = File.ReadAllBytes(file);
            for (int i = 0; i < whole.Length; i++)
            {
                byte[] changed = [.. whole];
                changed[i] ^= 1;
                File.WriteAllBytes(file, changed);
                Verify(model).Problems.Select(p => p.ToString()).ShouldBe([$"{Path.GetFileName(file)} was changed"], $"byte {i}");
            }
            foreach (byte[] other in (byte[][])[[], whole[..^1], [.. whole, 0]])
            {
                File.WriteAllBytes(file, other);
                Verify(model).Problems.Select(p => p.ToString()).ShouldBe([$"{Path.GetFileName(file)} was changed"]);
            }
            File.Delete(file);
            Verify(model).Problems.ShouldNotBeEmpty();
            File.WriteAllBytes(file, whole);
        }
        Verify(model).Problems.ShouldBeEmpty();
    }

    /// <summary>
    /// One bit of every byte is turned; within certificates of one byte in some fifty, since checking a chain takes longer. What may stay
    /// verified means the same: white space between the bundle's keys, the name of a key that nobody has to read, and the description
    /// of the public key beside the key itself.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void With_any_byte_of_the_signature_changed_it_does_not_verify_or_means_the_same(string name)
    {
        string model = Copy(name), signature = Path.Combine(model, "model.sig");
        byte[] whole = File.ReadAllBytes(signature);
        string original = Meaning(whole);
        VerificationKey key = KeyOf(SignatureBundle.Read(signature));
        int certificates = name.EndsWith("certificate", StringComparison.Ordinal) ? whole.AsSpan().IndexOf("dsseEnvelope"u8) : 0;
        int tried = 0, refused = 0;
        for (int i = 0; i < whole.Length; i++)
        {
            if (i < certificates && i % 47 != 0) continue;
            tried++;
            byte[] changed = [.. whole];
            changed[i] ^= (byte)(1 << (i % 7));
            File.WriteAllBytes(signature, changed);
            if (Refuses(() => Verify(model, i < certificates ? KeyOf : _ => key))) refused++;
            else Meaning(changed).ShouldBe(original, $"byte {i}: {Encoding.UTF8.GetString(changed, Math.Max(0, i - 20), Math.Min(40, changed.Length - i))}");
        }
        refused.ShouldBeGreaterThan(tried - 80);
    }

    [Theory]
    [InlineData("v1.1.0-elliptic-key")]
    [InlineData("v1.1.0-certificate")]
    public void A_file_that_was_not_signed_is_named_unless_the_signature_leaves_it_out(string name)
    {
        string model = Copy(name);
        File.WriteAllText(Path.Combine(model, "ignore-me"), "anything");
        File.WriteAllText(Path.Combine(model, ".gitattributes"), "* text\n");
        Verify(model).Problems.ShouldBeEmpty();
        Directory.CreateDirectory(Path.Combine(model, "below"));
        File.WriteAllText(Path.Combine(model, "below", "ignore-me"), "anything");
        File.WriteAllText(Path.Combine(model, "added"), "");
        Verify(model).Problems.Select(p => p.ToString()).ShouldBe(["added is not signed", "below/ignore-me is not signed"]);
    }

    [Fact]
    public void Another_key_and_another_authority_are_refused()
    {
        using SigningKey other = SigningKey.Generate(KeyCurve.P384);
        foreach (string name in Models.Select(m => m.Data))
        {
            SignatureBundle bundle = SignatureBundle.Read(Path.Combine(SharedData.At($"{Shared}/signed-models/{name}"), "model.sig"));
            Should.Throw<SignatureException>(() => bundle.Verify(other.Public)).Message.ShouldContain(other.Public.Fingerprint);
        }
        SignatureBundle certified = SignatureBundle.Read(SharedData.At($"{Shared}/signed-models/v1.1.0-certificate/model.sig"));
        CertificateChain middle = CertificateChain.Load(SharedData.At($"{Shared}/signed-models/keys/certificate/int-ca-cert.pem"));
        Should.Throw<ModelFileException>(() => middle.SignerOf(certified)).Message.ShouldContain("no self-signed certificate");
    }

    private static bool Refuses(Func<ModelVerification> verify)
    {
        try
        {
            return verify().Problems.Count > 0;
        }
        catch (Exception e) when (e is ModelFileException or SignatureException)
        {
            return true;
        }
    }

    /// <summary>What of a bundle says something about model or signer.</summary>
    private static string Meaning(byte[] bundle)
    {
        JsonNode json = JsonNode.Parse(bundle)!;
        JsonObject material = json["verificationMaterial"]!.AsObject();
        foreach (string key in material.Select(p => p.Key).Except(["publicKey", "x509CertificateChain"]).ToArray()) material.Remove(key);
        if (material["publicKey"] is JsonObject named)
        {
            foreach (string key in named.Select(p => p.Key).Except(["hint", "rawBytes"]).ToArray()) named.Remove(key);
            if (named["rawBytes"] is { } raw)                                    // around the PEM block anything may stand
            {
                string pem = Encoding.Latin1.GetString(Convert.FromBase64String(raw.GetValue<string>()));
                named["rawBytes"] = pem[PemEncoding.Find(pem).Base64Data];
            }
        }
        json["dsseEnvelope"]!["signatures"]![0]!.AsObject().Remove("keyid");
        return json.ToJsonString();
    }

    private static ModelVerification Verify(string model) => Verify(model, KeyOf);

    private static ModelVerification Verify(string model, Func<SignatureBundle, VerificationKey> key)
    {
        SignatureBundle bundle = SignatureBundle.Read(ModelSignature.PathOf(model));
        return ModelSignature.Verify(model, bundle, key(bundle));
    }

    private static VerificationKey KeyOf(SignatureBundle bundle)
    {
        string keys = SharedData.At($"{Shared}/signed-models/keys/certificate");
        return bundle.Signer is CertificateName
            ? CertificateChain.Load(Path.Combine(keys, "ca-cert.pem")).SignerOf(bundle).Key
            : VerificationKey.Load(Path.Combine(keys, "signing-key-pub.pem"));
    }

    private string Copy(string name)
    {
        string model = _folder[name];
        SignedFolder.Copy(SharedData.At($"{Shared}/signed-models/{name}"), model);
        return model;
    }
}
