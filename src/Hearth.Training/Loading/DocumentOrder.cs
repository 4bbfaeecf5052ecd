using System.Security.Cryptography;
using System.Text;

namespace Hearth.Training.Loading;

/// <summary>
/// The order of an epoch's documents: by SHA-256 of seed, epoch and the document's ids. A pure function with no state and no file, in which
/// taking a document out moves no other one. Early epochs are of the permanent documents alone; from <see cref="RevocableEpoch"/> on they are of all.
/// </summary>
/// <param name="documents">The documents, in any order.</param>
/// <param name="seed">The run's seed.</param>
public sealed class DocumentOrder(IReadOnlyList<TokenDocument> documents, long seed)
{
    /// <summary>The first epoch with revocable documents: a number that no run reaches by counting.</summary>
    public const int RevocableEpoch = 1 << 30;

    private readonly TokenDocument[] _permanent = [.. documents.Where(d => !d.IsRevocable)];
    private int _epoch = -1;
    private TokenDocument[] _order = [];

    /// <summary>Documents in an epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    public int Count(int epoch) => In(epoch).Count;

    /// <summary>The document at a place of an epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="index">The place, from 0.</param>
    public TokenDocument At(int epoch, int index)
    {
        if (epoch != _epoch)
        {
            _order = [.. In(epoch).Select(d => (Key: Key(epoch, d), Document: d)).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Document)];
            _epoch = epoch;
        }
        return _order[index];
    }

    private IReadOnlyList<TokenDocument> In(int epoch) => epoch < RevocableEpoch ? _permanent : documents;

    private string Key(int epoch, TokenDocument d) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{epoch}\n{d.Id}\n{d.From}")));
}
