using System.Numerics;
using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;

namespace Hearth.Training.Runs;

/// <summary>
/// Computes a step's gradient with all threads. A power of two of workers takes whole subtrees of the sum over micro-batches, so that they meet once
/// a step; threads beyond that divide the work inside a micro-batch. How many there are never shows in the bits.
/// </summary>
public sealed class GradientWorkers : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly WorkerPool? _outer;
    private readonly Worker[] _workers;

    /// <summary>Divides the threads.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pool">All threads.</param>
    /// <param name="microBatches">Micro-batches of a step, a power of two.</param>
    public GradientWorkers(LanguageModel model, WorkerPool pool, int microBatches)
    {
        _pool = pool;
        int count = CountFor(pool.Threads, microBatches);
        _workers = new Worker[count];
        if (count > 1) _outer = new WorkerPool(count);
        for (int i = 0; i < count; i++)
        {
            WorkerPool inner = count == 1 ? pool : new WorkerPool(pool.Threads / count);
            _workers[i] = new Worker(i == 0 ? model : Replica(model), inner);
        }
    }

    /// <summary>How many workers some threads make: a power of two, at most one a micro-batch.</summary>
    /// <param name="threads">The threads.</param>
    /// <param name="microBatches">Micro-batches of a step, a power of two.</param>
    public static int CountFor(int threads, int microBatches) => Math.Min(1 << BitOperations.Log2((uint)threads), microBatches);

    /// <summary>The mean loss and its gradient.</summary>
    /// <param name="batches">The step's micro-batches.</param>
    /// <param name="targets">Targets in all of them.</param>
    public (double Loss, Gradients Gradients) Run(MicroBatch[] batches, int targets)
    {
        var losses = new double[batches.Length];
        float scale = 1f / Math.Max(1, targets);
        int each = batches.Length / _workers.Length;
        void Work(int worker)
        {
            for (int m = worker * each; m < (worker + 1) * each; m++) losses[m] = _workers[worker].Run(batches[m], scale);
        }

        if (_outer is null) Work(0);
        else _outer.Run(Work);
        Gradients.Join(_pool, [.. _workers.Select(w => w.Gradients)]);
        _workers[0].Gradients.Finish();
        double loss = 0;
        foreach (double part in losses) loss += part;
        return (loss / Math.Max(1, targets), _workers[0].Gradients);
    }

    /// <summary>Says that the weights were updated.</summary>
    public void WeightsChanged()
    {
        foreach (Worker worker in _workers) worker.Model.Parameters.Changed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _outer?.Dispose();
        foreach (Worker worker in _workers)
        {
            if (worker.Pool != _pool) worker.Pool.Dispose();
        }
    }

    private static LanguageModel Replica(LanguageModel model)
    {
        LanguageModel replica = model.Config.Create();
        replica.Parameters.ShareData(model.Parameters);
        return replica;
    }

    private sealed class Worker(LanguageModel model, WorkerPool pool)
    {
        private readonly Tape _tape = new(pool, recording: true);

        public LanguageModel Model { get; } = model;

        public WorkerPool Pool { get; } = pool;

        public Gradients Gradients { get; } = new(model.Parameters.All);

        public double Run(MicroBatch batch, float scale)
        {
            Gradients.Begin();
            double loss = Model.Loss(_tape, batch.Sequences, batch.Targets, scale);
            _tape.Backward();
            Gradients.End(Pool);
            return loss;
        }
    }
}
