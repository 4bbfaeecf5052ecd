using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>Making a key, signing a model with it, verifying it: the commands.</summary>
public sealed class SigningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SigningTests()
    {
        Directory.CreateDirectory(Model);
        File.WriteAllText(Path.Combine(Model, "config.json"), "{}\n");
        File.WriteAllText(Path.Combine(Model, "model.safetensors"), "weights");
    }

    private string Model => _folder.At("my-model");

    private string Key => _folder.At("school.pem");

    private string Public => _folder.At("school.pub");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_signed_with_a_new_key_verifies_until_a_byte_is_changed()
    {
        Outcome made = Hearth("key", "generate", "--out", Key, "--curve", "p384", "--json").ShouldExitWith(0);
        made.Text("publicKey").ShouldBe(Public);
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(Key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Outcome signed = Hearth("model", "sign", Model, "--key", Key).ShouldExitWith(0);
        signed.Output.ShouldContain(Path.Combine(Model, "model.sig"));

        JsonElement verified = Hearth("model", "verify", Model, "--public-key", Public, "--json").ShouldExitWith(0).Json;
        verified.GetProperty("verified").GetBoolean().ShouldBeTrue();
        verified.GetProperty("files").GetInt32().ShouldBe(2);
        verified.GetProperty("keyDigest").GetString().ShouldBe(made.Text("keyDigest"));
        verified.GetProperty("problem").ValueKind.ShouldBe(JsonValueKind.Null);

        File.WriteAllText(Path.Combine(Model, "model.safetensors"), "weightz");
        File.WriteAllText(Path.Combine(Model, "more"), "");
        Outcome changed = Hearth("model", "verify", Model, "--public-key", Public).ShouldExitWith(1);
        changed.Output.ShouldContain("model.safetensors was changed");
        changed.Output.ShouldContain("more is not signed");
        JsonElement told = Hearth("model", "verify", Model, "--public-key", Public, "--json").ShouldExitWith(1).Json;
        told.GetProperty("verified").GetBoolean().ShouldBeFalse();
        told.GetProperty("problem").GetString().ShouldBe("model.safetensors was changed; more is not signed");
    }

    [Fact]
    public void Without_a_key_named_the_one_in_the_home_is_used()
    {
        Hearth("model", "verify", Model).ShouldComplain(2, "hearth.pub", "--public-key", "hearth key generate");
        Hearth("model", "sign", Model).ShouldComplain(2, "hearth.pem", "--key", "hearth key generate");
        string made = Hearth("key", "generate", "--json").ShouldExitWith(0).Text("privateKey");
        made.ShouldBe(_folder.At("home", "keys", "hearth.pem"));
        Hearth("model", "sign", Model).ShouldExitWith(0);
        Hearth("model", "verify", Model).ShouldExitWith(0).Output.ShouldContain("is as it was signed");
        byte[] before = File.ReadAllBytes(made);
        Hearth("key", "generate").ShouldComplain(2, made, "--out");
        File.ReadAllBytes(made).ShouldBe(before);
    }

    [Fact]
    public void Another_key_is_a_no_and_a_broken_signature_is_a_broken_input()
    {
        Hearth("key", "generate", "--out", Key).ShouldExitWith(0);
        Hearth("key", "generate", "--out", _folder.At("other.pem")).ShouldExitWith(0);
        Hearth("model", "verify", Model, "--public-key", Public).ShouldComplain(3, "model.sig", "no such file");
        Hearth("model", "sign", Model, "--key", Key).ShouldExitWith(0);
        Hearth("model", "verify", Model, "--public-key", _folder.At("other.pub")).ShouldExitWith(1).Output.ShouldContain("signed with another key");
        Hearth("model", "verify", Model, "--certificate-chain", Public).ShouldComplain(3, Public, "no CERTIFICATE");
        Hearth("model", "verify", Model, "--public-key", Key).ShouldComplain(3, Key, "private key");
        Hearth("model", "verify", _folder.At("nowhere"), "--public-key", Public).ShouldComplain(2, "nowhere");
        File.AppendAllText(Path.Combine(Model, "model.sig"), "}");
        Hearth("model", "verify", Model, "--public-key", Public).ShouldComplain(3, "model.sig", "JSON");
        Hearth("key", "generate", "--out", _folder.At("third.pem"), "--curve", "p192").ShouldComplain(2, "p192", "p256");
    }

    [Theory]
    [InlineData("v1.0.0-certificate")]
    [InlineData("v1.1.0-certificate")]
    public void A_model_that_the_reference_implementation_signed_with_a_certificate_verifies(string name)
    {
        string shared = SharedData.At("conformance/signing/signed-models");
        string root = Path.Combine(shared, "keys", "certificate", "ca-cert.pem");
        JsonElement json = Hearth("model", "verify", Path.Combine(shared, name), "--certificate-chain", root, "--json").ShouldExitWith(0).Json;
        json.GetProperty("certificate").GetProperty("notBefore").GetString().ShouldBe("2025-05-02T23:36:28Z");
        Hearth("model", "verify", Path.Combine(shared, name), "--certificate-chain", root).ShouldExitWith(0).Output.ShouldContain("as of 2025-05-02");
    }

    private Outcome Hearth(params string[] args) => HearthProcess.Run(_folder.At("home"), args);
}
