using System.Text.Json.Serialization;

namespace Hearth.Training.Ledger;

/// <summary>A line of the ledger. Its hash is the SHA-256 of its UTF-8 bytes without the line end; the next line names it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StartLine), "start")]
[JsonDerivedType(typeof(ForgetLine), "forget")]
[JsonDerivedType(typeof(StepLine), "step")]
[JsonDerivedType(typeof(EvaluationLine), "evaluation")]
[JsonDerivedType(typeof(CheckpointLine), "checkpoint")]
[JsonDerivedType(typeof(EndLine), "end")]
public abstract record LedgerLine
{
    /// <summary>Hash of the line before; 64 zeros for the first.</summary>
    [JsonPropertyOrder(100)]
    public string Previous { get; init; } = "";
}

/// <summary>What the run is made from.</summary>
/// <param name="Numerics">Version of canonical arithmetic.</param>
/// <param name="Recipe">Digest of the normalised recipe, without folders' places.</param>
/// <param name="Materials">Digest of the list of documents.</param>
/// <param name="Tokenizer">Digest of tokenizer.json.</param>
/// <param name="Weights">Digest of the weights before step 1.</param>
public sealed record StartLine(int Numerics, string Recipe, string Materials, string Tokenizer, string Weights) : LedgerLine;

/// <summary>
/// Documents were taken out of an earlier run, its parent. The lines up to a step are the parent's: until then it had not met the documents, so
/// they are true of this run as well. Stands after the start line.
/// </summary>
/// <param name="Parent">Hash of the last line of the parent's ledger.</param>
/// <param name="Removed">Ids of the documents, in ordinal order.</param>
/// <param name="FirstUse">The first step of the parent that saw one of them; 0 for none.</param>
/// <param name="ReplayedFrom">The step of the parent's checkpoint that training went on from; 0 for the beginning.</param>
/// <param name="State">Digest of the full state there; empty for the beginning.</param>
/// <param name="Measured">False when the parent's measurements are left out, as the documents were among those measured on.</param>
public sealed record ForgetLine(string Parent, IReadOnlyList<string> Removed, int FirstUse, int ReplayedFrom, string State, bool Measured) : LedgerLine;

/// <summary>One step.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Documents">Digest of the documents it saw, with their rows, in order.</param>
/// <param name="Tokens">Rows it saw.</param>
/// <param name="Targets">Rows that had a target.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Loss">Mean loss in nats a target, before the update.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
/// <param name="Weights">Digest of the weights after the step.</param>
public sealed record StepLine(int Step, string Documents, int Tokens, int Targets, double LearningRate, double Loss, double GradientNorm, string Weights)
    : LedgerLine;

/// <summary>A measurement on documents that are not trained on.</summary>
/// <param name="Step">After which step.</param>
/// <param name="BitsPerByte">Bits needed for each byte of held-out text.</param>
public sealed record EvaluationLine(int Step, double BitsPerByte) : LedgerLine;

/// <summary>A checkpoint.</summary>
/// <param name="Step">After which step.</param>
/// <param name="State">Digest of the full state: weights, optimizer, position in the data.</param>
/// <param name="Weights">Digest of the weights.</param>
public sealed record CheckpointLine(int Step, string State, string Weights) : LedgerLine;

/// <summary>The end of the run.</summary>
/// <param name="Step">The last step.</param>
/// <param name="Weights">Digest of the weights.</param>
public sealed record EndLine(int Step, string Weights) : LedgerLine;
