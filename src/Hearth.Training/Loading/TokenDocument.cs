using Hearth.Data.Corpora;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;
using Hearth.Numerics.Operations;

namespace Hearth.Training.Loading;

/// <summary>A derived document as tokens.</summary>
/// <param name="Id">The derived document's id.</param>
/// <param name="From">The source document's id.</param>
/// <param name="Tokens">All tokens, the special ones that frame it included.</param>
/// <param name="FirstTarget">Tokens before this index are never asked for.</param>
/// <param name="TargetBytes">Bytes of text that the asked-for tokens stand for.</param>
/// <param name="IsConversation">True for a question and its answer, which others may follow in one conversation.</param>
public sealed record TokenDocument(string Id, string From, int[] Tokens, int FirstTarget, int TargetBytes, bool IsConversation = false)
{
    /// <summary>True for a document that is trained on late, so that it can be taken out at little cost.</summary>
    public bool IsRevocable { get; init; }

    /// <summary>Rows the document takes in a batch: each token predicts the next; the end of a conversation's turn stands there for what may follow.</summary>
    public int Rows => IsConversation ? Tokens.Length : Tokens.Length - 1;

    /// <summary>What the token at a row is to predict; <see cref="LossOperations.Ignored"/> when nothing.</summary>
    /// <param name="row">The row, from 0.</param>
    public int Target(int row) => row + 1 >= FirstTarget && row + 1 < Tokens.Length ? Tokens[row + 1] : LossOperations.Ignored;

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
        return new TokenDocument(document.Id, document.From, all, answersOnly ? question.Length : 1, bytes, IsConversation: true);
    }

    private static int Utf8(string text) => System.Text.Encoding.UTF8.GetByteCount(text);
}
