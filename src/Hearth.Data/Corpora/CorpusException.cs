using Hearth.Numerics;

namespace Hearth.Data.Corpora;

/// <summary>A corpus can not be used as the recipe describes it.</summary>
/// <param name="corpus">The corpus's name in the recipe.</param>
/// <param name="problem">What was found, what was expected, and what to do next.</param>
/// <param name="inner">The cause.</param>
public sealed class CorpusException(string corpus, string problem, Exception? inner = null)
    : HearthException($"corpus '{corpus}': {problem}", inner)
{
    /// <summary>The corpus's name in the recipe.</summary>
    public string Corpus { get; } = corpus;
}
