namespace Hearth.Training.Reports;

/// <summary>What a finished or running training run is, in the words and numbers its report shows.</summary>
/// <param name="Name">The name of the run, which is the name of its folder.</param>
/// <param name="About">One or two sentences: what the model is for.</param>
/// <param name="Recipe">The recipe as YAML text.</param>
/// <param name="Shape">The model's shape in a line, for example "4 layers of width 128".</param>
/// <param name="Parameters">Numbers that training changes.</param>
/// <param name="TokensSeen">Tokens trained on, repetitions counted.</param>
/// <param name="Seconds">Wall-clock time spent training.</param>
/// <param name="TokensPerSecond">Tokens trained on per second of that time.</param>
/// <param name="WeightsDigest">SHA-256 of the weights file.</param>
/// <param name="LedgerHead">Hash of the ledger's last line, which covers all lines before it.</param>
/// <param name="NumericsVersion">The version of the canonical arithmetic.</param>
/// <param name="Sources">Where the documents came from.</param>
public sealed record RunSummary(
    string Name, string About, string Recipe, string Shape, long Parameters, long TokensSeen, double Seconds, double TokensPerSecond,
    string WeightsDigest, string LedgerHead, int NumericsVersion, IReadOnlyList<SourceSummary> Sources);

/// <summary>The documents of one corpus that went into a run.</summary>
/// <param name="Corpus">The corpus's name in the recipe.</param>
/// <param name="Documents">How many documents.</param>
/// <param name="Bytes">Their size in bytes.</param>
/// <param name="Licence">On what terms they may be used.</param>
/// <param name="Source">Who published them.</param>
public sealed record SourceSummary(string Corpus, long Documents, long Bytes, string Licence, string Source);

/// <summary>One training step.</summary>
/// <param name="Step">The step's number.</param>
/// <param name="LossNats">Mean cross-entropy, nats per token.</param>
/// <param name="LearningRate">The learning rate the step used.</param>
/// <param name="GradientNorm">L2 norm of the whole gradient before clipping.</param>
public readonly record struct StepPoint(int Step, double LossNats, double LearningRate, double GradientNorm);

/// <summary>One evaluation on what the model was not trained on. A null was not measured.</summary>
/// <param name="Step">The last step before it.</param>
/// <param name="BitsPerByte">Held-out cross-entropy, bits per byte of text.</param>
/// <param name="HeldOutExactMatch">Share of held-out questions answered exactly, 0 to 1.</param>
/// <param name="InventedRefused">Share of invented names the model said it does not have, 0 to 1.</param>
public readonly record struct EvaluationPoint(
    int Step, double? BitsPerByte = null, double? HeldOutExactMatch = null, double? InventedRefused = null);

/// <summary>A checkpoint of the run.</summary>
/// <param name="Step">The last step it contains.</param>
/// <param name="Digest">SHA-256 of the full state.</param>
public sealed record CheckpointSummary(int Step, string Digest);

/// <summary>A question the trained model was asked.</summary>
/// <param name="Question">The question.</param>
/// <param name="Expected">The answer the documents give.</param>
/// <param name="Answer">What the model said.</param>
/// <param name="Right">Whether that counts as right.</param>
public sealed record SampleAnswer(string Question, string Expected, string Answer, bool Right);
