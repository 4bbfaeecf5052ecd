using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Hearth.Training.Loading;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

/// <summary>Runs with no other test beside it, since it looks at the memory of the whole program.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a run is said to need against what it holds.</summary>
[Collection(typeof(Alone))]
public sealed class MemoryPlanTests
{
    private const double Factor = 1.5;

    /// <summary>Shapes in which weights, moments, activations and several threads' own copies take most of the memory, in turn.</summary>
    [Theory]
    [InlineData(Architecture.Llama, OptimizerKind.AdamW, 256, 2, 3000, 4, 256, 1)]
    [InlineData(Architecture.Llama, OptimizerKind.Muon, 256, 4, 300, 4, 256, 2)]
    [InlineData(Architecture.Llama, OptimizerKind.AdamW, 64, 2, 300, 1, 4096, 1)]
    [InlineData(Architecture.Gpt2, OptimizerKind.AdamW, 64, 2, 300, 2, 3072, 2)]
    [InlineData(Architecture.Llama, OptimizerKind.AdamW, 48, 1, 3000, 2, 2048, 3)]
    public void The_memory_said_is_what_training_holds(
        Architecture family, OptimizerKind optimizer, int hidden, int layers, int vocabulary, int microBatches, int rows, int threads)
    {
        using var micro = new MicroRun();
        TrainingSetup setup = Sized(micro, family, optimizer, hidden, layers, vocabulary, microBatches, rows);
        MemoryPlan plan = MemoryPlan.Of(setup.Recipe, setup.Tokenizer.VocabularySize, threads);
        using var pool = new WorkerPool(threads);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using Trainer trainer = Trainer.Begin(micro.Run("run"), setup, pool);

        trainer.Train(stopAt: 1, TestContext.Current.CancellationToken);

        double held = GC.GetTotalMemory(forceFullCollection: true) - before;
        (plan.MemoryBytes - MemoryPlan.RuntimeBytes).ShouldBeInRange((long)(held / Factor), (long)(held * Factor));
        plan.Weights.ShouldBe(trainer.Model.Parameters.Count);
        long checkpoint = Directory.GetFiles(micro.Run("run").Checkpoint(1)).Sum(f => new FileInfo(f).Length);
        plan.CheckpointBytes.ShouldBeInRange((long)(checkpoint * 0.95), checkpoint);
    }

    [Theory]
    [InlineData(10, 3, 4)]
    [InlineData(9, 3, 3)]
    [InlineData(1, 100, 1)]
    public void Checkpoints_are_counted_with_the_last_one(int steps, int every, int expected)
    {
        using var micro = new MicroRun();
        MemoryPlan.Of(micro.Recipe with { Training = micro.Recipe.Training with { Steps = steps, CheckpointEvery = every } }, 300, 1)
            .Checkpoints.ShouldBe(expected);
    }

    [Fact]
    public void A_run_too_large_for_the_machine_is_refused_with_both_numbers()
    {
        using var micro = new MicroRun();
        Recipe huge = micro.Recipe with { Model = micro.Recipe.Model with { HiddenSize = 16384, IntermediateSize = 131072,
            Layers = 1024 } };
        MemoryPlan plan = MemoryPlan.Of(huge, 1 << 20, 64);
        plan.MemoryBytes.ShouldBeGreaterThan(0);

        string message = Should.Throw<RunException>(() => plan.Require(Path.GetTempPath())).Message;

        message.ShouldContain(MemoryPlan.Show(plan.MemoryBytes));
        message.ShouldContain(MemoryPlan.Show(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        message.ShouldContain($"{plan.Weights:N0}");
        MemoryPlan.Of(micro.Recipe, 300, 2).Require(Path.GetTempPath());         // and one that fits is not
    }

    [Fact]
    public void A_checkpoint_too_large_for_the_disk_is_refused_with_both_numbers()
    {
        long free = new DriveInfo(Path.GetTempPath()).AvailableFreeSpace;
        var plan = new MemoryPlan(1, 1, free, 1);
        string message = Should.Throw<RunException>(() => plan.Require(Path.GetTempPath())).Message;
        message.ShouldContain(Path.GetTempPath());
        message.ShouldContain(MemoryPlan.Show(free));
    }

    [Theory]
    [InlineData(0L, "1 MB")]
    [InlineData(200L << 20, "200 MB")]
    [InlineData(3L << 29, "1.5 GB")]
    public void Bytes_are_shown_in_a_unit_that_fits(long bytes, string shown) => MemoryPlan.Show(bytes).ShouldBe(shown);

    /// <summary>The micro run with other sizes: a vocabulary of made-up words, and held-out text enough to fill a micro-batch.</summary>
    private static TrainingSetup Sized(MicroRun micro, Architecture family, OptimizerKind optimizer, int hidden, int layers,
        int vocabulary, int microBatches, int rows)
    {
        bool gpt2 = family == Architecture.Gpt2;
        TrainingSpec training = micro.Recipe.Training;
        TrainingSetup setup = micro.Setup();
        var random = new Philox(1, "words");
        string words = string.Concat(Enumerable.Range(0, 20 * vocabulary)
            .Select(i => i % 5 == 4 ? ' ' : (char)('a' + (int)(random.Uniform(i) * 26))));
        var options = new BpeTrainingOptions { VocabularySize = vocabulary, SpecialTokens = ChatFormat.SpecialTokens };
        TokenDocument[] heldOut = [.. Enumerable.Repeat(setup.Documents, 1 + (rows / setup.Documents.Sum(d => d.Rows))).SelectMany(d => d)];
        return setup with
        {
            HeldOut = heldOut,
            Tokenizer = BpeTrainer.Train([words, words], options),
            Recipe = micro.Recipe with
            {
                Model = micro.Recipe.Model with
                {
                    Architecture = family, Layers = layers, HiddenSize = hidden, Heads = 4, KeyValueHeads = gpt2 ? 4 : 2,
                        HeadSize = hidden / 4, IntermediateSize = 3 * hidden,
                    Activation = gpt2 ? Activation.Gelu : Activation.SwiGlu,
                },
                Training = training with { MicroBatches = microBatches, MicroBatchTokens = rows, EvaluateEvery = 1,
                    Optimizer = training.Optimizer with { Kind = optimizer } },
            },
        };
    }
}
