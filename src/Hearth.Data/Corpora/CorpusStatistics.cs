namespace Hearth.Data.Corpora;

/// <summary>What one corpus gave.</summary>
/// <param name="Corpus">The corpus's name.</param>
/// <param name="Documents">Source documents that are used, a list of unknown names not counted.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Plain">Plain documents trained on.</param>
/// <param name="Answers">Question-answer pairs trained on.</param>
/// <param name="Refusals">Questions about unknown names trained on.</param>
/// <param name="HeldOutFacts">Questions about facts kept from training.</param>
/// <param name="HeldOutRefusals">Questions about unknown names kept from training.</param>
/// <param name="HeldOutDocuments">Plain documents kept from training.</param>
/// <param name="PassedOver">Records that the corpus's <c>where</c> does not keep.</param>
/// <param name="Removed">Documents taken out by their ids.</param>
/// <param name="Problems">How many documents were left out, by reason.</param>
public sealed record CorpusStatistics(
    string Corpus, long Documents, long Bytes, long Plain, long Answers, long Refusals, long HeldOutFacts, long HeldOutRefusals,
    long HeldOutDocuments, long PassedOver, long Removed, IReadOnlyList<(CorpusProblemKind Kind, long Count)> Problems);
