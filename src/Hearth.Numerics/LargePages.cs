using System.Runtime.InteropServices;

namespace Hearth.Numerics;

/// <summary>
/// Asks the system for pages of 2 MiB: weights are read from end to end for each token, and a processor walks its page tables for each page
/// of 4 KiB. Linux gives them to memory that asks (<c>madvise(2)</c>, MADV_HUGEPAGE); elsewhere, or when it gives none, nothing changes.
/// </summary>
internal static unsafe partial class LargePages
{
    private const nint Page = 2 << 20;
    private const int HugePages = 14;                                            // MADV_HUGEPAGE

    /// <summary>Asks for the whole pages inside some memory, best before it is first written.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="bytes">How many.</param>
    public static void Ask(void* start, nint bytes)
    {
        nint from = ((nint)start + Page - 1) / Page * Page, to = ((nint)start + bytes) / Page * Page;
        if (to > from && OperatingSystem.IsLinux()) _ = Advise(from, to - from, HugePages);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint address, nint length, int advice);
}
