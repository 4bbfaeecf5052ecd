using System.Security.Cryptography;
using System.Text;

namespace Hearth.Training.Loading;

/// <summary>
/// The order of an epoch's documents: by SHA-256 of seed, epoch and the document's ids. A pure function with no state and no file, in which
/// taking a document out moves no other one.
/// </summary>
/// <param name="documents">The documents, in any order.</param>
/// <param name="seed">The run's seed.</param>
public sealed class DocumentOrder(IReadOnlyList<TokenDocument> documents, long seed)
{
    private int _epoch = -1;
    private TokenDocument[] _order = [];

    /// <summary>Documents in an epoch.</summary>
    public int Count => documents.Count;

    /// <summary>The document at a place of an epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="index">The place, from 0.</param>
    public TokenDocument At(int epoch, int index)
    {
        if (epoch != _epoch)
        {
            _order = [.. documents.Select(d => (Key: Key(epoch, d), Document: d)).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Document)];
            _epoch = epoch;
        }
        return _order[index];
    }

    private string Key(int epoch, TokenDocument d) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{epoch}\n{d.Id}\n{d.From}")));
}
