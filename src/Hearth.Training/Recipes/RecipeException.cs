using Hearth.Numerics;

namespace Hearth.Training.Recipes;

/// <summary>A recipe is missing, can not be read, or holds keys or values it can not have. One exception tells of all problems.</summary>
/// <param name="problems">
/// In the order of the file, each as <c>file:line:column: key.path: found ..., expected ...</c>; the message is one a line.
/// </param>
/// <param name="inner">The cause.</param>
public sealed class RecipeException(IReadOnlyList<string> problems, Exception? inner = null)
    : HearthException(string.Join('\n', problems), inner)
{
    /// <summary>An exception with one problem.</summary>
    /// <param name="problem">What was found and expected, and where.</param>
    /// <param name="inner">The cause.</param>
    public RecipeException(string problem, Exception? inner = null)
        : this([problem], inner)
    {
    }

    /// <summary>The problems, in the order of the file.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
