using Xunit;

namespace Hearth;

/// <summary>Reference data kept beside the repository, not in it. A test that needs them is skipped where they are absent.</summary>
internal static class SharedData
{
    public static string At(string below)
    {
        string? root = Environment.GetEnvironmentVariable("HEARTH_SHARED");
        foreach (string start in new[] { AppContext.BaseDirectory, Directory.GetCurrentDirectory() })
        {
            for (DirectoryInfo? at = new(start); root is null && at is not null; at = at.Parent)
            {
                string candidate = Path.Combine(at.FullName, "..", "shared");
                if (Directory.Exists(Path.Combine(candidate, "conformance"))) root = candidate;
            }
        }
        string? found = root is null ? null : Path.GetFullPath(Path.Combine(root, below));
        if (found is null || !Path.Exists(found)) Assert.Skip($"The reference data '{below}' are not on this machine.");
        return found;
    }
}
