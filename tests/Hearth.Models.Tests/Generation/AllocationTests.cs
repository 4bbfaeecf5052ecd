using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

/// <summary>A token that is generated leaves next to nothing for the collector.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void A_pass_allocates_little_however_many_sequences_decode(int sequences)
    {
        LanguageModel model = TinyModels.Create("llama, grouped heads, qk norm, tied");
        using var pool = new WorkerPool(1);
        var stepper = new Stepper(model, pool);
        var options = new GenerationOptions { MaxTokens = 200, Temperature = 0.7, Seed = 3 };
        GeneratedSequence[] all = [.. Enumerable.Range(0, sequences).Select(i => stepper.Begin(TinyModels.Tokens(8, i), options, model.NewCache()))];
        for (int i = 0; i < 40; i++) stepper.Step(all);
        long before = GC.GetAllocatedBytesForCurrentThread();
        const int Passes = 20;
        for (int i = 0; i < Passes; i++) stepper.Step(all);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Passes;
        bytes.ShouldBeLessThan(16_384 * (model.Config.NumHiddenLayers + 1), "bytes a pass: closures and views, no numbers");
    }
}
