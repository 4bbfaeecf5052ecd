namespace Hearth.EndToEnd.Tests.Running;

/// <summary>Where the repository and what was built from it are.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot();

    /// <summary>The configuration that these tests were built in: debug or release.</summary>
    public static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;

    public static string OtherConfiguration => Configuration == "debug" ? "release" : "debug";

    public static string Recipes => Path.Combine(Root, "recipes");

    /// <summary>The program as built in a configuration.</summary>
    public static string Dll(string configuration) => Path.Combine(Root, "artifacts", "bin", "Hearth.Cli", configuration, "hearth.dll");

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Hearth.slnx"))) return at.FullName;
        }
        throw new DirectoryNotFoundException("The tests must be built inside the repository: no folder above them has Hearth.slnx.");
    }
}
