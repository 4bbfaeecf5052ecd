using Hearth.Numerics.Tests.Manifest;
using Xunit.MicrosoftTestingPlatform;

namespace Hearth.Numerics.Tests;

/// <summary>Runs the tests; or, with <c>--kernel-hashes</c>, prints what the kernels compute under this process's instruction
/// sets.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args)
    {
        if (args is not [KernelHashes.Argument]) return TestPlatformTestFramework.RunAsync(args,
            SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        KernelHashes.Print(Console.Out);
        return Task.FromResult(0);
    }
}
