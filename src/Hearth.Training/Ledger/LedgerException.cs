using Hearth.Numerics;

namespace Hearth.Training.Ledger;

/// <summary>A ledger is missing, damaged, or does not hold together.</summary>
/// <param name="path">The file.</param>
/// <param name="line">The line, from 1; 0 for the file as a whole.</param>
/// <param name="problem">What was found, what was expected, and what to do next.</param>
public sealed class LedgerException(string path, int line, string problem)
    : HearthException(line > 0 ? $"{path}:{line}: {problem}" : $"{path}: {problem}")
{
    /// <summary>The line, from 1.</summary>
    public int Line { get; } = line;
}
