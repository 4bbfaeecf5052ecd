using Hearth.Models.Formats;

namespace Hearth.Data.Corpora;

/// <summary>How a derived document is shown to the model.</summary>
public enum DerivedKind
{
    /// <summary>Text to continue.</summary>
    Plain,
    /// <summary>A question and its answer, as a conversation.</summary>
    QuestionAnswer,
}

/// <summary>What the model is trained on, always the work of exactly one source document.</summary>
/// <param name="Id">SHA-256 of the rendering <c>"plain\n" + text</c> or <c>"qa\n" + question + "\n\0\n" + answer</c>. Two sources may
/// derive to the same words and so the same id; (<paramref name="Id"/>, <paramref name="From"/>) is what is unique.</param>
/// <param name="From">The source document's id.</param>
/// <param name="Kind">How it is shown.</param>
/// <param name="Corpus">The corpus's name.</param>
/// <param name="Name">The source document's name; for a refusal the names file, '#' and the name.</param>
/// <param name="Text">The text of a plain document, else empty.</param>
/// <param name="Question">The question of a pair, else empty.</param>
/// <param name="Answer">The answer of a pair, else empty.</param>
public sealed record DerivedDocument(
    string Id, string From, DerivedKind Kind, string Corpus, string Name, string Text, string Question, string Answer)
{
    internal static DerivedDocument Plain(SourceDocument source, string text) =>
        new(Digest.Of("plain\n" + text), source.Id, DerivedKind.Plain, source.Corpus, source.Name, text, "", "");

    internal static DerivedDocument Pair(SourceDocument source, string name, string question, string answer) =>
        Pair(source.Id, source.Corpus, name, question, answer);

    internal static DerivedDocument Pair(string from, string corpus, string name, string question, string answer) =>
        new(Digest.Of("qa\n" + question + "\n\0\n" + answer), from, DerivedKind.QuestionAnswer, corpus, name, "", question, answer);
}
