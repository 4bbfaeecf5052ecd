using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Optimizers;

namespace Hearth.Benchmarks.Model;

/// <summary>
/// A training step as a run does it: loss and gradients of every micro-batch, their sum, AdamW. The same batch comes again at every step:
/// what it costs does not depend on the tokens, and the loss falls where the step is right.
/// </summary>
internal sealed class TrainingStep
{
    private readonly WorkerPool _pool;
    private readonly Tape _tape;
    private readonly Gradients _gradients;
    private readonly AdamW _optimizer;
    private readonly (SequenceBatch Sequences, int[] Targets)[] _microBatches;
    private int _step;

    public TrainingStep(ModelShape shape, WorkerPool pool, int microBatches = 1)
    {
        _pool = pool;
        Model = shape.Config().Create();
        Model.Parameters.Initialise(1);
        _tape = new Tape(pool, recording: true);
        _gradients = new Gradients(Model.Parameters.All);
        _optimizer = new AdamW(Model.Parameters.All, new AdamWSettings(3e-4, 0.9, 0.95, 1e-8, 0.1, DecayTables: false, DecayVectors: false));
        _microBatches = Batches(microBatches);
    }

    public LanguageModel Model { get; }

    /// <summary>One step, each micro-batch's gradient computed on its own and summed by the tree.</summary>
    /// <returns>The mean loss in nats a token.</returns>
    public double Run()
    {
        double loss = 0;
        foreach ((SequenceBatch sequences, int[] targets) in _microBatches)
        {
            _gradients.Begin();
            loss += Pass(sequences, targets);
            _gradients.End(_pool);
        }
        return Finish(loss);
    }

    /// <summary>The same step with the gradients of all micro-batches added into one buffer as they come: a free order of summation.</summary>
    /// <returns>The mean loss in nats a token.</returns>
    public double RunIntoOneBuffer()
    {
        double loss = 0;
        _gradients.Begin();
        foreach ((SequenceBatch sequences, int[] targets) in _microBatches) loss += Pass(sequences, targets);
        _gradients.End(_pool);
        return Finish(loss);
    }

    /// <summary>The optimizer alone.</summary>
    public void Optimize() => _optimizer.Step(_pool, ++_step, 1);

    private double Pass(SequenceBatch sequences, int[] targets)
    {
        double loss = Model.Loss(_tape, sequences, targets, 1f / ModelShape.Tokens);
        _tape.Backward();
        return loss;
    }

    private double Finish(double loss)
    {
        _gradients.Finish();
        Optimize();
        return loss / ModelShape.Tokens;
    }

    /// <summary>Tokens from a linear congruential generator, which the peer's script runs too.</summary>
    private static (SequenceBatch, int[])[] Batches(int count)
    {
        uint state = 1;
        int rows = ModelShape.Sequences / count;
        var batches = new (SequenceBatch, int[])[count];
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
            batches[b] = (new SequenceBatch(tokens, segments), targets);
        }
        return batches;
    }

    private static int Next(ref uint state)
    {
        state = (state * 1664525) + 1013904223;
        return (int)(state >> 20);
    }
}
