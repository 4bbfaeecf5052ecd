using System.CommandLine;
using Hearth.Models.Signing;
using Hearth.Training.Forgetting;
using Hearth.Training.Papers;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model verify</c>: compares a model with its signature. Exit code 0 when it is as it was signed, 1 when not.</summary>
internal static class ModelVerifyCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder, name or one file." };
        var key = new Option<string?>("--public-key") { Description = "The signer's public key, PEM. Default: the one `hearth key generate` made.", HelpName = "KEY.pem" };
        var chain = new Option<string?>("--certificate-chain")
        {
            Description = "Certificates that you trust, PEM: the root, and those below it that the signature does not carry.", HelpName = "FILE",
        };
        Option<bool> json = Common.Json();
        var command = new Command("verify",
            "Check a model's signature, every file against it (OpenSSF Model Signing 1.0), and the receipts of what was taken out.")
        {
            model, key, chain, json,
        };
        command.Example("hearth model verify factbook --public-key school.pub", "hearth model verify factbook --certificate-chain authority.pem --json");
        command.SetAction(parsed =>
        {
            string path = Places.ModelPath(parsed.GetValue(model)!);
            string? keyPath = parsed.GetValue(key), chainPath = parsed.GetValue(chain);
            if (keyPath is null && chainPath is null) keyPath = Places.Existing(OwnKey.PublicHalf(Places.SigningKey), "--public-key KEY.pem or --certificate-chain FILE");
            var findings = SignatureCheck.Of(path, keyPath is null ? null : VerificationKey.Load(keyPath), chainPath is null ? null : CertificateChain.Load(chainPath));
            if (parsed.GetValue(json)) Common.PrintJson(Plain(findings));
            else Print(findings);
            return findings.Verified ? Common.Done : Common.No;
        });
        return command;
    }

    private static void Print(SignatureCheck found)
    {
        string holds = found.IsSigned ? "is as it was signed." : "has receipts that hold; the model as a whole is not signed (`hearth model sign`).";
        Console.WriteLine($"{found.Model} {(found.Verified ? holds : "does not verify.")}");
        foreach (string problem in found.Problems) Console.WriteLine($"  {problem}");
        if (found.IsSigned) Line("signature", found.Signature);
        if (found.Files > 0) Line("files", $"{found.Files:N0}");
        if (found.Key is { } key) Line("key digest", key.Fingerprint);
        if (found.Certificate is { } c)
        {
            Line("certificate", c.Subject);
            Line("valid", $"{c.NotBefore:yyyy-MM-dd} to {c.NotAfter:yyyy-MM-dd}; its chain holds as of {c.NotBefore:yyyy-MM-dd}. When it was used the signature does not say.");
        }
        foreach (Receipt r in found.Receipts)
        {
            string ids = string.Join(", ", r.Removed.Take(8).Select(id => id[..12])) + (r.Removed.Count > 8 ? ", ..." : "");
            string proved = r.ProvedDigest is null ? "not proved by a clean run" : "proved by a clean run";
            Line("receipt", $"{r.Removed.Count:N0} taken out, {r.Time}, {proved}: {ids}");
        }
        foreach (string path in found.Ignored) Line("left out", $"{path} (there, but not covered by the signature)");

        static void Line(string name, string value) => Console.WriteLine($"{name,-14} {value}");
    }

    private static object Plain(SignatureCheck found) => new
    {
        verified = found.Verified,
        files = found.Files,
        keyDigest = found.Key?.Fingerprint,
        certificate = found.Certificate is { } c ? new { subject = c.Subject, notBefore = c.NotBefore, notAfter = c.NotAfter } : null,
        signature = found.IsSigned ? found.Signature : null,
        ignored = found.Ignored,
        receipts = found.Receipts,
        problem = found.Verified ? null : string.Join("; ", found.Problems),
    };
}
