using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Signing;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>What became of checking the receipts that a model carries.</summary>
/// <param name="Receipts">Those that hold, the newest first.</param>
/// <param name="Problems">What does not hold; none when every removal in the model's history has its receipt and all of them are
/// true.</param>
public sealed record ReceiptCheck(IReadOnlyList<Receipt> Receipts, IReadOnlyList<string> Problems)
{
    private const int MostReceipts = 1000;

    /// <summary>
    /// Checks signatures, then follows the model's history back: its ledger names its parent, whose ledger is carried along, and so on.
    /// Each removal on the way has a receipt that says what the ledgers say; the newest is about these very weights.
    /// </summary>
    /// <param name="model">The model's folder.</param>
    /// <param name="key">The signer's key, from a place that is trusted.</param>
    public static ReceiptCheck Of(string model, VerificationKey key)
    {
        RunFolder run = RunFolder.OfModel(model);
        var problems = new List<string>();
        Dictionary<string, (string Path, Receipt Receipt)> byHead = Signed(run, key, problems);
        if (!run.Exists)
        {
            if (byHead.Count > 0) problems.Add($"{run.Path}: recipe and ledger are missing, which the receipts are about.");
            return new ReceiptCheck([], problems);
        }
        var held = new List<Receipt>();
        try
        {
            (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(run.Ledger);
            string weights = Digest.OfFile(Path.Combine(model, ModelBundle.WeightsName));
            while (lines is [StartLine start, _, ..] && lines.Any(l => l is ForgetLine))
            {
                string? untrue = lines[^1] is EndLine end && end.Weights == weights ? Lineage.Problem(run, lines)
                    : "ends with other weights than the model has.";
                if (untrue is not null)
                {
                    problems.Add($"{run.Ledger}: {untrue}");
                    break;
                }
                var forget = (ForgetLine)lines[1];
                IReadOnlyList<LedgerLine> parent = Lineage.Ancestor(run, forget.Parent).Lines!;
                string before = ((EndLine)parent[^1]).Weights;
                if (!byHead.Remove(head, out (string Path, Receipt Receipt) found))
                {
                    problems.Add($"{run.Receipts}: has no receipt for the removal that the ledger ending in {head[..12]} names.");
                }
                else if (Contradiction(found.Receipt, start, forget, weights, before, (StartLine)parent[0]) is { } wrong)
                {
                    problems.Add($"{found.Path}: {wrong}");
                }
                else
                {
                    held.Add(found.Receipt);
                }
                (lines, head, weights) = (parent, forget.Parent, before);
            }
        }
        catch (Exception e) when (e is LedgerException or RecipeException or IOException)
        {
            problems.Add(e.Message);
        }
        problems.AddRange(byHead.Values.Select(left => $"{left.Path}: is about no removal in this model's history."));
        return new ReceiptCheck(held, problems);
    }

    /// <summary>The receipts that the key signed, by the ledger head they are about.</summary>
    private static Dictionary<string, (string Path, Receipt Receipt)> Signed(RunFolder run, VerificationKey key, List<string> problems)
    {
        var byHead = new Dictionary<string, (string Path, Receipt Receipt)>(StringComparer.Ordinal);
        string[] paths = Directory.Exists(run.Receipts) ? [.. Directory.EnumerateFiles(run.Receipts, "*.json").Take(MostReceipts)
            .Order(StringComparer.Ordinal)] : [];
        foreach (string path in paths)
        {
            try
            {
                var receipt = Receipt.Read(path, key);
                if (!byHead.TryAdd(receipt.LedgerHeadAfter, (path, receipt))) problems.Add($"{path}: is a second receipt of one removal.");
            }
            catch (Exception e) when (e is SignatureException or ModelFileException)
            {
                problems.Add(e.Message);
            }
        }
        return byHead;
    }

    private static string? Contradiction(Receipt receipt, StartLine start, ForgetLine forget, string weightsAfter, string weightsBefore,
        StartLine before)
    {
        (string Name, object? Says, object? Is)[] claims =
        [
            ("removed", string.Join(' ', receipt.Removed), string.Join(' ', forget.Removed)),
            ("firstUse", receipt.FirstUse, forget.FirstUse),
            ("replayedFrom", receipt.ReplayedFrom, forget.ReplayedFrom),
            ("tokenizerDiffers", receipt.TokenizerDiffers, before.Tokenizer != start.Tokenizer),
            ("weightsDigestBefore", receipt.WeightsDigestBefore, weightsBefore),
            ("weightsDigestAfter", receipt.WeightsDigestAfter, weightsAfter),
            ("ledgerHeadBefore", receipt.LedgerHeadBefore, forget.Parent),
            ("numericsVersion", receipt.NumericsVersion, start.Numerics),
            ("provedDigest", receipt.ProvedDigest ?? weightsAfter, weightsAfter),
        ];
        (string Name, object? Says, object? Is) = claims.FirstOrDefault(c => !Equals(c.Says, c.Is));
        return Name is null ? null : $"says {Name} {Says}, and it is {Is}.";
    }
}
