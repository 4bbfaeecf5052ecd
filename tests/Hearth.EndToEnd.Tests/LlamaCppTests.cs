using System.Runtime.InteropServices;
using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>
/// A model that Hearth made, exported as GGUF, in llama.cpp: the same words, and logits as near as llama.cpp's own are to each other. Runs where
/// NODE_LLAMA_CPP names a folder with npm's node-llama-cpp (npm install --prefix DIR node-llama-cpp --ignore-scripts).
/// </summary>
public sealed class LlamaCppTests(TinyRun tiny) : IDisposable
{
    private const int Answer = 16;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    [InlineData("q8_0")]
    [InlineData("q4_k_m")]
    public void A_second_engine_reads_an_exported_model_and_says_the_same(string type)
    {
        string? package = Environment.GetEnvironmentVariable("NODE_LLAMA_CPP");
        if (package is null or "") Assert.Skip("NODE_LLAMA_CPP is not set: there is no llama.cpp to compare with.");
        string file = _folder.At("model.gguf"), exact = _folder.At("exact.gguf");
        tiny.Hearth("model", "export", "tiny", "--gguf", file, "--type", type).ShouldExitWith(0);
        tiny.Hearth("model", "export", "tiny", "--gguf", exact).ShouldExitWith(0);
        foreach (string prompt in (string[])["<|user|>What is the capital of Chile?<|end|><|assistant|>", "People in Peru"])
        {
            JsonElement own = tiny.Hearth("generate", file, prompt, "--special", "--max-tokens", $"{Answer}", "--json").ShouldExitWith(0).Json;
            int[] tokens = Ids(own.GetProperty("promptTokens"));
            string list = string.Join(',', tokens);
            tiny.Hearth("model", "logits", file, "--tokens", list, "--out", _folder.At("own.f32")).ShouldExitWith(0);
            (float[] peer, JsonElement said) = Peer(package!, file, list, "F32");
            Ids(own.GetProperty("tokens")).ShouldBe(Ids(said.GetProperty("tokens")).Take(own.GetProperty("tokens").GetArrayLength()), $"{type}: {prompt}");
            double distance = Distance(Read("own.f32"), peer);
            (float[] halves, _) = Peer(package!, file, list, "F16");
            (float[] unrounded, _) = Peer(package!, exact, list, "F32");
            // What llama.cpp's own settings change, and what rounding to the type changes.
            double noise = Math.Max(Distance(halves, peer), Distance(unrounded, peer));
            TestContext.Current.TestOutputHelper?.WriteLine($"{type}: {distance:G3} from llama.cpp, whose own noise is {noise:G3}");
            distance.ShouldBeLessThan(noise, $"{type}: {prompt}");
        }
    }

    private (float[] Logits, JsonElement Said) Peer(string package, string file, string tokens, string cache)
    {
        string script = Path.Combine(Repository.Root, "bench", "peer", "llama-logits.mjs");
        Outcome outcome = HearthProcess.RunOther(_folder.Path, new() { ["NODE_LLAMA_CPP"] = package }, "node", script, file, "--tokens", tokens, "--answer", $"{Answer}",
            "--out", _folder.At("peer.f32"), "--cache", cache).ShouldExitWith(0);
        return (Read("peer.f32"), outcome.Json);
    }

    private float[] Read(string name) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder.At(name))).ToArray();

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetInt32())];

    private static double Distance(float[] one, float[] other)
    {
        one.Length.ShouldBe(other.Length);
        return Math.Sqrt(one.Zip(other).Average(p => (p.First - p.Second) * (double)(p.First - p.Second)));
    }
}
