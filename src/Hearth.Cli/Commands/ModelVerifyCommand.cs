using System.CommandLine;
using Hearth.Models.Signing;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;

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
            var findings = new Findings(Places.ModelPath(parsed.GetValue(model)!));
            try
            {
                Verify(findings, parsed.GetValue(key), parsed.GetValue(chain));
            }
            catch (SignatureException e)
            {
                findings.Problems.Add(e.Problem);
            }
            if (parsed.GetValue(json)) Common.PrintJson(findings.Plain());
            else Print(findings);
            return findings.Verified ? Common.Done : Common.No;
        });
        return command;
    }

    /// <summary>Everything that is checked, in order. What more a model carries that is signed is checked here too, with the same key.</summary>
    private static void Verify(Findings findings, string? keyPath, string? chainPath)
    {
        if (keyPath is null && chainPath is null) keyPath = Places.Existing(Places.PublicHalf(Places.SigningKey), "--public-key KEY.pem or --certificate-chain FILE");
        VerificationKey? key = keyPath is null ? null : VerificationKey.Load(keyPath);
        CertificateChain? trusted = chainPath is null ? null : CertificateChain.Load(chainPath);

        if (key is not null && !findings.IsSigned && Directory.Exists(RunFolder.OfModel(findings.Model).Receipts))
        {
            findings.Key = key;                                                  // receipts are signed on their own
            CheckReceipts(findings, key);
            return;
        }
        SignatureBundle bundle = SignatureBundle.Read(findings.Signature);
        findings.Certificate = trusted?.SignerOf(bundle);
        findings.Key = key ?? findings.Certificate!.Key;
        ModelVerification files = ModelSignature.Verify(findings.Model, bundle, findings.Key);
        findings.Files = files.Files;
        findings.Ignored = files.Ignored;
        findings.Problems.AddRange(files.Problems.Select(p => p.ToString()));
        CheckReceipts(findings, findings.Key);
    }

    private static void CheckReceipts(Findings findings, VerificationKey key)
    {
        var check = ReceiptCheck.Of(findings.Model, key);
        findings.Receipts = check.Receipts;
        findings.Problems.AddRange(check.Problems);
    }

    private static void Print(Findings found)
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

    /// <summary>What is known so far.</summary>
    private sealed class Findings(string model)
    {
        public string Model => model;

        public string Signature { get; } = ModelSignature.PathOf(model);

        public bool IsSigned => File.Exists(Signature);

        public VerificationKey? Key { get; set; }

        /// <summary>The receipts that hold, the newest first.</summary>
        public IReadOnlyList<Receipt> Receipts { get; set; } = [];

        public SigningCertificate? Certificate { get; set; }

        public int Files { get; set; }

        public IReadOnlyList<string> Ignored { get; set; } = [];

        public List<string> Problems { get; } = [];

        public bool Verified => Problems.Count == 0;

        public object Plain() => new
        {
            verified = Verified,
            files = Files,
            keyDigest = Key?.Fingerprint,
            certificate = Certificate is { } c ? new { subject = c.Subject, notBefore = c.NotBefore, notAfter = c.NotAfter } : null,
            signature = IsSigned ? Signature : null,
            ignored = Ignored,
            receipts = Receipts,
            problem = Verified ? null : string.Join("; ", Problems),
        };
    }
}
