using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;
using Hearth.Training.Runs;

namespace Hearth.Benchmarks.Model;

/// <summary>
/// A training step as a run does it: loss and gradients of every micro-batch, their sum by the tree, AdamW. The same batch comes again at every step:
/// what it costs does not depend on the tokens, and the loss falls where the step is right.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly GradientWorkers _workers;
    private readonly Tape _tape;
    private readonly Gradients _oneBuffer;
    private readonly AdamW _optimizer;
    private readonly MicroBatch[] _microBatches;
    private int _step;

    public TrainingStep(ModelShape shape, WorkerPool pool, int microBatches)
    {
        _pool = pool;
        Model = shape.Config().Create();
        Model.Parameters.Initialise(1);
        _workers = new GradientWorkers(Model, pool, microBatches);
        _tape = new Tape(pool, recording: true);
        _oneBuffer = new Gradients(Model.Parameters.All);
        _optimizer = new AdamW(Model.Parameters.All, new AdamWSettings(3e-4, 0.9, 0.95, 1e-8, 0.1, DecayTables: false, DecayVectors: false));
        _microBatches = Batches(microBatches);
    }

    public LanguageModel Model { get; }

    /// <summary>One step.</summary>
    /// <returns>The mean loss in nats a token.</returns>
    public double Run()
    {
        double loss = _workers.Run(_microBatches, ModelShape.Tokens).Loss;
        Optimize();
        _workers.WeightsChanged();
        return loss;
    }

    /// <summary>The same step with the gradients of all micro-batches added into one buffer as they come: a free order of summation.</summary>
    public void RunIntoOneBuffer()
    {
        _oneBuffer.Begin();
        foreach (MicroBatch batch in _microBatches)
        {
            Model.Loss(_tape, batch.Sequences, batch.Targets, 1f / ModelShape.Tokens);
            _tape.Backward();
        }
        _oneBuffer.End(_pool);
        _oneBuffer.Finish();
        Optimize();
        _workers.WeightsChanged();
    }

    /// <summary>The optimizer alone.</summary>
    public void Optimize() => _optimizer.Step(_pool, ++_step, 1);

    /// <inheritdoc/>
    public void Dispose() => _workers.Dispose();

    /// <summary>Tokens from a linear congruential generator, which the peer's script runs too.</summary>
    private static MicroBatch[] Batches(int count)
    {
        if (ModelShape.Sequences % count != 0) throw new ArgumentException($"--micro-batches is {count}, expected a divisor of {ModelShape.Sequences}.");
        uint state = 1;
        int rows = ModelShape.Sequences / count;
        var batches = new MicroBatch[count];
        for (int b = 0; b < count; b++)
        {
            int[] tokens = new int[rows * ModelShape.Length], targets = new int[tokens.Length];
            for (int row = 0; row < rows; row++)
            {
                int next = Next(ref state);
                for (int i = 0; i < ModelShape.Length; i++)
                {
                    tokens[(row * ModelShape.Length) + i] = next;
                    targets[(row * ModelShape.Length) + i] = next = Next(ref state);
                }
            }
            Segment[] segments = [.. Enumerable.Range(0, rows).Select(r => new Segment(r * ModelShape.Length, ModelShape.Length))];
            batches[b] = new MicroBatch(new SequenceBatch(tokens, segments), targets, []);
        }
        return batches;
    }

    private static int Next(ref uint state)
    {
        state = (state * 1664525) + 1013904223;
        return (int)(state >> 20);
    }
}
