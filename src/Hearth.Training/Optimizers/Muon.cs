using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Training.Optimizers;

/// <summary>Settings of <see cref="Muon"/>.</summary>
/// <param name="LearningRate">The full rate.</param>
/// <param name="Momentum">Decay of the momentum.</param>
/// <param name="WeightDecay">Share of a weight, times the learning rate, taken off at each step.</param>
public sealed record MuonSettings(double LearningRate, double Momentum, double WeightDecay);

/// <summary>
/// Muon: momentum made orthogonal by five Newton-Schulz steps (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks";
/// Liu et al. 2025, arXiv:2502.16982, algorithm 1), for the matrices between hidden layers.
/// </summary>
public sealed class Muon : Optimizer
{
    private readonly MuonSettings _settings;
    private readonly (Parameter Parameter, FloatBuffer Momentum)[] _parameters;
    private NewtonSchulz.Workspace[] _workspaces = [];

    /// <summary>Starts with zero momentum.</summary>
    /// <param name="parameters">What it trains; each a matrix.</param>
    /// <param name="settings">Its settings.</param>
    public Muon(IEnumerable<Parameter> parameters, MuonSettings settings)
    {
        _settings = settings;
        _parameters = [.. parameters.Select(p => (p, Keep("muon.momentum", p)))];
    }

    /// <inheritdoc/>
    public override void Step(WorkerPool pool, int step, double share)
    {
        double rate = _settings.LearningRate * share;
        if (_workspaces.Length != pool.Threads) _workspaces = [.. Enumerable.Range(0, pool.Threads).Select(_ => NewWorkspace())];
        pool.Run(worker =>                                                       // each matrix is one thread's work
        {
            for (int i = worker; i < _parameters.Length; i += pool.Threads) Step(_parameters[i], _workspaces[worker], rate);
        });
    }

    private void Step((Parameter Parameter, FloatBuffer Momentum) p, NewtonSchulz.Workspace workspace, double rate)
    {
        Tensor w = p.Parameter.Tensor;
        Span<float> direction = workspace.Matrix.Span[..w.Length];
        Updates.Nesterov(w.Gradient, p.Momentum.Span, (float)_settings.Momentum, direction);
        NewtonSchulz.Orthogonalise(WorkerPool.Alone, workspace, w.Rows, w.Columns);
        float scale = (float)(-rate * Math.Sqrt(Math.Max(1.0, w.Rows / (double)w.Columns)));
        float keep = (float)(1 - (rate * _settings.WeightDecay));
        Updates.Combine(direction, scale, keep, w.Data);
        w.Changed();
    }

    private NewtonSchulz.Workspace NewWorkspace() => new(_parameters.Select(p => (p.Parameter.Tensor.Rows, p.Parameter.Tensor.Columns)));
}
