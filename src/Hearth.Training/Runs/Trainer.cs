using System.Diagnostics;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>How far a run is.</summary>
/// <param name="Step">The step just done.</param>
/// <param name="Steps">Steps of the run.</param>
/// <param name="Loss">Its mean loss in nats a target.</param>
/// <param name="LearningRate">Its learning rate.</param>
/// <param name="BitsPerByte">The last measurement on held-out documents; null before the first.</param>
/// <param name="TokensPerSecond">Tokens a second, over the last steps.</param>
/// <param name="Left">Time left at that rate.</param>
public sealed record TrainingProgress(int Step, int Steps, double Loss, double LearningRate, double? BitsPerByte, double TokensPerSecond, TimeSpan Left);

/// <summary>What came of a call to <see cref="Trainer.Train"/>.</summary>
/// <param name="Step">The last step done.</param>
/// <param name="Finished">True when the run is complete.</param>
/// <param name="WeightsDigest">SHA-256 of model.safetensors as it is at that step.</param>
/// <param name="LedgerHead">Hash of the ledger's last line.</param>
/// <param name="TokensPerSecond">Tokens a second, over this call.</param>
/// <param name="Seconds">Seconds of training in this call.</param>
public sealed record TrainingResult(int Step, bool Finished, string WeightsDigest, string LedgerHead, double TokensPerSecond, double Seconds);

/// <summary>Trains a run from its recipe, from step 1 or from a checkpoint, and writes ledger and checkpoints as it goes.</summary>
public sealed class Trainer : IDisposable
{
    private readonly RunFolder _folder;
    private readonly TrainingSetup _setup;
    private readonly TrainingState _state;
    private readonly LedgerFile _ledger;
    private double? _bitsPerByte;

    private Trainer(RunFolder folder, TrainingSetup setup, TrainingState state, LedgerFile ledger)
    {
        _folder = folder;
        _setup = setup;
        _state = state;
        _ledger = ledger;
    }

    /// <summary>The model as it is.</summary>
    public LanguageModel Model => _state.Model;

    /// <summary>Told after every step.</summary>
    public Action<TrainingProgress>? Progress { get; set; }

    /// <summary>Told each line of the ledger as it is written.</summary>
    public Action<string>? LineWritten
    {
        get => _ledger.Written;
        set => _ledger.Written = value;
    }

    /// <summary>Begins a run: writes recipe, materials, tokenizer and the ledger's first line.</summary>
    /// <param name="folder">Where; made if need be.</param>
    /// <param name="setup">What to train.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="RunException">The folder can not be written.</exception>
    public static Trainer Begin(RunFolder folder, TrainingSetup setup, WorkerPool pool)
    {
        var state = new TrainingState(setup, pool);
        string materials = Materials.ToJson(Materials.Of(setup));
        return Guarded(folder, () =>
        {
            Directory.CreateDirectory(folder.Path);
            AtomicFile.WriteText(folder.Recipe, setup.Recipe.ToYaml());
            AtomicFile.WriteText(folder.Materials, materials);
            setup.Tokenizer.Save(folder.Tokenizer);
            LedgerFile ledger = LedgerFile.Create(folder.Ledger);
            ledger.Add(new StartLine(NumericsVersion.Current, setup.Recipe.IdentityDigest(), Digest.Of(materials),
                Digest.Of(setup.Tokenizer.ToJson()), ModelBundle.WeightsDigest(state.Model)));
            return new Trainer(folder, setup, state, ledger);
        });
    }

    /// <summary>Goes on with a run from its last checkpoint, or from step 1 when it has none.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="setup">What it trains, made anew from its recipe and documents.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="RunException">Documents, recipe or tokenizer are not those that the run began with, or a checkpoint was altered.</exception>
    public static Trainer Resume(RunFolder folder, TrainingSetup setup, WorkerPool pool)
    {
        RequireSameMaterials(folder, setup);
        IReadOnlyList<(string Folder, Checkpoint Checkpoint)> checkpoints = Checkpoint.List(folder);
        (_, ForgetLine? forget, long length, string head) = LedgerFile.Preamble(folder.Ledger);
        if (checkpoints.Count == 0 && forget is null) return Begin(folder, setup, pool);
        var state = new TrainingState(setup, pool);
        if (checkpoints.Count == 0) return new Trainer(folder, setup, state, LedgerFile.Continue(folder.Ledger, length, head));
        (string place, Checkpoint last) = checkpoints[^1];
        state.Restore(place, last);
        return new Trainer(folder, setup, state, LedgerFile.Continue(folder.Ledger, last.LedgerLength, last.LedgerHead));
    }

    /// <summary>Trains until the run is complete, a step is reached, or it is asked to stop; then the state is on the disk.</summary>
    /// <param name="stopAt">The step to stop after; null for the recipe's last.</param>
    /// <param name="cancel">Asks to stop after the running step.</param>
    /// <exception cref="DivergedException">The loss or a gradient is not finite.</exception>
    /// <exception cref="RunException">A checkpoint can not be written.</exception>
    public TrainingResult Train(int? stopAt = null, CancellationToken cancel = default)
    {
        TrainingSpec plan = _setup.Recipe.Training;
        int last = Math.Min(stopAt ?? plan.Steps, plan.Steps), first = _state.Step;
        var clock = Stopwatch.StartNew();
        long tokens = 0;
        var rate = new RateMeter();
        while (_state.Step < last && !cancel.IsCancellationRequested)
        {
            StepLine line = _state.Advance();
            Write(line);
            tokens += line.Tokens;
            if (plan.EvaluatesAfter(line.Step)) Evaluate();
            if (plan.HasCheckpointAfter(line.Step) && line.Step < plan.Steps) Save(scheduled: true);
            double speed = rate.Add(line.Tokens, clock.Elapsed.TotalSeconds);
            double perStep = clock.Elapsed.TotalSeconds / (line.Step - first);
            Progress?.Invoke(new TrainingProgress(line.Step, plan.Steps, line.Loss, line.LearningRate, _bitsPerByte, speed, TimeSpan.FromSeconds(perStep * (last - line.Step))));
        }
        double seconds = clock.Elapsed.TotalSeconds;
        bool finished = _state.Step == plan.Steps;
        if (_state.Step > first || first == 0) Save(scheduled: finished);
        string weights = ModelBundle.WeightsDigest(Model);
        if (finished) Finish(weights);
        return new TrainingResult(_state.Step, finished, weights, _ledger.Head, seconds > 0 ? tokens / seconds : 0, seconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _state.Dispose();
        _ledger.Dispose();
    }

    private void Evaluate()
    {
        if (_state.Evaluate() is not { } line) return;
        _bitsPerByte = line.BitsPerByte;
        Write(line);
    }

    private void Write(LedgerLine line) => Guarded(_folder, () =>
    {
        _ledger.Add(line);
        return true;
    });

    /// <summary>Writes a checkpoint. Only those of the recipe's own schedule stand in the ledger, so that stopping leaves no trace in it.</summary>
    private void Save(bool scheduled)
    {
        Checkpoint checkpoint = _state.Describe();
        Guarded(_folder, () =>
        {
            if (scheduled) _ledger.Add(new CheckpointLine(checkpoint.Step, checkpoint.State, checkpoint.Weights));
            _ledger.FlushToDisk();
            _state.Save(_folder.Checkpoint(checkpoint.Step), checkpoint with { LedgerHead = _ledger.Head, LedgerLength = _ledger.Length });
            return true;
        });
    }

    private void Finish(string weights)
    {
        Guarded(_folder, () =>
        {
            _ledger.Add(new EndLine(_state.Step, weights));
            _ledger.FlushToDisk();
            _folder.CarryProvenance();
            ModelBundle.Save(_folder.Model, Model, _setup.Tokenizer);            // its last file marks the run as finished
            return true;
        });
    }

    private static void RequireSameMaterials(RunFolder folder, TrainingSetup setup)
    {
        StartLine start = LedgerFile.Start(folder.Ledger);
        string materials = Materials.ToJson(Materials.Of(setup));
        if (start.Numerics != NumericsVersion.Current)
        {
            throw new RunException($"{folder.Path}: was begun with Numerics.Version {start.Numerics}, this is {NumericsVersion.Current}. Use the Hearth that began it, or train again.");
        }
        if (start.Recipe != setup.Recipe.IdentityDigest()) throw new RunException($"{folder.Recipe}: is not the recipe that the run began with. Put it back, or train again into another folder.");
        if (start.Materials != Digest.Of(materials))
        {
            throw new RunException($"{folder.Path}: {Materials.Difference(folder, setup)} Put the documents back as they were, or train again into another folder.");
        }
        if (start.Tokenizer != Digest.Of(setup.Tokenizer.ToJson())) throw new RunException($"{folder.Tokenizer}: is not the tokenizer that the run began with. Train again into another folder.");
    }

    private static T Guarded<T>(RunFolder folder, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{folder.Path}: can not be written: {e.Message} Earlier checkpoints are intact; free some room or permit writing, then `hearth train --resume {folder.Path}`.", e);
        }
    }
}
