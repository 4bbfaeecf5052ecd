using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>
/// The same prompt, options and seed give the same tokens and the same bits of log-probabilities whatever the processor can do, with any number of
/// threads and with or without guesses ahead. Company, pieces and caches are varied in one process by Hearth.Models.Tests' GenerationBitTests.
/// </summary>
public sealed class GenerationMatrixTests(TinyRun tiny)
{
    private static readonly string[] Asked = ["--max-tokens", "20", "--temperature", "0.9", "--top-p", "0.95", "--repeat-penalty", "1.1", "--seed", "5", "--logprobs", "3", "--json"];

    private static readonly (string Name, string[] Arguments, string? SwitchedOff)[] Ways =
    [
        ("two threads", ["--threads", "2"], null),
        ("three threads", ["--threads", "3"], null),
        ("guesses from what stood before", ["--threads", "2", "--lookup", "6"], null),
        ("no AVX-512", ["--threads", "2"], "DOTNET_EnableAVX512"),
        ("no AVX2", ["--threads", "2"], "DOTNET_EnableAVX2"),
        ("no vectors", ["--threads", "1"], "DOTNET_EnableHWIntrinsic"),
        ("no AVX-512, guesses", ["--threads", "1", "--lookup", "3"], "DOTNET_EnableAVX512"),
        ("compiled once", ["--threads", "2"], "DOTNET_TieredCompilation"),
    ];

    [Fact]
    public void A_model_made_here_answers_with_the_same_bits_in_every_way() => ShouldAnswerAlike("tiny", "Hello, hello, hello");

    [Theory]
    [InlineData("qwen3")]
    [InlineData("llama-q4_k_m")]
    [InlineData("deepseek2-v3")]
    [InlineData("gpt-oss-mxfp4")]
    public void A_model_of_others_answers_with_the_same_bits_in_every_way(string name) =>
        ShouldAnswerAlike(SharedData.At($"conformance/gguf/{name}.gguf"), "one two three one two three one two");

    private void ShouldAnswerAlike(string model, string prompt)
    {
        foreach (string cache in (string[])["f32", "q8_0"])
        {
            string[] args = ["generate", model, prompt, .. Asked, "--cache", cache];
            Outcome plain = HearthProcess.Run(tiny.Home, [.. args, "--threads", "1"]);
            if (plain.Error.Contains("multiple", StringComparison.Ordinal)) continue;  // of the cache's groups; said so
            plain.ShouldExitWith(0).Json.GetProperty("tokens").GetArrayLength().ShouldBeGreaterThan(0);
            Ways.Where(w => cache == "f32" || w.SwitchedOff is null or "DOTNET_EnableAVX512").AsParallel().WithDegreeOfParallelism(2).ForAll(way =>
            {
                Outcome other = HearthProcess.Run(tiny.Home, [.. args, .. way.Arguments], [], way.SwitchedOff is null ? [] : new() { [way.SwitchedOff] = "0" });
                other.ShouldExitWith(0).Output.ShouldBe(plain.Output, $"{model}, {cache}: {way.Name}");
            });
        }
    }
}
