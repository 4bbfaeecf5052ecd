using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Manifest;

public sealed class KernelManifestTests
{
    private const int ChildSeconds = 120;
    private static readonly Lazy<string[]> OneThread = new(() => Lines(threads: 1));

    public static TheoryData<string> Names => new(KernelManifest.Cases.Select(c => c.Name));

    [Fact]
    public void The_manifest_file_the_code_and_the_cases_name_the_same_kernels()
    {
        string[] listed = [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "kernels.txt")).Where(l =>
            l.Length > 0 && l[0] != '#')];
        string[] cases = [.. KernelManifest.Cases.Select(c => c.Name).Order(StringComparer.Ordinal)];
        cases.ShouldBe(Reflected());
        cases.ShouldBe(listed.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_kernel_agrees_with_float64_within_its_bound(string name)
    {
        using var pool = new WorkerPool(2);
        using var evidence = new Evidence(check: true);
        KernelManifest.Named(name).Run(pool, evidence);
        evidence.Failures.ShouldBeEmpty();
        evidence.Count.ShouldBeGreaterThan(3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Every_kernel_gives_the_same_bytes_with_any_number_of_threads(int threads) => Lines(threads).ShouldBe(OneThread.Value);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "Vector512")]
    [InlineData("DOTNET_EnableAVX2", "Vector256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "Vector128")]
    [InlineData("DOTNET_TieredCompilation", null)]
    public void Every_kernel_gives_the_same_bytes_when_the_runtime_is_told_to_do_without(string switchedOff, string? missing)
    {
        string[] output = RunChild(switchedOff);
        if (missing is not null && RuntimeInformation.ProcessArchitecture == Architecture.X64) output.ShouldContain($"{missing} False");
        output.Where(l => !l.StartsWith("Vector", StringComparison.Ordinal)).ShouldBe(OneThread.Value);
    }

    [Fact]
    public void The_digest_of_a_case_shows_a_single_changed_bit()
    {
        using Evidence one = new(check: false), other = new(check: false);
        one.AddSame([1f, 2f], _ => 0);
        other.AddSame([1f, MathF.BitIncrement(2f)], _ => 0);
        one.Digest().ShouldNotBe(other.Digest());
    }

    private static string[] Lines(int threads) => [.. KernelHashes.Compute(threads).Select(k => $"{k.Name} {k.Digest}")];

    private static string[] Reflected()
    {
        Type[] vocabulary = [typeof(Lanes), typeof(Canonical), typeof(Philox), typeof(RopeTable)];
        IEnumerable<Type> kernels = typeof(Lanes).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == "Hearth.Numerics.Kernels" && t.IsAbstract && t.IsSealed);
        return
        [
            .. kernels.Concat(vocabulary)
                .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                    .Where(m => !m.IsSpecialName).Select(m => $"{t.Name}.{m.Name}"))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>This program again, printing its digests, in a process that has one thing switched off.</summary>
    private static string[] RunChild(string switchedOff)
    {
        string name = typeof(Program).Assembly.GetName().Name + (OperatingSystem.IsWindows() ? ".exe" : "");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, name), KernelHashes.Argument)
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
