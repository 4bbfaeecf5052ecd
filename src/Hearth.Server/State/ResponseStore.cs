using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.State;

/// <summary>Responses that clients asked to keep. Whoever asks sees their own alone; what is written is on the disk when a method returns.</summary>
/// <param name="contexts">The database.</param>
public sealed class ResponseStore(IDbContextFactory<ServerDatabase> contexts)
{
    /// <summary>Keeps a response.</summary>
    /// <param name="response">The response.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task AddAsync(ResponseRow response, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        database.Responses.Add(response);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>A response.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The response.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Null when the caller has none of the id.</returns>
    public async Task<ResponseRow?> FindAsync(string owner, string id, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Responses.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id && r.Owner == owner, cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes a response.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The response.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has none of the id.</returns>
    public async Task<bool> DeleteAsync(string owner, string id, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Responses.Where(r => r.Id == id && r.Owner == owner).ExecuteDeleteAsync(cancel).ConfigureAwait(false) > 0;
    }
}
