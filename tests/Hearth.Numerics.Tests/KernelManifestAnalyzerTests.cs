using System.Collections.Immutable;
using Hearth.Build.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests;

public sealed class KernelManifestAnalyzerTests
{
    private const string Source = """
        namespace Hearth.Numerics
        {
            public static class Lanes { public const int Count = 16; public static float Sum() => 0; public static float Sum(int i) => i; }
            public static class Elsewhere { public static void No() { } }
        }
        namespace Hearth.Numerics.Kernels
        {
            public static class Norms { public static void Rms() { } internal static void No() { } private static void Nor() { } }
            internal static class Tiles { public static void No() { } }
            public sealed class View { public static void No() { } }
        }
        """;

    [Fact]
    public async Task A_complete_manifest_is_accepted() => (await Errors("# kernels\n\nLanes.Sum\nNorms.Rms\n")).ShouldBeEmpty();

    [Fact]
    public async Task A_kernel_that_is_not_listed_stops_the_build() => (await Errors("Lanes.Sum\n")).ShouldBe(
        ["'Norms.Rms' is not in the kernel manifest: add it to kernels.txt and give it a case in KernelManifest"]);

    [Fact]
    public async Task A_line_without_a_kernel_stops_the_build() => (await Errors("Lanes.Sum\nNorms.Rms\nTiles.No\n")).ShouldBe(
        ["'Tiles.No' stands in the kernel manifest but no such kernel exists: remove the line and its case"]);

    [Fact]
    public async Task A_line_that_stands_twice_stops_the_build() => (await Errors("Lanes.Sum\nNorms.Rms\nLanes.Sum\n")).ShouldBe(
        ["'Lanes.Sum' stands in the kernel manifest twice: remove this line"]);

    [Fact]
    public async Task A_manifest_that_is_missing_stops_the_build() => (await Errors(null)).ShouldBe(
        ["'kernels.txt' is not among the additional files of the project: the kernel manifest is missing"]);

    private static async Task<string[]> Errors(string? manifest)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        var compilation = CSharpCompilation.Create("Snippet", [CSharpSyntaxTree.ParseText(Source, cancellationToken: cancel)],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        compilation.GetDiagnostics(cancel).ShouldBeEmpty();
        var options = new AnalyzerOptions(manifest is null ? [] : [new Text(manifest)]);
        CompilationWithAnalyzers analysed = compilation.WithAnalyzers([new KernelManifestAnalyzer()], options);
        ImmutableArray<Diagnostic> found = await analysed.GetAnalyzerDiagnosticsAsync(cancel);
        found.ShouldAllBe(d => d.Id == "HEARTH001" && d.Severity == DiagnosticSeverity.Error);
        return [.. found.Select(d => d.GetMessage())];
    }

    private sealed class Text(string content) : AdditionalText
    {
        public override string Path => "folder/kernels.txt";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(content);
    }
}
