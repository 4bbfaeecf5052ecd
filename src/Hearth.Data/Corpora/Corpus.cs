namespace Hearth.Data.Corpora;

/// <summary>Everything a recipe's corpora come to.</summary>
/// <param name="Sources">The documents as they were given, corpus by corpus, in ordinal order of name, a corpus's list of unknown names
/// last; no two share an id.</param>
/// <param name="Derived">What is trained on, in the order of the sources.</param>
/// <param name="HeldOut">What is kept to measure by.</param>
/// <param name="Report">What was left out, and why.</param>
/// <param name="Statistics">The counts, one for each corpus.</param>
public sealed record Corpus(
    IReadOnlyList<SourceDocument> Sources, IReadOnlyList<DerivedDocument> Derived, HeldOutSet HeldOut, CorpusReport Report,
    IReadOnlyList<CorpusStatistics> Statistics)
{
    /// <summary>
    /// Reads the corpora. The same files, specification and seed give the same result on every machine, and taking a document out, by
    /// its id or by deleting its file, changes no other document's part.
    /// </summary>
    /// <param name="specs">The corpora; of documents with the same bytes the first is kept.</param>
    /// <param name="heldOut">What is kept from training.</param>
    /// <param name="baseFolder">The folder that the corpora's paths are relative to.</param>
    /// <param name="seed">What is kept hangs on it.</param>
    /// <param name="removed">Ids of documents to be left out as if they had never been there; an id of no document means nothing.</param>
    /// <exception cref="CorpusException">
    /// A corpus is missing, has no document that can be used or does not fit its templates, or nothing is left to train on.
    /// </exception>
    public static Corpus Load(
        IReadOnlyList<CorpusSpec> specs, HeldOutSpec heldOut, string baseFolder, long seed, IReadOnlySet<string>? removed = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(specs.Count);
        var loader = new CorpusLoader(new Derivation(heldOut, seed), Path.GetFullPath(baseFolder), removed ?? new HashSet<string>());
        foreach (CorpusSpec spec in specs) loader.Add(spec);
        Corpus corpus = loader.Result();
        if (corpus.Derived.Count > 0) return corpus;
        throw new CorpusException(specs[0].Name, $"nothing is left to train on: of {corpus.Sources.Count + loader.Removed:N0} documents " +
            $"{loader.Removed:N0} are removed and the others held out. Add documents, or keep fewer (heldOut in the recipe).");
    }
}
