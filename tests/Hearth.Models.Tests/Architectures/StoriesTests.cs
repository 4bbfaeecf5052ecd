using System.Text.Json;
using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>A real model, trained by others, against the engine it was published with: the same text and nearly the same numbers.</summary>
public sealed class StoriesTests
{
    /// <summary>What the reference data ask for: two float32 engines that add in different orders.</summary>
    private const double Tolerance = 1e-3;

    [Fact]
    public void Stories260K_gives_the_losses_logits_and_text_of_llama2_c()
    {
        LanguageModel model = Llama2C.Read(SharedData.At("data/models/stories260K/stories260K.bin"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(SharedData.At("conformance/models/stories260K.json")));
        using var pool = new WorkerPool(1);
        var generator = new Generator(model, pool);
        int cases = 0;
        foreach (JsonElement c in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string prompt = c.GetProperty("prompt").GetString()!;
            int[] ids = Ints(c.GetProperty("prompt_ids")), greedy = Ints(c.GetProperty("greedy_ids"));
            Tensor logits = model.Logits(new Tape(pool, recording: false), new SequenceBatch(ids));
            double[] all = [.. logits.Data.ToArray().Select(x => (double)x)];
            double[][] rows = [.. all.Chunk(logits.Columns)];

            double nats = ids.Skip(1).Select((id, t) => Float64Decoder.LogSum(rows[t]) - rows[t][id]).Sum();
            nats.ShouldBe(c.GetProperty("prompt_nll").GetDouble(), Tolerance, prompt);
            JsonElement first = c.GetProperty("logits_after_prompt_first8");
            for (int i = 0; i < 8; i++) rows[^1][i].ShouldBe(first[i].GetDouble(), Tolerance, $"logit {i} after '{prompt}'");

            var options = new GenerationOptions { MaxTokens = 48, StopTokens = [1] };
            generator.Stream(ids, options, TestContext.Current.CancellationToken).Select(t => t.Id).ShouldBe(greedy, prompt);
            cases++;
        }
        cases.ShouldBe(8);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
