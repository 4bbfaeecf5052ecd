using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>What a run will need, computed before it starts.</summary>
/// <param name="Weights">Numbers in the model.</param>
/// <param name="MemoryBytes">Bytes of memory at the peak, about.</param>
/// <param name="CheckpointBytes">Bytes of one checkpoint on the disk.</param>
/// <param name="Checkpoints">Checkpoints the run will write.</param>
public sealed record MemoryPlan(long Weights, long MemoryBytes, long CheckpointBytes, int Checkpoints)
{
    private const int RuntimeBytes = 150 << 20;

    /// <summary>Estimates a recipe's needs.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="vocabulary">Tokens in the vocabulary.</param>
    public static MemoryPlan Of(Recipe recipe, int vocabulary)
    {
        ModelSpec m = recipe.Model;
        TrainingSpec t = recipe.Training;
        long attention = (long)m.HiddenSize * m.HeadSize * ((2 * m.Heads) + (2 * m.KeyValueHeads));
        long feedForward = (long)m.HiddenSize * m.IntermediateSize * (m.Architecture == Architecture.Llama ? 3 : 2);
        long tables = (long)vocabulary * m.HiddenSize * (m.TiedEmbeddings ? 1 : 2);
        long matrices = m.Layers * (attention + feedForward);
        long weights = matrices + tables;
        int gradients = 1 + System.Numerics.BitOperations.Log2((uint)t.MicroBatches);
        long moments = t.Optimizer.Kind == OptimizerKind.Muon ? matrices + (2 * tables) : 2 * weights;
        long perRow = m.Layers * ((6L * m.HiddenSize) + ((3L * m.Heads + 3L * m.KeyValueHeads) * m.HeadSize) + (3L * m.IntermediateSize))
            + (6L * m.HiddenSize) + (3L * m.IntermediateSize);
        long logits = Math.Max(1L << 22, 16L * vocabulary);
        long numbers = (3 * weights) + (gradients * weights) + moments + (perRow * t.MicroBatchTokens) + logits;
        int checkpoints = (t.Steps + t.CheckpointEvery - 1) / t.CheckpointEvery;
        return new MemoryPlan(weights, (numbers * sizeof(float)) + RuntimeBytes, (weights + moments) * sizeof(float), checkpoints);
    }

    /// <summary>Refuses a run that this machine has no room for.</summary>
    /// <param name="folder">Where the run will be.</param>
    /// <exception cref="RunException">Memory or disk are too small; both numbers are named.</exception>
    public void Require(string folder)
    {
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (MemoryBytes > memory)
        {
            throw new RunException($"This run needs about {Show(MemoryBytes)} of memory ({Weights:N0} weights) and this machine has {Show(memory)}. "
                + "Make the model, its context or training.microBatchTokens smaller; more micro-batches of fewer tokens train the same way.");
        }
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (CheckpointBytes * 2 > free)
        {
            throw new RunException($"{folder}: a checkpoint takes {Show(CheckpointBytes)} and the disk has {Show(free)} left. "
                + "Free some room, or give another disk with --out.");
        }
    }

    /// <summary>Bytes in words.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string Show(long bytes) => bytes >= 1L << 30 ? $"{bytes / (double)(1L << 30):0.0} GB" : $"{Math.Max(1, bytes >> 20):N0} MB";
}
