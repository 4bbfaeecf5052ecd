using System.Numerics;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>What a run will need, computed before it starts.</summary>
/// <param name="Weights">Numbers in the model.</param>
/// <param name="MemoryBytes">Bytes of memory at the peak, about.</param>
/// <param name="CheckpointBytes">Bytes of one checkpoint on the disk.</param>
/// <param name="Checkpoints">Checkpoints the run will write.</param>
public sealed record MemoryPlan(long Weights, long MemoryBytes, long CheckpointBytes, int Checkpoints)
{
    /// <summary>About what the program takes besides the numbers of the run.</summary>
    public const long RuntimeBytes = 150 << 20;

    /// <summary>Estimates a recipe's needs.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="vocabulary">Tokens in the vocabulary.</param>
    /// <param name="threads">Threads that will train.</param>
    public static MemoryPlan Of(Recipe recipe, int vocabulary, int threads)
    {
        ModelSpec m = recipe.Model;
        TrainingSpec t = recipe.Training;
        bool llama = m.Architecture == Architecture.Llama;
        long c = m.HiddenSize, f = m.IntermediateSize, heads = (long)(m.Heads + m.KeyValueHeads) * m.HeadSize;
        long matrices = m.Layers * ((2 * c * heads) + (c * f * (llama ? 3 : 2)));
        long vectors = llama ? (m.Layers * ((2 * c) + (m.QkNorm ? 2 * m.HeadSize : 0))) + c : (m.Layers * ((9 * c) + f)) + (2 * c);
        long tables = c * ((vocabulary * (m.TiedEmbeddings ? 1L : 2L)) + (llama ? 0 : m.Context));
        long weights = matrices + tables + vectors;
        bool muon = t.Optimizer.Kind == OptimizerKind.Muon;
        long moments = muon ? matrices + (2 * (tables + vectors)) : 2 * weights;
        long workspaces = muon ? threads * ((3 * c * f) + (2 * c * c)) : 0;

        // Each worker packs the weights in two orders, sums the micro-batches of its subtree, and has a tape; so has the measurement on held-out text.
        int workers = GradientWorkers.CountFor(threads, t.MicroBatches), levels = 1 + BitOperations.Log2((uint)(t.MicroBatches / workers));
        long perRow = (m.Layers * (((llama ? 6 : 12) * c) + (3 * heads) + (3 * f))) + (6 * c) + (3 * f);
        long logits = Math.Min(Math.Max(1L << 22, 16L * vocabulary), (long)t.MicroBatchTokens * vocabulary);
        long numbers = weights + (workers * (2 + levels) * weights) + moments + workspaces + ((workers + 1) * ((perRow * t.MicroBatchTokens) + logits));
        int checkpoints = (t.Steps + t.CheckpointEvery - 1) / t.CheckpointEvery;
        return new MemoryPlan(weights, (numbers * sizeof(float)) + RuntimeBytes, (weights + moments) * sizeof(float), checkpoints);
    }

    /// <summary>Refuses a run that this machine has no room for.</summary>
    /// <param name="folder">Where the run will be.</param>
    /// <exception cref="RunException">Memory or disk are too small; both numbers are named.</exception>
    public void Require(string folder)
    {
        RequireMemory();
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (CheckpointBytes * 2 > free)
        {
            throw new RunException($"{folder}: a checkpoint takes {Show(CheckpointBytes)} and the disk has {Show(free)} left. "
                + "Free some room, or give another disk with --out.");
        }
    }

    /// <summary>Refuses what this machine has no memory for.</summary>
    /// <exception cref="RunException">The memory is too small; both numbers are named.</exception>
    public void RequireMemory()
    {
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (MemoryBytes > memory)
        {
            throw new RunException($"This run needs about {Show(MemoryBytes)} of memory ({Weights:N0} weights) and this machine has {Show(memory)}. "
                + "Make the model, its context or training.microBatchTokens smaller; more micro-batches of fewer tokens train the same way.");
        }
    }

    /// <summary>Bytes in words.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string Show(long bytes) => bytes >= 1L << 30 ? $"{bytes / (double)(1L << 30):0.0} GB" : $"{Math.Max(1, bytes >> 20):N0} MB";
}
