using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

/// <summary>The openssl command agrees, where there is one: it shares no code with what signs here but the library underneath.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly SignedFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KeyCurve.P256, "-sha256")]
    [InlineData(KeyCurve.P384, "-sha384")]
    public void Openssl_verifies_what_hearth_signed(KeyCurve curve, string hash)
    {
        using SigningKey key = SigningKey.Generate(curve);
        ModelSignature.Sign(_folder.Model, key);
        JsonNode envelope = JsonNode.Parse(File.ReadAllBytes(_folder.Signature))!["dsseEnvelope"]!;
        byte[] payload = Convert.FromBase64String(envelope["payload"]!.GetValue<string>());
        string type = envelope["payloadType"]!.GetValue<string>();
        File.WriteAllText(_folder["key.pub"], key.Public.ToPem());
        File.WriteAllBytes(_folder["sig"], Convert.FromBase64String(envelope["signatures"]![0]!["sig"]!.GetValue<string>()));
        File.WriteAllBytes(_folder["signed"], [.. System.Text.Encoding.ASCII.GetBytes($"DSSEv1 {type.Length} {type} {payload.Length} "), .. payload]);
        OpenSsl("dgst", hash, "-verify", "key.pub", "-signature", "sig", "signed").ShouldBe((0, "Verified OK"));
        File.AppendAllText(_folder["signed"], " ");
        OpenSsl("dgst", hash, "-verify", "key.pub", "-signature", "sig", "signed").Code.ShouldBe(1);
    }

    [Theory]
    [InlineData("prime256v1", KeyCurve.P256)]
    [InlineData("secp384r1", KeyCurve.P384)]
    public void Hearth_signs_with_keys_that_openssl_made(string curve, KeyCurve expected)
    {
        OpenSsl("ecparam", "-name", curve, "-genkey", "-out", "sec1.pem").Code.ShouldBe(0);
        OpenSsl("pkcs8", "-topk8", "-nocrypt", "-in", "sec1.pem", "-out", "pkcs8.pem").Code.ShouldBe(0);
        OpenSsl("ec", "-in", "sec1.pem", "-pubout", "-out", "key.pub").Code.ShouldBe(0);
        VerificationKey verification = VerificationKey.Load(_folder["key.pub"]);
        verification.Curve.ShouldBe(expected);
        File.ReadAllText(_folder["key.pub"]).ShouldBe(verification.ToPem());
        foreach (string form in (string[])["sec1.pem", "pkcs8.pem"])
        {
            using SigningKey key = SigningKey.Load(_folder[form]);
            ModelSignature.Sign(_folder.Model, key);
            _folder.Problems(verification).ShouldBeEmpty(form);
        }
    }

    private (int Code, string Output) OpenSsl(params string[] args)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("openssl", args)
            {
                WorkingDirectory = Path.GetDirectoryName(_folder.Model)!, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            errors.Wait();
            return (process.ExitCode, output);
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no openssl command on this machine.");
            throw;
        }
    }
}
