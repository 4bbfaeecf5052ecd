using Hearth.Numerics;

namespace Hearth.Training.Runs;

/// <summary>A run can not start or go on: its folder, its disk, its memory or its documents do not allow it.</summary>
/// <param name="message">What was found, what was expected, and what to do next.</param>
/// <param name="inner">The cause.</param>
public sealed class RunException(string message, Exception? inner = null) : HearthException(message, inner);

/// <summary>The loss or a gradient stopped being a number.</summary>
/// <param name="step">The step.</param>
/// <param name="loss">Its loss, in nats a target.</param>
/// <param name="tensor">The first parameter whose gradient is not finite; null when only the loss is not.</param>
/// <param name="lastCheckpoint">The last good checkpoint's step; 0 for none.</param>
public sealed class DivergedException(int step, double loss, string? tensor, int lastCheckpoint)
    : HearthException($"step {step:N0}: " + (tensor is null ? $"the loss is {loss}" : $"the gradient of '{tensor}' is not finite")
        + (lastCheckpoint > 0 ? $". Last good checkpoint: step {lastCheckpoint:N0}." : ". There is no checkpoint before it.")
        + " Lower the learning rate or clip the gradient, and train again.")
{
    /// <summary>The step.</summary>
    public int Step { get; } = step;
}
