using System.Diagnostics;
using System.Runtime.InteropServices;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

/// <summary>
/// The determinism matrix: instruction sets, threads, batches, pieces, caches and guesses all give the same tokens and the same bits of
/// log-probabilities. Two types of cache are two arithmetics; each is compared with itself.
/// </summary>
public sealed class GenerationMatrixTests
{
    private const int ChildSeconds = 120;

    public static TheoryData<string> Models => ["tiny", "qwen3", "qwen3moe", "deepseek2-v3", "gpt-oss-mxfp4"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_way_gives_the_same_bits_under_every_instruction_set(string name)
    {
        string path = name == "tiny" ? name : SharedData.At($"conformance/gguf/{name}.gguf");
        (TensorType Cache, string Way, string Digest)[] here = [.. GenerationHashes.Compute(path, all: true)];
        foreach (IGrouping<TensorType, (TensorType Cache, string Way, string Digest)> cache in here.GroupBy(h => h.Cache))
        {
            foreach ((TensorType _, string way, string digest) in cache) digest.ShouldBe(cache.First().Digest, $"{name}, {cache.Key}: {way}");
        }
        string[] lines = Lines(here);
        (string SwitchedOff, string Missing, bool All)[] processes =
        [
            ("DOTNET_EnableAVX512", "Vector512", true),
            ("DOTNET_EnableAVX2", "Vector256", true),
            ("DOTNET_EnableHWIntrinsic", "Vector128", false),                    // some fifty times slower
        ];
        foreach ((string switchedOff, string missing, bool all) in processes)
        {
            if (!all && name is not ("tiny" or "qwen3")) continue;
            string[] output = RunChild(switchedOff, path, all);
            if (RuntimeInformation.ProcessArchitecture == Architecture.X64) output.ShouldContain($"{missing} False");
            output = [.. output.Where(l => !l.StartsWith("Vector", StringComparison.Ordinal))];
            output.ShouldBe(all ? lines : Lines(GenerationHashes.Compute(path, all: false)), $"{name} without {missing}");
        }
    }

    private static string[] Lines(IEnumerable<(TensorType Cache, string Way, string Digest)> hashes) => [.. hashes.Select(h => $"{h.Cache} {h.Way} {h.Digest}")];

    /// <summary>This program again, printing its digests, in a process that has one thing switched off.</summary>
    private static string[] RunChild(string switchedOff, string path, bool all)
    {
        string name = typeof(Program).Assembly.GetName().Name + (OperatingSystem.IsWindows() ? ".exe" : "");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, name), [GenerationHashes.Argument, path, all ? "all" : "some"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[switchedOff] = "0";
        using Process child = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(ChildSeconds));
        using CancellationTokenRegistration _ = limit.Token.Register(() => child.Kill());
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        child.ExitCode.ShouldBe(0);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
