using Hearth.Numerics;

namespace Hearth.Models.Generation.Constraints;

/// <summary>A grammar, regular expression or JSON schema is malformed, asks for something that is not supported, or is too large.</summary>
/// <param name="where">The place: rule and line, position in the pattern, or path in the schema.</param>
/// <param name="problem">What was found, what was expected, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class ConstraintException(string where, string problem, Exception? inner = null) : HearthException($"{where}: {problem}", inner)
{
    /// <summary>The place.</summary>
    public string Where { get; } = where;
}
