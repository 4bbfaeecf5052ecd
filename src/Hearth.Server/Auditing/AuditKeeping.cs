using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Hearth.Server.Auditing;

/// <summary>Takes out of the audit log what may not be kept. The chain holds: hashes stay, and each taking out is an entry itself.</summary>
/// <param name="contexts">The database.</param>
/// <param name="time">What time it is.</param>
public sealed class AuditKeeping(IDbContextFactory<ServerDatabase> contexts, TimeProvider time)
{
    /// <summary>Takes out the texts of an entry, and the salt, without which they can not be found by trying. Its digests stay.</summary>
    /// <param name="sequence">The entry's place.</param>
    /// <param name="reason">Why, without the text itself.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Where this stands in the log.</returns>
    /// <exception cref="AuditException">There is no such entry with texts.</exception>
    public async Task<AuditReceipt> RedactAsync(long sequence, string reason, string by, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using IDbContextTransaction transaction = await AuditChain.LockAsync(database, cancel).ConfigureAwait(false);
        AuditRow row = await database.Audit.FirstOrDefaultAsync(a => a.Sequence == sequence, cancel).ConfigureAwait(false)
            ?? throw new AuditException($"There is no entry {sequence:N0}. `hearth audit-log show` lists those there are.");
        if (row.Salt is null) throw new AuditException($"Entry {sequence:N0} has no texts: it is no answer, or they were taken out already.");
        (row.Salt, row.Prompt, row.Answer) = (null, null, null);
        AuditReceipt[] receipts = await AuditChain.AppendAsync(
            database, [new AuditChain.Item(new RedactionLine(sequence, reason, by))], time.GetUtcNow().UtcDateTime, cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return receipts[0];
    }

    /// <summary>Cuts entries that are older than a time down to their hashes, from the first one on.</summary>
    /// <param name="age">How old they may become.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>How many were cut down.</returns>
    public async Task<int> PruneAsync(TimeSpan age, CancellationToken cancel = default)
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        DateTime before = now - age;
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using IDbContextTransaction transaction = await AuditChain.LockAsync(database, cancel).ConfigureAwait(false);
        // Clocks of servers differ: cut up to the first that has to stay.
        long? stays = await database.Audit.Where(a => a.Line != null && a.Time >= before).MinAsync(a => (long?)a.Sequence, cancel).ConfigureAwait(false);
        IQueryable<AuditRow> old = database.Audit.Where(a => a.Line != null && (stays == null || a.Sequence < stays));
        AuditRow? last = await old.AsNoTracking().OrderByDescending(a => a.Sequence).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
        if (last is null) return 0;
        int count = await old.ExecuteUpdateAsync(
            s => s.SetProperty(a => a.Line, (string?)null).SetProperty(a => a.Time, (DateTime?)null).SetProperty(a => a.KeyId, (string?)null).SetProperty(a => a.Model, (string?)null)
                .SetProperty(a => a.Salt, (string?)null).SetProperty(a => a.Prompt, (string?)null).SetProperty(a => a.Answer, (string?)null),
            cancel).ConfigureAwait(false);
        await AuditChain.AppendAsync(database, [new AuditChain.Item(new RetentionLine(last.Sequence, last.Hash, before))], now, cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return count;
    }
}
