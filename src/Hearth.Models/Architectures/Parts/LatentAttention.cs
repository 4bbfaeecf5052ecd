using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Parts;

/// <summary>Sizes of multi-head latent attention.</summary>
/// <param name="Heads">H.</param>
/// <param name="QueryRank">Width that queries are pressed through; 0 for none.</param>
/// <param name="Rank">Width of the latent that stands for keys and values.</param>
/// <param name="PlainSize">Numbers of a head's query and key that are not turned.</param>
/// <param name="TurnedSize">Numbers that are.</param>
/// <param name="ValueSize">Numbers in a head's value.</param>
/// <param name="Scale">Factor of the scores.</param>
public sealed record LatentAttentionSpec(int Heads, int QueryRank, int Rank, int PlainSize, int TurnedSize, int ValueSize, float Scale);

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1). The cache holds one latent and one turned key a token; the matrices that
/// would make keys and values of it are applied to queries and results instead, so that every head attends to the latent itself.
/// </summary>
/// <remarks>N tokens, C hidden size, H heads, R rank, P plain and T turned numbers of a head, V numbers in a value.</remarks>
internal sealed class LatentAttention(LatentAttentionSpec s, ParameterSet p, int hidden, float epsilon, int layer)
{
    private readonly Tensor? _queryDown = s.QueryRank > 0 ? p.Linear($"{Name(layer)}.q_a_proj", s.QueryRank, hidden) : null;
    private readonly Tensor? _queryNorm = s.QueryRank > 0 ? p.Gain($"{Name(layer)}.q_a_layernorm.weight", s.QueryRank) : null;
    private readonly Tensor _query = s.QueryRank > 0
        ? p.Linear($"{Name(layer)}.q_b_proj", s.Heads * (s.PlainSize + s.TurnedSize), s.QueryRank)
        : p.Linear($"{Name(layer)}.q_proj", s.Heads * (s.PlainSize + s.TurnedSize), hidden);
    private readonly Tensor _latent = p.Linear($"{Name(layer)}.kv_a_proj_with_mqa", s.Rank + s.TurnedSize, hidden);
    private readonly Tensor _latentNorm = p.Gain($"{Name(layer)}.kv_a_layernorm.weight", s.Rank);
    private readonly Tensor[] _keys = p.Matrices($"{Name(layer)}.k_b_proj", s.Heads, s.Rank, s.PlainSize);
    private readonly Tensor[] _values = p.Matrices($"{Name(layer)}.v_b_proj", s.Heads, s.ValueSize, s.Rank);
    private readonly Tensor _out = p.Linear($"{Name(layer)}.o_proj", hidden, s.Heads * s.ValueSize);
    private readonly AttentionShape _shape = new(s.Rank + s.TurnedSize, s.Rank, s.Scale);

    /// <summary>What the tokens take from the ones before them.</summary>
    /// <param name="h">[N, C]</param>
    /// <param name="rope">The rotary table, of T numbers.</param>
    /// <param name="batch">Which rows belong together, and their caches.</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor h, RopeTable rope, SequenceBatch batch)
    {
        int size = s.PlainSize + s.TurnedSize;
        Tensor q = _queryDown is null ? h.Linear(_query) : h.Linear(_queryDown).RmsNorm(_queryNorm!, epsilon).Linear(_query);
        q = q.Rotate(rope, batch, size, s.PlainSize);                                       // [N, H·(P+T)]
        q = q.LinearByHead(size, 0, _keys).JoinHeads(q, s.Heads, s.PlainSize);              // [N, H·(R+T)]

        Tensor both = h.Linear(_latent);                                                    // [N, R+T]
        Tensor latent = both.TakeColumns(0, s.Rank).RmsNorm(_latentNorm, epsilon);          // [N, R]
        Tensor turned = both.TakeColumns(s.Rank, s.TurnedSize).Rotate(rope, batch);         // [N, T]
        Tensor o = q.Attend(latent.JoinHeads(turned, 1), latent, _shape, batch, layer);     // [N, H·R]
        return o.LinearByHead(s.Rank, 0, _values).Linear(_out);                             // [N, C]
    }

    private static string Name(int layer) => $"model.layers.{layer}.self_attn";
}
