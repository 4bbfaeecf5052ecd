using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Generation;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

/// <summary>Nobody else allocates while these tests run.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Decoding allocates nothing for a token once its memory is there.</summary>
[Collection("alone")]
public sealed class AllocationTests
{
    private const int Before = 8;
    private const int Steps = 40;                                                // all within a cache's first block of 64 positions

    /// <summary>Bytes for a token that the lists of an answer's tokens may take on the average as they grow.</summary>
    private const int Slack = 256;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(2, 1)]
    [InlineData(2, 8)]
    public void A_step_allocates_nothing(int threads, int sequences)
    {
        LanguageModel model = TinyModels.CreateWide("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(threads);
        foreach (GenerationOptions options in (GenerationOptions[])
        [
            new(),
            new() { Temperature = 0.8, TopK = 12, TopP = 0.9, MinP = 0.01, RepetitionPenalty = 1.1, FrequencyPenalty = 0.1, Dry = new DryOptions() },
        ])
        {
            BytesOfAStep(model, pool, sequences, options).ShouldBeLessThan(Slack * sequences, $"{options.Temperature}");
        }
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    [InlineData("deepseek2-v3")]
    [InlineData("gpt-oss-mxfp4")]
    [InlineData("gemma3")]
    public void A_step_of_a_model_from_a_file_allocates_nothing(string name)
    {
        using GgufModel file = GgufModel.Open(Path.Combine(SharedData.At("conformance/gguf"), name + ".gguf"));
        ModelConfig config = GgufConfig.Read(file, 512);
        using var pool = new WorkerPool(2);
        LanguageModel model = config.Create(new GgufParameters(file, config, pool));
        BytesOfAStep(model, pool, 2, new GenerationOptions { Temperature = 0.7 }).ShouldBeLessThan(2 * Slack);
    }

    private static long BytesOfAStep(LanguageModel model, WorkerPool pool, int sequences, GenerationOptions options)
    {
        var stepper = new Stepper(model, pool);
        var blocks = new BlockPool(1 << 24);
        RunningSequence[] running = [.. Enumerable.Range(0, sequences).Select(i =>
            stepper.Begin(TinyModels.Tokens(5 + i, 9), options with { MaxTokens = Before + Steps + 1, Seed = i }, stepper.NewCache(TensorType.F32, blocks)))];
        for (int i = 0; i < Before; i++) stepper.Step(running);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Steps; i++) stepper.Step(running);
        long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        running.ShouldAllBe(r => !r.Ended);
        return bytes / Steps;
    }
}
