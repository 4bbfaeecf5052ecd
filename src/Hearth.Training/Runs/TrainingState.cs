using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>A run in memory: weights, optimizers and place in the data, and the one training step. It writes nothing.</summary>
public sealed class TrainingState : IDisposable
{
    private readonly TrainingSetup _setup;
    private readonly WorkerPool _pool;
    private readonly IReadOnlyList<Optimizer> _optimizers;
    private readonly GradientWorkers _workers;
    private readonly Tape _evaluationTape;
    private readonly StepLoader _loader;
    private DataPosition _position;

    /// <summary>The state before step 1.</summary>
    /// <param name="setup">What is trained.</param>
    /// <param name="pool">Threads.</param>
    public TrainingState(TrainingSetup setup, WorkerPool pool)
    {
        _setup = setup;
        _pool = pool;
        Model = setup.NewModel();
        _optimizers = setup.NewOptimizers(Model);
        _workers = new GradientWorkers(Model, pool, setup.Recipe.Training.MicroBatches);
        _evaluationTape = new Tape(pool, recording: false);
        _loader = setup.NewLoader();
    }

    /// <summary>The model as it is.</summary>
    public LanguageModel Model { get; }

    /// <summary>The last step done.</summary>
    public int Step { get; private set; }

    /// <summary>The step of the last state that is on the disk, for messages; 0 for none.</summary>
    public int Saved { get; set; }

    /// <summary>Goes to a checkpoint.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="checkpoint">Its description.</param>
    /// <exception cref="RunException">A file is not the one that was written.</exception>
    public void Restore(string folder, Checkpoint checkpoint)
    {
        checkpoint.Restore(folder, Model, _optimizers);
        _workers.WeightsChanged();
        (_position, Step, Saved) = (checkpoint.Position, checkpoint.Step, checkpoint.Step);
    }

    /// <summary>Trains one step.</summary>
    /// <returns>What the ledger says of it.</returns>
    /// <exception cref="DivergedException">The loss or a gradient is not finite.</exception>
    public StepLine Advance()
    {
        TrainingSpec plan = _setup.Recipe.Training;
        int step = Step + 1;
        var position = _position;
        Piece[][] pieces = _loader.Next(step, ref position);
        MicroBatch[] batches = _loader.Lay(pieces);
        int targets = batches.Sum(b => b.TargetCount);
        (double loss, Gradients gradients) = _workers.Run(batches, targets);
        double norm = gradients.Norm(_pool);
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) throw new DivergedException(step, loss, gradients.FirstNotFinite(), Saved);
        gradients.Clip(_pool, norm, plan.ClipNorm);
        double share = _setup.Schedule.Share(step);
        foreach (Optimizer optimizer in _optimizers) optimizer.Step(_pool, step, share);
        _workers.WeightsChanged();
        (Step, _position) = (step, position);
        return new StepLine(step, Packer.Digest(pieces.SelectMany(p => p)), batches.Sum(b => b.Targets.Length), targets,
            plan.Optimizer.LearningRate * share, loss, norm, ModelBundle.WeightsDigest(Model));
    }

    /// <summary>Measures on the held-out documents.</summary>
    /// <returns>Null when nothing is held out.</returns>
    /// <exception cref="DivergedException">The loss is not finite.</exception>
    public EvaluationLine? Evaluate()
    {
        if (_setup.HeldOut.Length == 0) return null;
        var plan = new PackingPlan(_setup.Recipe.Training.MicroBatchTokens, _setup.Recipe.Model.Context, false, false);
        double bits = BitsPerByte.Measure(Model, _evaluationTape, _setup.HeldOut, plan);
        return double.IsFinite(bits) ? new EvaluationLine(Step, bits) : throw new DivergedException(Step, bits, null, Saved);
    }

    /// <summary>Describes the state; the ledger's part is left to be filled in.</summary>
    public Checkpoint Describe() => Checkpoint.Of(Step, _position, Model, _optimizers);

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="checkpoint">From <see cref="Describe"/>, with the ledger's part filled in.</param>
    public void Save(string folder, Checkpoint checkpoint)
    {
        checkpoint.Save(folder, Model, _optimizers);
        Saved = Step;
    }

    /// <summary>The first number of a stored state that is not the one here; weights first, then the optimizer's.</summary>
    /// <param name="folder">A checkpoint's folder.</param>
    /// <returns>Null when all are equal, bit for bit.</returns>
    /// <exception cref="HearthException">A file is missing or does not hold such a state.</exception>
    public StateDifference? FirstDifference(string folder) =>
        StateDifference.Find(Path.Combine(folder, ModelBundle.WeightsName), Model.Parameters.All.Select(p => (p.Tensor.Name, p.Tensor.Shape.ToArray(), p.Tensor.Memory)))
        ?? StateDifference.Find(Path.Combine(folder, Checkpoint.OptimizerName), _optimizers.SelectMany(o => o.States).Select(s => (s.Name, s.Shape, (ReadOnlyMemory<float>)s.Data.Memory)));

    /// <inheritdoc/>
    public void Dispose() => _workers.Dispose();
}
