using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Training.Optimizers;

/// <summary>Settings of <see cref="AdamW"/>.</summary>
/// <param name="LearningRate">The full rate.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Share of a weight, times the learning rate, taken off at each step.</param>
/// <param name="DecayTables">True to decay embeddings and the output layer too.</param>
/// <param name="DecayVectors">True to decay norms and biases too.</param>
public sealed record AdamWSettings(double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, bool DecayTables, bool DecayVectors);

/// <summary>AdamW with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2).</summary>
public sealed class AdamW : Optimizer
{
    private readonly AdamWSettings _settings;
    private readonly (Parameter Parameter, FloatBuffer M, FloatBuffer V)[] _parameters;

    /// <summary>Starts with zero moments.</summary>
    /// <param name="parameters">What it trains.</param>
    /// <param name="settings">Its settings.</param>
    public AdamW(IEnumerable<Parameter> parameters, AdamWSettings settings)
    {
        _settings = settings;
        _parameters = [.. parameters.Select(p => (p, Keep("adamw.m", p), Keep("adamw.v", p)))];
    }

    /// <inheritdoc/>
    public override void Step(WorkerPool pool, int step, double share)
    {
        double rate = _settings.LearningRate * share;
        float corrected = (float)(rate / (1 - Canonical.Pow(_settings.Beta1, step)));
        float root = (float)Math.Sqrt(1 - Canonical.Pow(_settings.Beta2, step));
        foreach ((Parameter parameter, FloatBuffer m, FloatBuffer v) in _parameters)
        {
            float shrink = Decays(parameter.Kind) ? (float)(1 - (rate * _settings.WeightDecay)) : 1f;
            Tensor w = parameter.Tensor;
            pool.For(w.Length, 1024, 4L * w.Length, (from, to) => Updates.AdamW(w.Data[from..to], w.Gradient[from..to], m.Span[from..to], v.Span[from..to],
                corrected, _settings.Beta1, _settings.Beta2, root, (float)_settings.Epsilon, shrink));
            w.Changed();
        }
    }

    private bool Decays(ParameterKind kind) => kind switch
    {
        ParameterKind.Matrix => true,
        ParameterKind.Table => _settings.DecayTables,
        _ => _settings.DecayVectors,
    };
}
