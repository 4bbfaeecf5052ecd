using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hearth.Benchmarks.Harness;

/// <summary>What a number was measured on.</summary>
internal sealed record Machine(string Processor, int Processors, int VectorBits, string Runtime, string System, string Commit)
{
    public static Machine Here { get; } = new(
        ProcessorName(),
        Environment.ProcessorCount,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription,
        CommitHash());

    /// <summary>Most memory the process ever had, in bytes.</summary>
    public static long PeakMemory
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    private static string ProcessorName()
    {
        const string File = "/proc/cpuinfo", Key = "model name";
        string? line = global::System.IO.File.Exists(File)
            ? global::System.IO.File.ReadLines(File).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))
            : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }

    /// <summary>The build notes the commit behind the plus sign of the version.</summary>
    private static string CommitHash()
    {
        string? version = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return version is not null && version.Contains('+') ? version[(version.IndexOf('+') + 1)..] : "unknown";
    }
}
