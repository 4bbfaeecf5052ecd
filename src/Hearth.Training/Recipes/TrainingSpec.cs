using Hearth.Training.Optimizers;

namespace Hearth.Training.Recipes;

/// <summary>How documents are laid into micro-batches.</summary>
/// <param name="Split">Whether a document may be cut to fill a micro-batch to its end; <c>documents: split</c> in the recipe.</param>
/// <param name="CrossDocumentAttention">Whether a document sees the ones before it in its micro-batch.</param>
/// <param name="ConversationTurns">The most question-answer documents that are laid one after the other as one conversation.</param>
public sealed record PackingSpec(bool Split, bool CrossDocumentAttention, int ConversationTurns);

/// <summary>How the model is trained.</summary>
/// <param name="Steps">Updates of the weights.</param>
/// <param name="MicroBatches">Micro-batches of a step, a power of two.</param>
/// <param name="MicroBatchTokens">Tokens of a micro-batch, at least the context.</param>
/// <param name="LossOnAnswersOnly">Whether the question of a question-answer document counts nothing; <c>lossOn: answers</c> in the recipe.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="Schedule">How the learning rate moves.</param>
/// <param name="ClipNorm">The largest norm of the gradient; 0 for none.</param>
/// <param name="CheckpointEvery">Steps between checkpoints.</param>
/// <param name="EvaluateEvery">Steps between measurements on what is held out.</param>
public sealed record TrainingSpec(
    int Steps, int MicroBatches, int MicroBatchTokens, bool LossOnAnswersOnly, OptimizerSpec Optimizer, ScheduleSpec Schedule,
    double ClipNorm, int CheckpointEvery, int EvaluateEvery)
{
    /// <summary>The first step that revocable documents are drawn in; 0 when the recipe has none.</summary>
    public int RevocableFrom { get; init; }

    /// <summary>Whether the held-out documents are measured after a step.</summary>
    /// <param name="step">The step, from 1.</param>
    public bool EvaluatesAfter(int step) => EvaluateEvery > 0 && (step % EvaluateEvery == 0 || step == Steps);

    /// <summary>Whether the ledger names a checkpoint after a step.</summary>
    /// <param name="step">The step, from 1.</param>
    public bool HasCheckpointAfter(int step) => step % CheckpointEvery == 0 || step == Steps;
}

/// <summary>An optimizer.</summary>
public enum OptimizerKind
{
    /// <summary><see cref="Optimizers.AdamW"/> for everything.</summary>
    AdamW,

    /// <summary><see cref="Optimizers.Muon"/> for the matrices between layers, <see cref="Optimizers.AdamW"/> for the rest.</summary>
    Muon,
}

/// <summary>The optimizer and its settings.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="LearningRate">The full rate of AdamW.</param>
/// <param name="MatrixLearningRate">The full rate of Muon; nothing to AdamW alone.</param>
/// <param name="Momentum">Muon's decay of the momentum; nothing to AdamW alone.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Share of a weight, times the learning rate, taken off at each step.</param>
/// <param name="DecayEmbeddings">Whether embeddings and the output layer decay too.</param>
/// <param name="DecayNorms">Whether norms and biases decay too.</param>
public sealed record OptimizerSpec(
    OptimizerKind Kind, double LearningRate, double MatrixLearningRate, double Momentum, double Beta1, double Beta2, double Epsilon,
    double WeightDecay, bool DecayEmbeddings, bool DecayNorms);

/// <summary>How the learning rate moves over a run.</summary>
/// <param name="Kind">The shape.</param>
/// <param name="WarmupSteps">Steps of the line up.</param>
/// <param name="DecaySteps">Steps of the line down of <see cref="ScheduleKind.WarmupStableDecay"/>; 0 for the others.</param>
/// <param name="MinimumRatio">The lowest share of the full rate, 0 to 1.</param>
public sealed record ScheduleSpec(ScheduleKind Kind, int WarmupSteps, int DecaySteps, double MinimumRatio);
