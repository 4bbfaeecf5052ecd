using Hearth.Server.Auditing;

namespace Hearth.Server.Security;

/// <summary>What admins do with keys. Each thing done stands in the audit log; others are refused.</summary>
/// <param name="keys">The keys.</param>
/// <param name="usage">What they use.</param>
/// <param name="audit">Where it is written down.</param>
public sealed class KeyKeeping(KeyStore keys, UsageMeter usage, AuditLog audit)
{
    /// <summary>All keys with the tokens they used today, in the order in which they were made.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<IReadOnlyList<(AccessKey Key, long TokensToday)>> ListAsync(Caller by, CancellationToken cancel = default)
    {
        by.RequireAdmin();
        IReadOnlyDictionary<string, long> today = await usage.TodayAsync(cancel).ConfigureAwait(false);
        return [.. (await keys.ListAsync(cancel).ConfigureAwait(false)).Select(k => (k, today.GetValueOrDefault(k.Id)))];
    }

    /// <summary>Makes a key.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="name">Whose it is.</param>
    /// <param name="isAdmin">Whether it is an admin's.</param>
    /// <param name="limits">How much it may use.</param>
    /// <param name="models">The models it may ask; empty for all.</param>
    /// <param name="expires">When it ends by itself, UTC.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>The key, and its text, which can not be had again.</returns>
    /// <exception cref="KeyException">The name can not be had.</exception>
    public async Task<(AccessKey Key, KeySecret Secret)> AddAsync(Caller by, string name, bool isAdmin, KeyLimits limits, IReadOnlyList<string> models, DateTime? expires, CancellationToken cancel = default)
    {
        by.RequireAdmin();
        if (!isAdmin && !await keys.AnyAsync(cancel).ConfigureAwait(false))
        {
            throw new KeyException("The first key has to be an admin's: from the first key on the server asks everyone for one, and nobody could come to this page.");
        }
        (AccessKey key, KeySecret secret) = await keys.AddAsync(name.Trim(), isAdmin, limits, models, expires, cancel).ConfigureAwait(false);
        await audit.AppendAsync(key, "added", by.Name).ConfigureAwait(false);
        return (key, secret);
    }

    /// <summary>Ends a key.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="KeyException">There is none of the id that holds.</exception>
    public async Task<AccessKey> RevokeAsync(Caller by, string id, CancellationToken cancel = default)
    {
        by.RequireAdmin();
        AccessKey key = await keys.RevokeAsync(id, cancel).ConfigureAwait(false);
        await audit.AppendAsync(key, "revoked", by.Name).ConfigureAwait(false);
        return key;
    }
}
