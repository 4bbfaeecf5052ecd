using System.Runtime.Intrinsics;
using Xunit.MicrosoftTestingPlatform;

namespace Hearth.EndToEnd.Tests;

/// <summary>Runs the tests; or, with <c>--vectors</c>, prints which vector widths the runtime has in this process.</summary>
internal static class Program
{
    public const string Vectors = "--vectors";

    public static Task<int> Main(string[] args)
    {
        if (args is not [Vectors]) return TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        Console.WriteLine($"Vector512 {Vector512.IsHardwareAccelerated}");
        Console.WriteLine($"Vector256 {Vector256.IsHardwareAccelerated}");
        Console.WriteLine($"Vector128 {Vector128.IsHardwareAccelerated}");
        return Task.FromResult(0);
    }
}
