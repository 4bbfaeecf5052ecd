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
        (LanguageModel model, int[] tokens, string path) = Open(name);
        var tape = new Tape(WorkerPool.Alone, recording: false);
        float[] logits = model.Logits(tape, new SequenceBatch(tokens)).Data.ToArray();
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path + ".json"));
        (double worst, double rms) = Distance(logits, path + ".exact.f32");
        bool quantised = json.RootElement.GetProperty("tensor_types").EnumerateObject().Any(t => t.Value.GetString() is not ("F32" or "F16" or "BF16"));
        if (!quantised) worst.ShouldBeLessThan(1e-4);
        else rms.ShouldBeLessThan(2 * json.RootElement.GetProperty("exact").GetProperty("rms_diff_to_engine").GetDouble());
    }

    [Theory]
    [InlineData("llama-moe")]
    [InlineData("qwen2")]
    [InlineData("deepseek2-v3")]
    [InlineData("gpt-oss")]
    [InlineData("olmo3")]
    [InlineData("gemma3")]
    [InlineData("minimax-m2")]
    [InlineData("phi3-longrope")]
    [InlineData("llama-q4_k_m")]
    [InlineData("llama-q8_0")]
    [InlineData("llama-bf16")]
    [InlineData("gpt-oss-mxfp4")]
    public void A_token_has_the_same_bits_in_one_pass_one_by_one_in_pieces_and_in_company(string name)
    {
        (LanguageModel model, int[] tokens, _) = Open(name);
        tokens = [.. Enumerable.Range(0, 6).SelectMany(_ => tokens)];                        // 144, beyond two blocks of keys and every window
        using var pool = new WorkerPool(2);
        var tape = new Tape(pool, recording: false);
        float[] whole = model.Logits(tape, new SequenceBatch(tokens)).Data.ToArray();
        InPieces(model, tape, tokens, 1).AsSpan().SequenceEqual(whole).ShouldBeTrue();
        InPieces(model, tape, tokens, 37).AsSpan().SequenceEqual(whole).ShouldBeTrue();
        int[] other = [.. tokens.Reverse().Take(50)];
        tape.Reset();
        var together = new SequenceBatch([.. other, .. tokens], [new Segment(0, other.Length), new Segment(other.Length, tokens.Length)]);
        model.Logits(tape, together).Data[(other.Length * model.Config.VocabularySize)..].ToArray().AsSpan().SequenceEqual(whole).ShouldBeTrue();
    }

    private static float[] InPieces(LanguageModel model, Tape tape, int[] tokens, int size)
    {
        KeyValueCache cache = model.NewCache();
        var logits = new List<float>();
        foreach (int[] piece in tokens.Chunk(size))
        {
            tape.Reset();
            logits.AddRange(model.Logits(tape, new SequenceBatch(piece, cache)).Data);
        }
        return [.. logits];
    }

    private static (LanguageModel Model, int[] Tokens, string Path) Open(string name)
    {
        string path = Path.Combine(SharedData.At("conformance/gguf"), name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path + ".json"));
        int[] tokens = [.. json.RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        using GgufModel file = GgufModel.Open(path + ".gguf");
        ModelConfig config = GgufConfig.Read(file, 256);
        return (config.Create(new GgufParameters(file, config, WorkerPool.Alone)), tokens, path);
    }

    private static (double Worst, double Rms) Distance(float[] logits, string reference)
    {
        byte[] bytes = File.ReadAllBytes(reference);
        bytes.Length.ShouldBe(logits.Length * sizeof(float));
        double worst = 0, squares = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double difference = Math.Abs((double)logits[i] - BitConverter.ToSingle(bytes, i * sizeof(float)));
            worst = Math.Max(worst, difference);
            squares += difference * difference;
        }
        return (worst, Math.Sqrt(squares / logits.Length));
    }
}
