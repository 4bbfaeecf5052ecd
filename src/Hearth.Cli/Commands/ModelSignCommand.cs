using System.CommandLine;
using Hearth.Models.Signing;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model sign</c>: signs every file of a model.</summary>
internal static class ModelSignCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder, name or one file." };
        var key = new Option<string?>("--key") { Description = "The private key, PEM. Default: the one `hearth key generate` made.", HelpName = "KEY.pem" };
        var certificate = new Option<string?>("--certificate")
        {
            Description = "The key's certificate, then those between it and its root, PEM: sent along for those who verify with the root.", HelpName = "FILE",
        };
        Option<bool> json = Common.Json();
        var command = new Command("sign", "Sign every file of a model (OpenSSF Model Signing 1.0).") { model, key, certificate, json };
        command.Example("hearth model sign factbook --key school.pem");
        command.SetAction(parsed =>
        {
            string path = Places.ModelPath(parsed.GetValue(model)!);
            string keyPath = parsed.GetValue(key) ?? Places.Existing(Places.SigningKey, "--key KEY.pem");
            using SigningKey signing = SigningKey.Load(keyPath);
            CertificateChain? certificates = parsed.GetValue(certificate) is { } file ? CertificateChain.Load(file) : null;
            (string signature, ModelManifest manifest) = ModelSignature.Sign(path, signing, certificates);
            if (parsed.GetValue(json))
            {
                Common.PrintJson(new { signature, files = manifest.Resources.Count, rootDigest = manifest.RootDigest, keyDigest = signing.Public.Fingerprint });
                return Common.Done;
            }
            Console.WriteLine($"{"signature",-14} {signature}");
            Console.WriteLine($"{"files",-14} {manifest.Resources.Count:N0}");
            Console.WriteLine($"{"root digest",-14} {manifest.RootDigest}");
            Console.WriteLine($"{"key digest",-14} {signing.Public.Fingerprint}");
            return Common.Done;
        });
        return command;
    }
}
