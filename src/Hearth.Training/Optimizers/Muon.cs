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
    private readonly NewtonSchulz.Workspace _workspace;

    /// <summary>Starts with zero momentum.</summary>
    /// <param name="parameters">What it trains; each a matrix.</param>
    /// <param name="settings">Its settings.</param>
    public Muon(IEnumerable<Parameter> parameters, MuonSettings settings)
    {
        _settings = settings;
        _parameters = [.. parameters.Select(p => (p, Keep("muon.momentum", p)))];
        _workspace = new NewtonSchulz.Workspace(_parameters.Select(p => (p.Parameter.Tensor.Rows, p.Parameter.Tensor.Columns)));
    }

    /// <inheritdoc/>
    public override void Step(WorkerPool pool, int step, double share)
    {
        double rate = _settings.LearningRate * share;
        foreach ((Parameter parameter, FloatBuffer momentum) in _parameters)
        {
            Tensor w = parameter.Tensor;
            FloatBuffer direction = _workspace.Matrix;
            pool.For(w.Length, 1024, (from, to) => Updates.Nesterov(w.Gradient[from..to], momentum.Span[from..to], (float)_settings.Momentum, direction.Span[from..to]));
            NewtonSchulz.Orthogonalise(pool, _workspace, w.Rows, w.Columns);
            float scale = (float)(-rate * Math.Sqrt(Math.Max(1.0, w.Rows / (double)w.Columns)));
            float keep = (float)(1 - (rate * _settings.WeightDecay));
            pool.For(w.Length, 1024, (from, to) => Updates.Combine(direction.Span[from..to], scale, keep, w.Data[from..to]));
            w.Changed();
        }
    }
}
