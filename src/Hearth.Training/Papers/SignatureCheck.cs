using Hearth.Models.Signing;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;

namespace Hearth.Training.Papers;

/// <summary>What a check of a model's signature and of its receipts found.</summary>
/// <param name="model">The model: its folder, or its one file.</param>
public sealed class SignatureCheck(string model)
{
    private readonly List<string> _problems = [];

    /// <summary>The model.</summary>
    public string Model => model;

    /// <summary>Where its signature is, or would be.</summary>
    public string Signature { get; } = ModelSignature.PathOf(model);

    /// <summary>Whether it has one.</summary>
    public bool IsSigned => File.Exists(Signature);

    /// <summary>The key that it was checked with.</summary>
    public VerificationKey? Key { get; private set; }

    /// <summary>The receipts that hold, the newest first.</summary>
    public IReadOnlyList<Receipt> Receipts { get; private set; } = [];

    /// <summary>The signer's certificate, when the signature has one that is trusted.</summary>
    public SigningCertificate? Certificate { get; private set; }

    /// <summary>Files that were compared.</summary>
    public int Files { get; private set; }

    /// <summary>Files that are there and that the signature leaves out.</summary>
    public IReadOnlyList<string> Ignored { get; private set; } = [];

    /// <summary>What does not hold.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether all holds.</summary>
    public bool Verified => _problems.Count == 0;

    /// <summary>Checks everything, in order. What more a model carries that is signed is checked too, with the same key.</summary>
    /// <param name="model">The model's folder, or its one file.</param>
    /// <param name="key">The signer's key, from a place that is trusted; null to believe certificates.</param>
    /// <param name="trusted">The certificates that are believed; null to go by the key.</param>
    public static SignatureCheck Of(string model, VerificationKey? key, CertificateChain? trusted = null)
    {
        var check = new SignatureCheck(model);
        try
        {
            check.Run(key, trusted);
        }
        catch (SignatureException e)
        {
            check._problems.Add(e.Problem);
        }
        return check;
    }

    private void Run(VerificationKey? key, CertificateChain? trusted)
    {
        if (key is not null && !IsSigned && Directory.Exists(RunFolder.OfModel(model).Receipts))
        {
            Key = key;                                                           // receipts are signed on their own
            CheckReceipts(key);
            return;
        }
        SignatureBundle bundle = SignatureBundle.Read(Signature);
        Certificate = trusted?.SignerOf(bundle);
        Key = key ?? Certificate!.Key;
        ModelVerification files = ModelSignature.Verify(model, bundle, Key);
        (Files, Ignored) = (files.Files, files.Ignored);
        _problems.AddRange(files.Problems.Select(p => p.ToString()));
        CheckReceipts(Key);
    }

    private void CheckReceipts(VerificationKey key)
    {
        var check = ReceiptCheck.Of(model, key);
        Receipts = check.Receipts;
        _problems.AddRange(check.Problems);
    }
}
