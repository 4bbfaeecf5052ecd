using System.Buffers;
using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>Byte-pair encoding of the bytes of a piece.</summary>
internal sealed class ByteBpe : TokenModel
{
    private readonly int[] _byteTokens = new int[256];
    private readonly Merger _merger;
    private readonly WordTable? _wholeWords;

    /// <summary>Prepares a vocabulary for encoding.</summary>
    /// <param name="vocabulary">Every token's bytes, by id; null where no token has the id.</param>
    /// <param name="merges">By rank.</param>
    /// <param name="ignoreMerges">A piece that is a token is never built by merges.</param>
    /// <param name="isSpecial">By id; ordinary text never becomes one of these by being a token as a whole.</param>
    public ByteBpe(IReadOnlyList<byte[]?> vocabulary, IReadOnlyList<Merge> merges, bool ignoreMerges, ReadOnlySpan<bool> isSpecial)
    {
        Array.Fill(_byteTokens, -1);
        _wholeWords = ignoreMerges ? new WordTable(vocabulary, isSpecial) : null;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary[id] is [var only]) _byteTokens[only] = id;
        }
        _merger = new Merger(new MergeTable(merges));
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> tokens)
    {
        if (piece.Length > Merger.LongestPooled)
        {
            Encode(Encoding.UTF8.GetBytes(piece.ToArray()), tokens);
            return;
        }
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        try
        {
            Encode(utf8.AsSpan(0, Encoding.UTF8.GetBytes(piece, utf8)), tokens);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    private void Encode(ReadOnlySpan<byte> piece, List<int> tokens)
    {
        if (_wholeWords is not null && _wholeWords.Find(piece) is >= 0 and var whole)
        {
            tokens.Add(whole);
            return;
        }
        Span<int> ids = piece.Length <= Merger.ShortWord ? stackalloc int[piece.Length] : new int[piece.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = _byteTokens[piece[i]];
            if (ids[i] < 0) throw new UnencodableTextException(piece[i]);
        }
        foreach (int id in ids[.._merger.Merge(ids)]) tokens.Add(id);
    }
}
