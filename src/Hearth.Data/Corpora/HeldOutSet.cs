namespace Hearth.Data.Corpora;

/// <summary>A question kept from training, with the answer that is expected.</summary>
/// <param name="From">The source document's id.</param>
/// <param name="Corpus">The corpus's name.</param>
/// <param name="Name">The record's name, or the invented one.</param>
/// <param name="Field">The field asked about.</param>
/// <param name="Question">The question in the phrasing that was kept.</param>
/// <param name="Answer">The whole expected answer.</param>
public sealed record HeldOutQuestion(string From, string Corpus, string Name, string Field, string Question, string Answer)
{
    /// <summary>The question and its answer as a document, to measure a loss on.</summary>
    public DerivedDocument ToDocument() => DerivedDocument.Pair(From, Corpus, Name, Question, Answer);
}

/// <summary>Everything that is kept from training to measure by.</summary>
/// <param name="Facts">Facts that are trained on, in phrasings that are not.</param>
/// <param name="Refusals">Questions about names that are in no document and were never trained on.</param>
/// <param name="Documents">Plain documents, for bits per byte.</param>
public sealed record HeldOutSet(
    IReadOnlyList<HeldOutQuestion> Facts, IReadOnlyList<HeldOutQuestion> Refusals, IReadOnlyList<DerivedDocument> Documents);
