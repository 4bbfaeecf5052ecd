using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hearth.Numerics;
using Hearth.Numerics.Operations;

namespace Hearth.Training.Loading;

/// <summary>Where the next micro-batch begins.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Index">The document in its order, from 0.</param>
/// <param name="Row">The row of the document, from 0.</param>
public readonly record struct DataPosition(int Epoch, int Index, int Row);

/// <summary>Some rows of a document inside a micro-batch.</summary>
/// <param name="Document">The document.</param>
/// <param name="Row">Its first row here.</param>
/// <param name="Count">How many.</param>
public readonly record struct Piece(TokenDocument Document, int Row, int Count);

/// <summary>What one forward and backward pass sees.</summary>
/// <param name="Sequences">The tokens, [N].</param>
/// <param name="Targets">The right next tokens, [N].</param>
/// <param name="Pieces">The documents they come from, in order.</param>
public sealed record MicroBatch(SequenceBatch Sequences, int[] Targets, Piece[] Pieces)
{
    /// <summary>Rows that have a target.</summary>
    public int TargetCount => Targets.Count(t => t != LossOperations.Ignored);
}

/// <summary>How documents are laid into micro-batches.</summary>
/// <param name="Rows">Rows of a micro-batch, at most; at least <paramref name="Context"/>.</param>
/// <param name="Context">The longest sequence.</param>
/// <param name="Split">True to fill the last rows with the beginning of the next document.</param>
/// <param name="CrossDocumentAttention">True to let documents of a micro-batch see the ones before them.</param>
/// <param name="ConversationTurns">The most questions with their answers that are laid one after the other as one conversation.</param>
public sealed record PackingPlan(int Rows, int Context, bool Split, bool CrossDocumentAttention, int ConversationTurns = 1);

/// <summary>
/// Lays documents side by side, in order, without padding. A document longer than the context is cut into windows of that length.
/// Each piece is a sequence of its own, unless the plan lets documents see each other or makes conversations of them.
/// </summary>
/// <param name="order">The order of the documents.</param>
/// <param name="plan">How to lay them.</param>
public sealed class Packer(DocumentOrder order, PackingPlan plan)
{
    /// <summary>The pieces of the next micro-batch.</summary>
    /// <param name="position">Where it begins; moved to where the one after it begins.</param>
    /// <param name="withinEpoch">True to end with the epoch, false to go on with the next one.</param>
    public Piece[] Next(ref DataPosition position, bool withinEpoch = false)
    {
        var pieces = new List<Piece>();
        int free = plan.Rows, epoch = position.Epoch;
        while (free > 0 && (!withinEpoch || position.Epoch == epoch))
        {
            TokenDocument document = order.At(position.Epoch, position.Index);
            int window = Math.Min(plan.Context, document.Rows - position.Row);
            int count = plan.Split ? Math.Min(window, free) : window;
            if (count > free) break;
            pieces.Add(new Piece(document, position.Row, count));
            free -= count;
            position = Advance(position, document, count);
        }
        return [.. pieces];
    }

    /// <summary>The pieces' tokens and targets.</summary>
    /// <param name="pieces">Pieces from <see cref="Next"/>.</param>
    public MicroBatch Lay(Piece[] pieces)
    {
        int rows = pieces.Sum(p => p.Count), at = 0;
        int[] tokens = new int[rows], targets = new int[rows];
        foreach (Piece piece in pieces)
        {
            for (int i = piece.Row; i < piece.Row + piece.Count; i++, at++)
            {
                tokens[at] = piece.Document.Tokens[i];
                targets[at] = piece.Document.Target(i);
            }
        }
        Segment[] segments = [.. plan.CrossDocumentAttention ? Windows(rows) : Conversations(pieces)];
        return new MicroBatch(new SequenceBatch(tokens, segments), targets, pieces);
    }

    /// <summary>The digest of what a step sees: each piece's ids and rows, in order.</summary>
    /// <param name="pieces">The pieces of all its micro-batches.</param>
    public static string Digest(IEnumerable<Piece> pieces)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Piece p in pieces)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{p.Document.Id} {p.Document.From} {p.Row} {p.Count}\n")));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private IEnumerable<Segment> Windows(int rows)
    {
        for (int start = 0; start < rows; start += plan.Context) yield return new Segment(start, Math.Min(plan.Context, rows - start));
    }

    /// <summary>A sequence for each piece, or for some turns of a conversation: as many as the first one's id says, while they fit the context.</summary>
    private IEnumerable<Segment> Conversations(Piece[] pieces)
    {
        int start = 0;
        for (int i = 0, next; i < pieces.Length; i = next)
        {
            int count = pieces[i].Count, turns = IsWhole(pieces[i]) ? Turns(pieces[i].Document) : 1;
            for (next = i + 1; next < Math.Min(i + turns, pieces.Length) && IsWhole(pieces[next]) && count + pieces[next].Count <= plan.Context; next++)
            {
                count += pieces[next].Count;
            }
            yield return new Segment(start, count);
            start += count;
        }
    }

    private static bool IsWhole(Piece piece) => piece.Document.IsConversation && piece.Row == 0 && piece.Count == piece.Document.Rows;

    private int Turns(TokenDocument first) =>
        1 + (int)(uint.Parse(first.Id.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % (uint)plan.ConversationTurns);

    private DataPosition Advance(DataPosition at, TokenDocument document, int count)
    {
        if (at.Row + count < document.Rows) return at with { Row = at.Row + count };
        return at.Index + 1 < order.Count(at.Epoch) ? new DataPosition(at.Epoch, at.Index + 1, 0) : new DataPosition(at.Epoch + 1, 0, 0);
    }
}
