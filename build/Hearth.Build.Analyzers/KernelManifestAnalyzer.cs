using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Hearth.Build.Analyzers;

/// <summary>
/// Stops the build when the kernels of Hearth.Numerics and the lines of its <c>kernels.txt</c> are not the same set, so that no kernel can
/// be added without the tests of accuracy and byte identity that the kernel manifest runs.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class KernelManifestAnalyzer : DiagnosticAnalyzer
{
    /// <summary>Name of the manifest among the additional files.</summary>
    public const string FileName = "kernels.txt";

    private const string Space = "Hearth.Numerics";

    private static readonly DiagnosticDescriptor Rule = new("HEARTH001", "The kernel manifest names every kernel and nothing else",
        "{0}", "Determinism", DiagnosticSeverity.Error, isEnabledByDefault: true, customTags: WellKnownDiagnosticTags.CompilationEnd);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rule];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationAction(Compare);
    }

    private static void Compare(CompilationAnalysisContext context)
    {
        SortedDictionary<string, Location> kernels = Kernels(context.Compilation.Assembly.GlobalNamespace);
        AdditionalText? file = context.Options.AdditionalFiles.FirstOrDefault(f => Path.GetFileName(f.Path) == FileName);
        if (file?.GetText(context.CancellationToken) is not { } text)
        {
            Report(context, Location.None,
                $"'{FileName}' is not among the additional files of the project: the kernel manifest is missing");
            return;
        }
        var listed = new HashSet<string>(StringComparer.Ordinal);
        foreach (TextLine line in text.Lines)
        {
            string name = line.ToString().Trim();
            if (name.Length == 0 || name[0] == '#') continue;
            Location here = Location.Create(file.Path, line.Span, text.Lines.GetLinePositionSpan(line.Span));
            if (!listed.Add(name)) Report(context, here, $"'{name}' stands in the kernel manifest twice: remove this line");
            else if (!kernels.ContainsKey(name))
                Report(context, here, $"'{name}' stands in the kernel manifest but no such kernel exists: remove the line and its case");
        }
        foreach (KeyValuePair<string, Location> kernel in kernels)
        {
            if (listed.Contains(kernel.Key)) continue;
            Report(context, kernel.Value,
                $"'{kernel.Key}' is not in the kernel manifest: add it to {FileName} and give it a case in KernelManifest");
        }
    }

    /// <summary>
    /// Public static methods of public static classes in Hearth.Numerics.Kernels, and public methods of the four types that kernels are
    /// written with; each as Class.Method, with where it is declared.
    /// </summary>
    private static SortedDictionary<string, Location> Kernels(INamespaceSymbol global)
    {
        var kernels = new SortedDictionary<string, Location>(StringComparer.Ordinal);
        foreach (INamedTypeSymbol type in Types(global))
        {
            if (type.DeclaredAccessibility != Accessibility.Public) continue;
            string space = type.ContainingNamespace.ToDisplayString();
            bool vocabulary = space == Space && type.Name is "Lanes" or "Canonical" or "Philox" or "RopeTable";
            if (!vocabulary && !(space == Space + ".Kernels" && type.IsStatic)) continue;
            foreach (IMethodSymbol method in type.GetMembers().OfType<IMethodSymbol>())
            {
                if (method is { MethodKind: MethodKind.Ordinary, DeclaredAccessibility: Accessibility.Public, IsImplicitlyDeclared: false })
                {
                    kernels[$"{type.Name}.{method.Name}"] = method.Locations[0];
                }
            }
        }
        return kernels;
    }

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        space.GetTypeMembers().Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static void Report(CompilationAnalysisContext context, Location where, string message) =>
        context.ReportDiagnostic(Diagnostic.Create(Rule, where, message));
}
