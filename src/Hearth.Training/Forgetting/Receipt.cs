using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Signing;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>What a removal's signed statement says; its subject is the new model's weights.</summary>
/// <param name="Removed">Ids of the documents, in ordinal order.</param>
/// <param name="FirstUse">The first step of the earlier run that saw one of them; 0 for none.</param>
/// <param name="ReplayedFrom">The step of the checkpoint that training went on from; 0 for the beginning.</param>
/// <param name="TokenizerDiffers">Whether the tokenizer was made anew.</param>
/// <param name="WeightsDigestBefore">Digest of the earlier weights.</param>
/// <param name="WeightsDigestAfter">Digest of the new weights.</param>
/// <param name="LedgerHeadBefore">Hash of the earlier ledger's last line.</param>
/// <param name="LedgerHeadAfter">Hash of the new ledger's last line.</param>
/// <param name="NumericsVersion">Version of canonical arithmetic.</param>
/// <param name="Time">When it was signed, UTC, RFC 3339.</param>
/// <param name="ProvedDigest">Digest of the weights that training from nothing without the documents gave; null when that was not
/// done.</param>
public sealed record Receipt(
    IReadOnlyList<string> Removed, int FirstUse, int ReplayedFrom, bool TokenizerDiffers, string WeightsDigestBefore, string WeightsDigestAfter,
    string LedgerHeadBefore, string LedgerHeadAfter, int NumericsVersion, string Time, string? ProvedDigest = null)
{
    /// <summary>Says how to read the predicate: the properties of this record.</summary>
    public const string PredicateType = "urn:hearth:removal:v1";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        PropertyNameCaseInsensitive = false,
    };

    /// <summary>The receipt of a finished run that documents were taken out of.</summary>
    /// <param name="run">The run.</param>
    /// <param name="time">When it is signed.</param>
    /// <param name="proved">Digest of the weights that training from nothing gave; null when that was not done.</param>
    /// <exception cref="RunException">The run's own ledgers do not bear it out.</exception>
    public static Receipt Of(RunFolder run, DateTimeOffset time, string? proved)
    {
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(run.Ledger);
        if (lines is not [StartLine start, ForgetLine forget, .., EndLine end])
        {
            throw new RunException($"{run.Ledger}: is not the ledger of a finished run that documents were taken out of.");
        }
        if (Lineage.Problem(run, lines) is { } problem) throw new RunException($"{run.Ledger}: {problem}");
        IReadOnlyList<LedgerLine> parent = Lineage.Ancestor(run, forget.Parent).Lines!;
        string signed = time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new Receipt(forget.Removed, forget.FirstUse, forget.ReplayedFrom, ((StartLine)parent[0]).Tokenizer != start.Tokenizer,
            ((EndLine)parent[^1]).Weights, end.Weights, forget.Parent, head, start.Numerics, signed, proved);
    }

    /// <summary>Signs the receipt and writes it into the run and into its model.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The key.</param>
    /// <returns>Where it is in the model, and in the run.</returns>
    public (string Model, string Run) Write(RunFolder run, SigningKey key)
    {
        (string inModel, string inRun) = Paths(run, Removed);
        var statement = new Statement([new StatementSubject(ModelBundle.WeightsName, WeightsDigestAfter)], PredicateType,
            (JsonObject)JsonSerializer.SerializeToNode(this, Options)!);
        foreach (string path in (string[])[inModel, inRun]) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SignatureBundle signed = SignatureBundle.Sign(inModel, statement, key);
        signed.Write();
        (signed with { File = inRun }).Write();
        return (inModel, inRun);
    }

    /// <summary>Where the receipt of a removal is in a run's model, and in the run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="removed">Ids of the documents, in ordinal order.</param>
    public static (string Model, string Run) Paths(RunFolder run, IEnumerable<string> removed)
    {
        string name = $"forget-{Removal.ShortName(removed)}.json";
        return (Path.Combine(RunFolder.OfModel(run.Model).Receipts, name), Path.Combine(run.Receipts, name));
    }

    /// <summary>Reads a receipt, once it is certain that a key signed it and that no byte of the file was altered.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The signer's key, from a place that is trusted.</param>
    /// <exception cref="SignatureException">It is not signed with the key, was altered, or is about something else.</exception>
    /// <exception cref="ModelFileException">It is no signed statement.</exception>
    public static Receipt Read(string path, VerificationKey key)
    {
        SignatureBundle bundle = SignatureBundle.Read(path);
        Statement statement = bundle.Verify(key);
        // A signature says nothing of white space, key order or what an envelope holds besides: the file must be as it was written.
        if (File.ReadAllText(path) != bundle.ToText())
        {
            throw new SignatureException(path, "is not byte for byte as it was written. Get it again from who signed it.");
        }
        if (statement.PredicateType != PredicateType)
        {
            throw new SignatureException(path, $"says '{statement.PredicateType}', expected '{PredicateType}'.");
        }
        try
        {
            Receipt receipt = statement.Predicate.Deserialize<Receipt>(Options)!;
            return statement.Subjects is [var subject] && subject.Digests.TryGetValue(StatementSubject.Sha256, out string? digest)
                && digest == receipt.WeightsDigestAfter
                ? receipt
                : throw new SignatureException(path, "is about other weights than it names as those after the removal.");
        }
        catch (JsonException e)
        {
            throw new SignatureException(path, $"is signed, but holds no receipt: {e.Message}", e);
        }
    }
}
