using Hearth.Models.Architectures;

namespace Hearth.Models.Tests.Architectures;

/// <summary>
/// Both architectures once more: scalar float64, one sequence at a time, from the papers' equations. It shares nothing with the models but
/// the names of the parameters.
/// </summary>
internal sealed class Float64Decoder
{
    private readonly ModelConfig _config;
    private readonly SortedDictionary<string, double[]> _weights = new(StringComparer.Ordinal);

    public Float64Decoder(LanguageModel model)
    {
        _config = model.Config;
        foreach (Parameter p in model.Parameters.All) _weights[p.Tensor.Name] = [.. p.Tensor.Data.ToArray().Select(x => (double)x)];
    }

    /// <summary>A parameter's numbers, to be changed at will.</summary>
    public double[] this[string name] => _weights[name];

    /// <summary>Logits after each token of a sequence, [T][V].</summary>
    public double[][] Logits(int[] tokens)
    {
        double[] head = _weights[Tied ? EmbeddingName : "lm_head.weight"];
        return [.. Hidden(tokens).Select(x => Rows(head, x, _config.VocabularySize))];
    }

    /// <summary>Σ|x||w| of each logit: what the error of a float32 sum is measured against.</summary>
    public double[][] Magnitudes(int[] tokens)
    {
        double[] head = _weights[Tied ? EmbeddingName : "lm_head.weight"];
        double[] absolute = [.. head.Select(Math.Abs)];
        return [.. Hidden(tokens).Select(x => Rows(absolute, [.. x.Select(Math.Abs)], _config.VocabularySize))];
    }

    /// <summary>Σ -ln p(target) over some sequences; a negative target counts nothing.</summary>
    public double Loss(IEnumerable<(int[] Tokens, int[] Targets)> sequences)
    {
        double sum = 0;
        foreach ((int[] tokens, int[] targets) in sequences)
        {
            double[][] logits = Logits(tokens);
            for (int t = 0; t < tokens.Length; t++)
            {
                if (targets[t] >= 0) sum += LogSum(logits[t]) - logits[t][targets[t]];
            }
        }
        return sum;
    }

    /// <summary>ln Σ exp(x).</summary>
    public static double LogSum(IReadOnlyList<double> x)
    {
        double largest = x.Max();
        return largest + Math.Log(x.Sum(v => Math.Exp(v - largest)));
    }

    private bool Tied => _config.TieWordEmbeddings;

    private bool IsLlama => _config is LlamaConfig;

    private string EmbeddingName => IsLlama ? "model.embed_tokens.weight" : "transformer.wte.weight";

    private double[][] Hidden(int[] tokens)
    {
        int c = _config.HiddenSize;
        double[] table = _weights[EmbeddingName];
        double[][] x = [.. tokens.Select(t => table[(t * c)..((t + 1) * c)])];
        if (!IsLlama)
        {
            double[] positions = _weights["transformer.wpe.weight"];
            for (int t = 0; t < x.Length; t++) x[t] = Add(x[t], positions[(t * c)..((t + 1) * c)]);
        }
        for (int layer = 0; layer < _config.NumHiddenLayers; layer++) x = IsLlama ? LlamaBlock(x, layer) : Gpt2Block(x, layer);
        return IsLlama
            ? [.. x.Select(row => RmsNorm(row, _weights["model.norm.weight"]))]
            : [.. x.Select(row => LayerNorm(row, "transformer.ln_f"))];
    }

    private double[][] LlamaBlock(double[][] x, int layer)
    {
        var config = (LlamaConfig)_config;
        double[] W(string name) => _weights[$"model.layers.{layer}.{name}.weight"];
        int queries = config.NumAttentionHeads * config.HeadDim, keys = config.NumKeyValueHeads * config.HeadDim;
        double[][] h = [.. x.Select(row => RmsNorm(row, W("input_layernorm")))];
        double[]? qNorm = config.QkNorm ? W("self_attn.q_norm") : null, kNorm = config.QkNorm ? W("self_attn.k_norm") : null;
        double[][] q = [.. h.Select((row, t) => Turned(Rows(W("self_attn.q_proj"), row, queries), qNorm, t))];
        double[][] k = [.. h.Select((row, t) => Turned(Rows(W("self_attn.k_proj"), row, keys), kNorm, t))];
        double[][] v = [.. h.Select(row => Rows(W("self_attn.v_proj"), row, keys))];
        double[][] o = Attention(q, k, v);
        x = [.. x.Select((row, t) => Add(row, Rows(W("self_attn.o_proj"), o[t], config.HiddenSize)))];
        return
        [
            .. x.Select(row =>
            {
                double[] n = RmsNorm(row, W("post_attention_layernorm"));
                double[] gate = Rows(W("mlp.gate_proj"), n, config.IntermediateSize),
                    up = Rows(W("mlp.up_proj"), n, config.IntermediateSize);
                double[] inner = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)];
                return Add(row, Rows(W("mlp.down_proj"), inner, config.HiddenSize));
            }),
        ];
    }

    private double[][] Gpt2Block(double[][] x, int layer)
    {
        int c = _config.HiddenSize;
        string at = $"transformer.h.{layer}.";
        double[][] qkv = [.. x.Select(row => Affine(LayerNorm(row, at + "ln_1"), at + "attn.c_attn", 3 * c))];
        double[][] o = Attention([.. qkv.Select(r => r[..c])], [.. qkv.Select(r => r[c..(2 * c)])], [.. qkv.Select(r => r[(2 * c)..])]);
        x = [.. x.Select((row, t) => Add(row, Affine(o[t], at + "attn.c_proj", c)))];
        return
        [
            .. x.Select(row =>
            {
                double[] inner = Affine(LayerNorm(row, at + "ln_2"), at + "mlp.c_fc", _config.IntermediateSize);
                return Add(row, Affine([.. inner.Select(Activation)], at + "mlp.c_proj", c));
            }),
        ];
    }

    private double Activation(double x) => ((Gpt2Config)_config).Activation == Gpt2Activation.SquaredRelu
        ? Math.Pow(Math.Max(x, 0), 2)
        : x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private double[] Turned(double[] heads, double[]? gain, int position)
    {
        var config = (LlamaConfig)_config;
        int d = config.HeadDim, half = d / 2;
        double[] turned = new double[heads.Length];
        for (int start = 0; start < heads.Length; start += d)
        {
            double[] head = heads[start..(start + d)];
            if (gain is not null) head = RmsNorm(head, gain);
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Pow(config.RopeTheta, -2.0 * i / d), cos = Math.Cos(angle), sin = Math.Sin(angle);
                turned[start + i] = (head[i] * cos) - (head[i + half] * sin);
                turned[start + i + half] = (head[i] * sin) + (head[i + half] * cos);
            }
        }
        return turned;
    }

    private double[][] Attention(double[][] q, double[][] k, double[][] v)
    {
        int d = _config.HeadDim, group = _config.NumAttentionHeads / _config.NumKeyValueHeads;
        double[][] o = [.. q.Select(row => new double[row.Length])];
        for (int t = 0; t < q.Length; t++)
        {
            for (int head = 0; head < _config.NumAttentionHeads; head++)
            {
                int from = head * d, key = head / group * d;
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++)
                {
                    for (int i = 0; i < d; i++) scores[s] += q[t][from + i] * k[s][key + i];
                    scores[s] /= Math.Sqrt(d);
                }
                double sum = LogSum(scores);
                for (int s = 0; s <= t; s++)
                {
                    double p = Math.Exp(scores[s] - sum);
                    for (int i = 0; i < d; i++) o[t][from + i] += p * v[s][key + i];
                }
            }
        }
        return o;
    }

    private double[] RmsNorm(double[] x, double[] gain)
    {
        double sum = 0;
        foreach (double v in x) sum += v * v;
        double inverse = 1 / Math.Sqrt((sum / x.Length) + _config.NormEpsilon);
        return [.. x.Select((v, i) => v * inverse * gain[i])];
    }

    private double[] LayerNorm(double[] x, string name)
    {
        double[] gain = _weights[name + ".weight"], bias = _weights[name + ".bias"];
        double mean = x.Average(), inverse = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + _config.NormEpsilon);
        return [.. x.Select((v, i) => ((v - mean) * inverse * gain[i]) + bias[i])];
    }

    /// <summary>W·x for W [outputs, inputs].</summary>
    private static double[] Rows(double[] w, double[] x, int outputs)
    {
        double[] y = new double[outputs];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < x.Length; i++) y[o] += w[(o * x.Length) + i] * x[i];
        }
        return y;
    }

    /// <summary>x·W + b for W [inputs, outputs].</summary>
    private double[] Affine(double[] x, string name, int outputs)
    {
        double[] w = _weights[name + ".weight"];
        double[] y = [.. _weights[name + ".bias"]];
        for (int i = 0; i < x.Length; i++)
        {
            for (int o = 0; o < outputs; o++) y[o] += x[i] * w[(i * outputs) + o];
        }
        return y;
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
