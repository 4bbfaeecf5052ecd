using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Tests.Manifest;

/// <summary>The digests of all cases as lines of text, and the child processes that print them under other instruction sets.</summary>
internal static class KernelHashes
{
    public const string Argument = "--kernel-hashes";

    /// <summary>Writes the vector widths this process has, then a line "name digest" for every case, with two threads.</summary>
    public static void Print(TextWriter writer)
    {
        writer.WriteLine($"Vector128 {Vector128.IsHardwareAccelerated}");
        writer.WriteLine($"Vector256 {Vector256.IsHardwareAccelerated}");
        writer.WriteLine($"Vector512 {Vector512.IsHardwareAccelerated}");
        foreach ((string name, string digest) in Compute(threads: 2)) writer.WriteLine($"{name} {digest}");
    }

    public static IEnumerable<(string Name, string Digest)> Compute(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (KernelCase kernel in KernelManifest.Cases) yield return (kernel.Name, kernel.Digest(pool));
    }
}
