using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Hearth.Training.Optimizers;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Optimizers;

/// <summary>
/// Twenty AdamW steps of a tiny decoder against PyTorch's float64 trace. PyTorch's own float32 run differs from it by up to 1.3e-6 in a loss
/// and 1.8e-6 of a tensor's largest gradient; another order of summation may do as badly again a few times over.
/// </summary>
public sealed class TrainingTraceTests
{
    private const double LossTolerance = 4 * 1.3e-6;
    private const double TensorTolerance = 4 * 1.8e-6;

    [Theory]
    [InlineData("tied-gqa-qknorm-masked", 1)]
    [InlineData("tied-gqa-qknorm-masked", 2)]
    [InlineData("untied-mha-clip-cosine", 1)]
    [InlineData("untied-mha-clip-cosine", 2)]
    public void Losses_gradients_weights_and_moments_agree_with_PyTorch(string name, int microBatches)
    {
        string folder = SharedData.At("conformance/training");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, name + ".safetensors"));
        JsonElement c = json.RootElement.GetProperty("config"), optim = c.GetProperty("optim");
        using var pool = new WorkerPool(2);
        LanguageModel model = Model(c);
        foreach (Parameter p in model.Parameters.All) file.Read("init/" + TraceName(p.Tensor.Name), p.Tensor.Data);
        var optimizer = new AdamW(model.Parameters.All, new AdamWSettings(optim.GetProperty("lr").GetDouble(), optim.GetProperty("beta1").GetDouble(),
            optim.GetProperty("beta2").GetDouble(), optim.GetProperty("eps").GetDouble(), optim.GetProperty("weight_decay").GetDouble(), DecayTables: true, DecayVectors: false));
        Schedule schedule = ScheduleOf(optim);
        double clip = optim.GetProperty("clip_norm").GetDouble();
        int steps = c.GetProperty("steps").GetInt32(), sequences = c.GetProperty("batch").GetInt32(), length = c.GetProperty("seq").GetInt32();
        var tokens = new int[steps * sequences * length];
        var targets = new int[tokens.Length];
        file.Read("batches/tokens", tokens);
        file.Read("batches/targets", targets);
        var gradients = new Gradients(model.Parameters.All);
        var tape = new Tape(pool, recording: true);

        for (int step = 1; step <= steps; step++)
        {
            int each = sequences * length, per = each / microBatches, at = (step - 1) * each;
            int count = targets.AsSpan(at, each).ToArray().Count(t => t >= 0);
            double loss = 0;
            for (int m = 0; m < microBatches; m++)
            {
                int[] x = tokens[(at + (m * per))..(at + ((m + 1) * per))];
                int[] y = [.. targets[(at + (m * per))..(at + ((m + 1) * per))].Select(t => t < 0 ? LossOperations.Ignored : t)];
                var batch = new SequenceBatch(x, [.. Enumerable.Range(0, per / length).Select(i => new Segment(i * length, length))]);
                gradients.Begin();
                loss += model.Loss(tape, batch, y, 1f / count) / count;
                tape.Backward();
                gradients.End(pool);
            }
            gradients.Finish();
            if (step == 1) Compare(file, "grad1_f64/", model, p => p.Gradient.ToArray());
            double norm = gradients.Norm(pool);
            loss.ShouldBe(json.RootElement.GetProperty("loss_f64")[step - 1].GetDouble(), LossTolerance, $"loss of step {step}");
            norm.ShouldBe(json.RootElement.GetProperty("grad_norm_f64")[step - 1].GetDouble(), 1e-4, $"gradient norm of step {step}");
            (schedule.Share(step) * optim.GetProperty("lr").GetDouble()).ShouldBe(json.RootElement.GetProperty("lr_per_step")[step - 1].GetDouble(), 1e-12);
            gradients.Clip(pool, norm, clip);
            optimizer.Step(pool, step, schedule.Share(step));
            if (step == 1) Compare(file, "after1_f64/", model, p => p.Data.ToArray());
        }
        Compare(file, "final_f64/", model, p => p.Data.ToArray());
        foreach (OptimizerState state in optimizer.States)
        {
            string[] parts = state.Name.Split('/');
            Compare(file, (parts[0] == "adamw.m" ? "m_f64/" : "v_f64/") + TraceName(parts[1]), state.Data.Span.ToArray());
        }
    }

    [Theory]
    [InlineData("tied-gqa-qknorm-masked")]
    [InlineData("untied-mha-clip-cosine")]
    public void Logits_of_the_first_step_agree_with_PyTorch(string name)
    {
        string folder = SharedData.At("conformance/training");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, name + ".json")));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, name + ".safetensors"));
        JsonElement c = json.RootElement.GetProperty("config");
        using var pool = new WorkerPool(1);
        LanguageModel model = Model(c);
        foreach (Parameter p in model.Parameters.All) file.Read("init/" + TraceName(p.Tensor.Name), p.Tensor.Data);
        int length = c.GetProperty("seq").GetInt32(), sequences = c.GetProperty("batch").GetInt32();
        var tokens = new int[c.GetProperty("steps").GetInt32() * sequences * length];
        file.Read("batches/tokens", tokens);
        var batch = new SequenceBatch(tokens[..(sequences * length)], [.. Enumerable.Range(0, sequences).Select(i => new Segment(i * length, length))]);

        Compare(file, "logits_step1_f64", model.Logits(new Tape(pool, recording: false), batch).Data.ToArray());
    }

    private static LanguageModel Model(JsonElement c) => new LlamaConfig
    {
        VocabularySize = c.GetProperty("vocab").GetInt32(),
        HiddenSize = c.GetProperty("d").GetInt32(),
        IntermediateSize = c.GetProperty("ff").GetInt32(),
        NumHiddenLayers = c.GetProperty("layers").GetInt32(),
        NumAttentionHeads = c.GetProperty("heads").GetInt32(),
        NumKeyValueHeads = c.GetProperty("kv_heads").GetInt32(),
        HeadDim = c.GetProperty("head_dim").GetInt32(),
        MaxPositionEmbeddings = c.GetProperty("seq").GetInt32(),
        NormEpsilon = (float)c.GetProperty("eps").GetDouble(),
        RopeTheta = c.GetProperty("rope_base").GetDouble(),
        TieWordEmbeddings = c.GetProperty("tied").GetBoolean(),
        QkNorm = c.GetProperty("qk_norm").GetBoolean(),
    }.Create();

    private static Schedule ScheduleOf(JsonElement optim) => optim.GetProperty("schedule").GetString() == "constant"
        ? new Schedule(ScheduleKind.Constant, 20, 0, 0, 0)
        : new Schedule(ScheduleKind.Cosine, optim.GetProperty("total_steps").GetInt32(), optim.GetProperty("warmup_steps").GetInt32(), 0,
            optim.GetProperty("min_lr_ratio").GetDouble());

    private static void Compare(SafetensorsFile file, string prefix, LanguageModel model, Func<Tensor, float[]> of)
    {
        foreach (Parameter p in model.Parameters.All) Compare(file, prefix + TraceName(p.Tensor.Name), of(p.Tensor));
    }

    private static void Compare(SafetensorsFile file, string name, float[] found)
    {
        var expected = new double[found.Length];
        file.Read(name, expected);
        double largest = expected.Max(Math.Abs), worst = 0;
        for (int i = 0; i < found.Length; i++) worst = Math.Max(worst, Math.Abs(found[i] - expected[i]) / largest);
        worst.ShouldBeLessThan(TensorTolerance, name);
    }

    private static string TraceName(string name) => name
        .Replace("model.embed_tokens.weight", "token_embd", StringComparison.Ordinal)
        .Replace("lm_head.weight", "output", StringComparison.Ordinal)
        .Replace("model.norm.weight", "output_norm", StringComparison.Ordinal)
        .Replace("model.layers.", "blk.", StringComparison.Ordinal)
        .Replace("input_layernorm.weight", "attn_norm", StringComparison.Ordinal)
        .Replace("post_attention_layernorm.weight", "ffn_norm", StringComparison.Ordinal)
        .Replace("self_attn.o_proj.weight", "attn_output", StringComparison.Ordinal)
        .Replace("self_attn.", "attn_", StringComparison.Ordinal)
        .Replace("_proj.weight", "", StringComparison.Ordinal)
        .Replace("norm.weight", "norm", StringComparison.Ordinal)
        .Replace("mlp.", "ffn_", StringComparison.Ordinal);
}
