using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Tests.Formats;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Bundles;

/// <summary>GGUF files written again in other types.</summary>
public sealed class GgufQuantizeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("q8_0", "q8_0")]
    [InlineData("q5_1", "q5_1")]
    [InlineData("q4_0", "q4_0")]
    [InlineData("q4_k_m", "q4_k_m")]
    [InlineData("q6_k", "q6_k")]
    [InlineData("q2_k", "q2_k")]
    [InlineData("iq4_nl", "iq4_nl")]
    [InlineData("bf16", "bf16")]
    public void Logits_of_a_quantised_file_are_as_near_as_those_of_the_reference_engines_own(string mixture, string reference)
    {
        string source = Shared("llama-f32");
        using GgufModel model = GgufModel.Open(source);
        Write(model, _folder["q.gguf"], mixture);
        float[] exact = Logits(source), own = Logits(_folder["q.gguf"]), peers = Logits(Shared("llama-" + reference));
        Distance(own, exact).ShouldBeLessThan(1.25 * Distance(peers, exact));
        Distance(own, exact).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Everything_but_the_matrices_and_the_type_stays_as_it_was()
    {
        using GgufModel model = GgufModel.Open(Shared("qwen3moe"));
        Write(model, _folder["q.gguf"], "q4_0");
        using GgufModel written = GgufModel.Open(_folder["q.gguf"]);
        written.Names.ShouldBe(model.Names);
        written.Metadata.Keys.Except(["general.file_type", "general.quantization_version"]).ShouldBe(model.Metadata.Keys.Except(["general.file_type", "general.quantization_version"]));
        foreach (string key in model.Metadata.Keys.Where(k => k is not ("general.file_type" or "general.quantization_version")))
        {
            written.Metadata.TypeOf(key).ShouldBe(model.Metadata.TypeOf(key));
            written.Metadata.Describe(key).ShouldBe(model.Metadata.Describe(key));
        }
        written.Metadata.Texts("tokenizer.ggml.tokens").ShouldBe(model.Metadata.Texts("tokenizer.ggml.tokens"));
        written.Metadata.Whole("general.file_type", 0, 99).ShouldBe(2);
        foreach (string name in model.Names)
        {
            StoredTensor before = model.Require(name), after = written.Require(name, before.Shape);
            bool stays = before.Shape.Length == 1 || name.Contains("ffn_gate_inp", StringComparison.Ordinal);
            after.Type.ShouldBe(stays ? before.Type : before.Columns % 32 == 0 ? TensorType.Q4_0 : TensorType.F16, name);
            if (!stays) continue;
            for (long row = 0; row < before.Rows; row++) after.Row(row).SequenceEqual(before.Row(row)).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void What_is_quantised_already_is_never_made_larger_and_a_second_rounding_is_told()
    {
        using GgufModel model = GgufModel.Open(Shared("llama-q8_0"));
        GgufQuantize.Plan(model, GgufMixture.Find("q4_0")!).Where(c => c.From == TensorType.Q8_0).ShouldAllBe(c => c.To == TensorType.Q4_0 && c.IsSecond);
        using GgufModel small = GgufModel.Open(Shared("llama-q4_0"));
        GgufQuantize.Plan(small, GgufMixture.Find("q8_0")!).ShouldAllBe(c => c.From == c.To && !c.IsSecond);
        Write(small, _folder["same.gguf"], "q8_0");
        Logits(_folder["same.gguf"]).AsSpan().SequenceEqual(Logits(small.Path)).ShouldBeTrue();
        Write(small, _folder["wide.gguf"], "f32");
        using GgufModel wide = GgufModel.Open(_folder["wide.gguf"]);
        wide.Names.Select(n => wide.Require(n).Type).Distinct().ShouldBe([TensorType.F32]);
    }

    [Fact]
    public void The_bytes_do_not_depend_on_threads_and_progress_ends_at_the_whole()
    {
        using GgufModel model = GgufModel.Open(Shared("llama-f32"));
        using var pool = new WorkerPool(3);
        (long Done, long Total) last = default;
        Write(model, _folder["one.gguf"], "q4_k_m", progress: (done, total) => last = (done, total));
        Write(model, _folder["three.gguf"], "q4_k_m", pool);
        Digest.OfFile(_folder["one.gguf"]).ShouldBe(Digest.OfFile(_folder["three.gguf"]));
        last.Done.ShouldBe(last.Total);
        last.Total.ShouldBe(model.Names.Sum(n => model.Require(n).ByteCount));
    }

    [Fact]
    public void The_file_that_is_read_is_not_written_over_and_a_stop_leaves_nothing()
    {
        File.Copy(Shared("llama-f32"), _folder["m.gguf"]);
        using GgufModel model = GgufModel.Open(_folder["m.gguf"]);
        Should.Throw<ModelFileException>(() => Write(model, _folder["m.gguf"], "q8_0")).Message.ShouldContain("another name");
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Should.Throw<OperationCanceledException>(() => GgufQuantize.Write(model, _folder["q.gguf"], GgufMixture.Find("q8_0")!, WorkerPool.Alone, stop: stop.Token));
        Directory.GetFiles(_folder.Root).ShouldBe([_folder["m.gguf"]]);
    }

    private static void Write(GgufModel model, string path, string mixture, WorkerPool? pool = null, Action<long, long>? progress = null) =>
        GgufQuantize.Write(model, path, GgufMixture.Find(mixture)!, pool ?? WorkerPool.Alone, progress, TestContext.Current.CancellationToken);

    private static string Shared(string name) => Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf");

    private static float[] Logits(string path)
    {
        using GgufModel file = GgufModel.Open(path);
        ModelConfig config = GgufConfig.Read(file, 256);
        LanguageModel model = config.Create(new GgufParameters(file, config, WorkerPool.Alone));
        return model.Logits(new Tape(WorkerPool.Alone, recording: false), new SequenceBatch([.. Enumerable.Range(5, 24)])).Data.ToArray();
    }

    private static double Distance(float[] one, float[] other) => Math.Sqrt(one.Zip(other).Average(p => (p.First - p.Second) * (double)(p.First - p.Second)));
}
