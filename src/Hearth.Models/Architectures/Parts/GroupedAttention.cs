using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Models.Architectures.Parts;

/// <summary>What queries and keys are normalised over before they are turned.</summary>
public enum QkNorm
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each head by itself.</summary>
    Head,

    /// <summary>All heads of a row together.</summary>
    Row,
}

/// <summary>What a layer's attention has besides its four matrices.</summary>
public sealed record GroupedAttentionSpec
{
    /// <summary>What queries and keys are normalised over.</summary>
    public QkNorm Norm { get; init; }

    /// <summary>True when something is added to queries, keys and values.</summary>
    public bool QkvBias { get; init; }

    /// <summary>True when something is added to the result.</summary>
    public bool OutputBias { get; init; }

    /// <summary>True when one matrix holds queries, keys and values, in this order.</summary>
    public bool Fused { get; init; }

    /// <summary>True when every head has a score that takes part in its softmax and has no value.</summary>
    public bool Sinks { get; init; }

    /// <summary>How many tokens a token sees, itself included; 0 for all before it.</summary>
    public int Window { get; init; }

    /// <summary>Factor of the scores; null for 1/√D.</summary>
    public float? Scale { get; init; }
}

/// <summary>Grouped-query attention with rotary positions (Ainslie et al. 2023, arXiv:2305.13245), its variations switched by what a family has.</summary>
/// <remarks>N tokens, C hidden size, H query heads, K key-value heads, D head size.</remarks>
internal sealed class GroupedAttention
{
    private readonly ModelConfig _c;
    private readonly AttentionShape _shape;
    private readonly int _layer;
    private readonly Tensor? _qkv, _wq, _wk, _wv, _bq, _bk, _bv, _qNorm, _kNorm, _bo;
    private readonly Tensor _wo;

    /// <summary>Defines the parameters.</summary>
    public GroupedAttention(ModelConfig c, GroupedAttentionSpec spec, ParameterSet p, int layer)
    {
        _c = c;
        _layer = layer;
        string name = $"model.layers.{layer}.self_attn";
        int q = c.NumAttentionHeads * c.HeadDim, kv = c.NumKeyValueHeads * c.HeadDim;
        if (spec.Fused)
        {
            _qkv = p.Linear($"{name}.qkv_proj", q + (2 * kv), c.HiddenSize);
        }
        else
        {
            _wq = p.Linear($"{name}.q_proj", q, c.HiddenSize);
            _wk = p.Linear($"{name}.k_proj", kv, c.HiddenSize);
            _wv = p.Linear($"{name}.v_proj", kv, c.HiddenSize);
        }
        _bq = p.Bias(spec.QkvBias, $"{name}.q_proj.bias", q);
        _bk = p.Bias(spec.QkvBias, $"{name}.k_proj.bias", kv);
        _bv = p.Bias(spec.QkvBias, $"{name}.v_proj.bias", kv);
        _wo = p.Linear($"{name}.o_proj", c.HiddenSize, q);
        _bo = p.Bias(spec.OutputBias, $"{name}.o_proj.bias", c.HiddenSize);
        if (spec.Norm != QkNorm.None)
        {
            _qNorm = p.Gain($"{name}.q_norm.weight", spec.Norm == QkNorm.Head ? c.HeadDim : q);
            _kNorm = p.Gain($"{name}.k_norm.weight", spec.Norm == QkNorm.Head ? c.HeadDim : kv);
        }
        Tensor? sinks = p.Bias(spec.Sinks, $"{name}.sinks", c.NumAttentionHeads);
        _shape = new AttentionShape(c.HeadDim, c.HeadDim, spec.Scale ?? (1f / MathF.Sqrt(c.HeadDim)), spec.Window, sinks);
    }

    /// <summary>What the tokens take from the ones before them.</summary>
    /// <param name="h">[N, C]</param>
    /// <param name="rope">The rotary table.</param>
    /// <param name="batch">Which rows belong together, and their caches.</param>
    /// <returns>[N, C]</returns>
    public Tensor Forward(Tensor h, RopeTable rope, SequenceBatch batch)
    {
        (Tensor q, Tensor k, Tensor v) = _qkv is null
            ? (h.Linear(_wq!, _bq), h.Linear(_wk!, _bk), h.Linear(_wv!, _bv))               // [N, H·D], [N, K·D], [N, K·D]
            : Split(h.Linear(_qkv));
        if (_qNorm is not null) (q, k) = (q.RmsNorm(_qNorm, _c.NormEpsilon), k.RmsNorm(_kNorm!, _c.NormEpsilon));
        q = q.Rotate(rope, batch, _c.HeadDim);                                              // [N, H·D]
        k = k.Rotate(rope, batch, _c.HeadDim);                                              // [N, K·D]
        return q.Attend(k, v, _shape, batch, _layer).Linear(_wo, _bo);                      // [N, C]
    }

    private (Tensor Q, Tensor K, Tensor V) Split(Tensor qkv)
    {
        int q = _c.NumAttentionHeads * _c.HeadDim, kv = _c.NumKeyValueHeads * _c.HeadDim;
        return (qkv.TakeColumns(0, q), qkv.TakeColumns(q, kv), qkv.TakeColumns(q + kv, kv));
    }
}
