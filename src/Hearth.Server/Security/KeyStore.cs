using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Security;

/// <summary>The keys of the server.</summary>
/// <param name="contexts">The database.</param>
/// <param name="time">What time it is.</param>
public sealed class KeyStore(IDbContextFactory<ServerDatabase> contexts, TimeProvider time)
{
    private const int LongestName = 100;

    // Compared with when no key has the id, so that the answer takes as long.
    private static readonly string NoSalt = KeySecret.CreateSalt();
    private static readonly string NoHash = KeySecret.Create().HashWith(NoSalt);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Makes a key.</summary>
    /// <param name="name">Whose it is; no two keys that hold have the same.</param>
    /// <param name="isAdmin">Whether it is an admin's.</param>
    /// <param name="limits">How much it may use.</param>
    /// <param name="models">The models it may ask; empty for all.</param>
    /// <param name="expires">When it ends by itself, UTC.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>The key, and its text, which can not be had again.</returns>
    /// <exception cref="KeyException">The name can not be had.</exception>
    public async Task<(AccessKey Key, KeySecret Secret)> AddAsync(
        string name, bool isAdmin = false, KeyLimits? limits = null, IReadOnlyList<string>? models = null, DateTime? expires = null, CancellationToken cancel = default)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
        {
            throw new KeyException($"A key's name has 1 to {LongestName} characters and stands on one line. Say whose it is, such as 'library'.");
        }
        if (expires <= Now) throw new KeyException($"The key would have ended at {expires:u}. Give a time to come.");
        limits ??= KeyLimits.None;
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        DateTime now = Now;
        if (await database.Keys.AnyAsync(k => k.Name == name && k.Revoked == null && (k.Expires == null || k.Expires > now), cancel).ConfigureAwait(false))
        {
            throw new KeyException($"There is a key named '{name}'. Give another name, or revoke that one first: hearth key revoke '{name}'.");
        }
        var secret = KeySecret.Create();
        string salt = KeySecret.CreateSalt();
        var row = new KeyRow
        {
            Id = secret.Id,
            Name = name,
            Role = isAdmin ? AccessKey.Admin : AccessKey.User,
            Salt = salt,
            Hash = secret.HashWith(salt),
            RequestsPerMinute = limits.RequestsPerMinute,
            TokensPerMinute = limits.TokensPerMinute,
            TokensPerDay = limits.TokensPerDay,
            Models = models is { Count: > 0 } ? string.Join('\n', models) : null,
            Created = Whole(now),
            Expires = expires is { } end ? Whole(end) : null,
        };
        database.Keys.Add(row);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return (AccessKey.Of(row), secret);
    }

    /// <summary>All keys, those revoked too, in the order in which they were made.</summary>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<IReadOnlyList<AccessKey>> ListAsync(CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        List<KeyRow> rows = await database.Keys.AsNoTracking().OrderBy(k => k.Created).ThenBy(k => k.Id).ToListAsync(cancel).ConfigureAwait(false);
        return [.. rows.Select(AccessKey.Of)];
    }

    /// <summary>Whether a key was ever made; one that was revoked counts, so that revoking the last key does not open the server.</summary>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<bool> AnyAsync(CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Keys.AnyAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Revokes a key: from the next request on, on every server of the database, it opens nothing.</summary>
    /// <param name="nameOrId">The key's name or id.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="KeyException">No key that holds is called so.</exception>
    public async Task<AccessKey> RevokeAsync(string nameOrId, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        KeyRow row = await database.Keys.OrderByDescending(k => k.Created)
            .FirstOrDefaultAsync(k => (k.Name == nameOrId || k.Id == nameOrId) && k.Revoked == null, cancel).ConfigureAwait(false)
            ?? throw new KeyException($"There is no key '{nameOrId}' that could be revoked. `hearth key list` shows those there are.");
        row.Revoked = Whole(Now);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return AccessKey.Of(row);
    }

    /// <summary>The key of what a client showed.</summary>
    /// <param name="text">The key's text.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Null when it is no key, a wrong one, or one that holds no longer.</returns>
    public async Task<AccessKey?> FindAsync(string? text, CancellationToken cancel = default)
    {
        if (KeySecret.Parse(text) is not { } shown) return null;
        KeyRow? row = await Row(shown.Id, cancel).ConfigureAwait(false);
        bool matches = shown.Matches(row?.Salt ?? NoSalt, row?.Hash ?? NoHash);
        return matches && row is not null && AccessKey.Of(row) is var key && key.HoldsAt(Now) ? key : null;
    }

    /// <summary>A key that holds, by its id: for a session that showed it before.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<AccessKey?> FindByIdAsync(string id, CancellationToken cancel = default) =>
        await Row(id, cancel).ConfigureAwait(false) is { } row && AccessKey.Of(row) is var key && key.HoldsAt(Now) ? key : null;

    private async Task<KeyRow?> Row(string id, CancellationToken cancel)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Keys.AsNoTracking().FirstOrDefaultAsync(k => k.Id == id, cancel).ConfigureAwait(false);
    }

    /// <summary>Both databases keep whole milliseconds alike.</summary>
    private static DateTime Whole(DateTime t) => new(t.Ticks - (t.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
}
