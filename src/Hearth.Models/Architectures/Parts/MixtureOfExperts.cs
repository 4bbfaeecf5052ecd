using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Parts;

/// <summary>What a mixture of experts has besides its routing.</summary>
public sealed record ExpertSpec
{
    /// <summary>F, width inside an expert.</summary>
    public required int Inner { get; init; }

    /// <summary>How experts are chosen.</summary>
    public required ExpertRouting Routing { get; init; }

    /// <summary>Width inside the part that every token uses; 0 for none.</summary>
    public int SharedInner { get; init; }

    /// <summary>True when a bias steers the choice without changing the weights.</summary>
    public bool ChoiceBias { get; init; }

    /// <summary>True when router and experts have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>The limit of the gated unit of gpt-oss; 0 for plain SwiGLU.</summary>
    public float Limit { get; init; }
}

/// <summary>A feed-forward part of many experts, of which each token uses some (Shazeer et al. 2017, arXiv:1701.06538).</summary>
/// <param name="name">Its name in the model file, without the parameters' own.</param>
/// <param name="p">Where its parameters are defined.</param>
/// <param name="hidden">C.</param>
/// <param name="spec">What it is like.</param>
internal sealed class MixtureOfExperts(string name, ParameterSet p, int hidden, ExpertSpec spec)
{
    private readonly Tensor _router = p.Linear($"{name}.gate", spec.Routing.Experts, hidden);
    private readonly Tensor? _routerBias = p.Bias(spec.Bias, $"{name}.gate.bias", spec.Routing.Experts);
    private readonly Tensor? _choiceBias = p.Bias(spec.ChoiceBias, $"{name}.gate.e_score_correction_bias", spec.Routing.Experts);
    private readonly Tensor[] _gate = p.Matrices($"{name}.experts.gate_proj", spec.Routing.Experts, spec.Inner, hidden);
    private readonly Tensor[] _up = p.Matrices($"{name}.experts.up_proj", spec.Routing.Experts, spec.Inner, hidden);
    private readonly Tensor[] _down = p.Matrices($"{name}.experts.down_proj", spec.Routing.Experts, hidden, spec.Inner);
    private readonly Tensor?[] _gateBias = Biases(spec, p, $"{name}.experts.gate_proj_bias", spec.Inner);
    private readonly Tensor?[] _upBias = Biases(spec, p, $"{name}.experts.up_proj_bias", spec.Inner);
    private readonly Tensor?[] _downBias = Biases(spec, p, $"{name}.experts.down_proj_bias", hidden);
    private readonly GatedFeedForward? _shared = spec.SharedInner > 0 ? new($"{name}.shared_experts", p, hidden, spec.SharedInner) : null;

    private Func<int, Tensor, Tensor>? _expert;

    /// <summary>The part's result.</summary>
    /// <param name="h">[N, C]</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor h)
    {
        ExpertRoutes routes = spec.Routing.Route(h.Linear(_router, _routerBias), _choiceBias);
        Tensor mixed = h.MixExperts(routes, _expert ??= Expert, hidden);                    // [N, C]
        return _shared is null ? mixed : mixed.Add(_shared.Forward(h));
    }

    private Tensor Expert(int e, Tensor h)
    {
        Tensor gate = h.Linear(_gate[e], _gateBias[e]), up = h.Linear(_up[e], _upBias[e]);  // [n, F]
        return (spec.Limit > 0 ? gate.LimitedSwiGlu(up, spec.Limit) : gate.SwiGlu(up)).Linear(_down[e], _downBias[e]);
    }

    private static Tensor?[] Biases(ExpertSpec spec, ParameterSet p, string name, int size) =>
        spec.Bias ? p.Matrices(name, spec.Routing.Experts, 1, size) : new Tensor?[spec.Routing.Experts];
}
