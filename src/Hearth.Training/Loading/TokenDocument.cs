using Hearth.Data.Corpora;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;

namespace Hearth.Training.Loading;

/// <summary>A derived document as tokens.</summary>
/// <param name="Id">The derived document's id.</param>
/// <param name="From">The source document's id.</param>
/// <param name="Tokens">All tokens, the special ones that frame it included.</param>
/// <param name="FirstTarget">Tokens before this index are never asked for.</param>
/// <param name="TargetBytes">Bytes of text that the asked-for tokens stand for.</param>
public sealed record TokenDocument(string Id, string From, int[] Tokens, int FirstTarget, int TargetBytes)
{
    /// <summary>Rows the document takes in a batch: each token but the last predicts the next.</summary>
    public int Rows => Tokens.Length - 1;

    /// <summary>Encodes a document: a plain text between two end-of-text tokens, or a question and its answer as a conversation.</summary>
    /// <param name="document">The document.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="chat">The conversation format.</param>
    /// <param name="answersOnly">True when only the answer of a conversation is asked for.</param>
    public static TokenDocument Encode(DerivedDocument document, Tokenizer tokenizer, ChatFormat chat, bool answersOnly)
    {
        if (document.Kind == DerivedKind.Plain)
        {
            int[] text = [chat.EndOfTextToken, .. tokenizer.Encode(document.Text), chat.EndOfTextToken];
            return new TokenDocument(document.Id, document.From, text, 1, Utf8(document.Text));
        }
        int[] question = chat.Encode([new ChatMessage("user", document.Question)], askForAnswer: true);
        int[] all = [.. question, .. tokenizer.Encode(document.Answer), chat.EndToken];
        int bytes = Utf8(document.Answer) + (answersOnly ? 0 : Utf8(document.Question));
        return new TokenDocument(document.Id, document.From, all, answersOnly ? question.Length : 1, bytes);
    }

    private static int Utf8(string text) => System.Text.Encoding.UTF8.GetByteCount(text);
}
