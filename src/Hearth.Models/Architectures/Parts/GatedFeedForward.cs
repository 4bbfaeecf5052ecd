using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Parts;

/// <summary>A gated feed-forward part (Shazeer 2020, arXiv:2002.05202): down(act(gate(x)) · up(x)).</summary>
/// <param name="name">Its name in the model file, without the matrices' own.</param>
/// <param name="p">Where its parameters are defined.</param>
/// <param name="hidden">C.</param>
/// <param name="inner">F.</param>
/// <param name="gelu">True for GELU, false for SiLU.</param>
/// <param name="fused">True when one matrix holds gate and up, in this order.</param>
internal sealed class GatedFeedForward(string name, ParameterSet p, int hidden, int inner, bool gelu = false, bool fused = false)
{
    private readonly Tensor? _both = fused ? p.Linear($"{name}.gate_up_proj", 2 * inner, hidden) : null;
    private readonly Tensor? _gate = fused ? null : p.Linear($"{name}.gate_proj", inner, hidden);
    private readonly Tensor? _up = fused ? null : p.Linear($"{name}.up_proj", inner, hidden);
    private readonly Tensor _down = p.Linear($"{name}.down_proj", hidden, inner);

    /// <summary>The part's result.</summary>
    /// <param name="h">[N, C]</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor h)
    {
        Tensor? both = _both is null ? null : h.Linear(_both);                              // [N, 2F]
        Tensor gate = both?.TakeColumns(0, inner) ?? h.Linear(_gate!);                      // [N, F]
        Tensor up = both?.TakeColumns(inner, inner) ?? h.Linear(_up!);                      // [N, F]
        return (gelu ? gate.Gelu().Multiply(up) : gate.SwiGlu(up)).Linear(_down);           // [N, C]
    }
}
