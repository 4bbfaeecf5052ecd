using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats.Gguf;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>Small models of every family, with logits by llama.cpp and by an independent float64 pass.</summary>
public sealed class GgufLogitsTests
{
    public static TheoryData<string> Names =>
    [
        "deepseek2-lite", "deepseek2-lite-legacy", "deepseek2-v3", "gemma3", "gpt-oss", "gpt-oss-mxfp4", "llama", "llama-bf16", "llama-f16", "llama-f32",
        "llama-iq3_s", "llama-iq4_nl", "llama-iq4_xs", "llama-moe", "llama-mxfp4", "llama-q2_k", "llama-q3_k", "llama-q4_0", "llama-q4_1", "llama-q4_k",
        "llama-q4_k_m", "llama-q5_0", "llama-q5_1", "llama-q5_k", "llama-q6_k", "llama-q8_0", "llama-tq2_0", "llama3-rope", "minimax-m2", "olmo2", "olmo3",
        "phi3", "phi3-longrope", "qwen2", "qwen3", "qwen3moe", "qwen3moe-mxfp4", "qwen3moe-q4_k", "qwen3moe-q8_0",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_agree_with_the_reference(string name)
    {
        string folder = SharedData.At("conformance/gguf");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name + ".json")));
        int[] tokens = [.. json.RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        using GgufModel file = GgufModel.Open(Path.Combine(folder, name + ".gguf"));
        ModelConfig config = GgufConfig.Read(file, 256);
        LanguageModel model = config.Create(new GgufParameters(file, config));
        var tape = new Tape(WorkerPool.Alone, recording: false);
        float[] logits = model.Logits(tape, new SequenceBatch(tokens)).Data.ToArray();
        Distance(logits, Path.Combine(folder, name + ".exact.f32")).ShouldBeLessThan(1e-4f);
    }

    private static float Distance(float[] logits, string reference)
    {
        byte[] bytes = File.ReadAllBytes(reference);
        bytes.Length.ShouldBe(logits.Length * sizeof(float));
        float worst = 0;
        for (int i = 0; i < logits.Length; i++) worst = Math.Max(worst, Math.Abs(logits[i] - BitConverter.ToSingle(bytes, i * sizeof(float))));
        return worst;
    }
}
