using Hearth.Models.Tests.Generation;
using Xunit.MicrosoftTestingPlatform;

namespace Hearth.Models.Tests;

/// <summary>Runs the tests; or, with <c>--generation-hashes</c>, prints what a model answers under this process's instruction sets.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        if (args is not [GenerationHashes.Argument, var path, var ways])
            return TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        GenerationHashes.Print(Console.Out, path, ways == "all");
        return Task.FromResult(0);
    }
}
