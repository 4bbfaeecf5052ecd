using System.Data;
using Hearth.Models.Formats;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Hearth.Server.Auditing;

/// <summary>
/// The chain in the database. All servers of a database write one chain, under a lock: a whole server's part can not be left out, and the order of what
/// was said is one. Entries that wait together are written together, so the lock and the disk are asked once for all of them.
/// </summary>
internal static class AuditChain
{
    /// <summary>Any number of ours.</summary>
    private const long AdvisoryLock = 0x48656172_74680002;

    /// <summary>Something to write.</summary>
    /// <param name="Line">Its line, without place, time and link.</param>
    /// <param name="Salt">The texts' salt.</param>
    /// <param name="Prompt">What was asked; null to keep its digest alone.</param>
    /// <param name="Answer">What was answered; null to keep its digest alone.</param>
    public sealed record Item(AuditLine Line, string? Salt = null, string? Prompt = null, string? Answer = null);

    /// <summary>Begins a transaction that no other writer of the chain has at the same time.</summary>
    public static async Task<IDbContextTransaction> LockAsync(ServerDatabase database, CancellationToken cancel)
    {
        // In SQLite this is BEGIN IMMEDIATE: the write lock at once.
        IDbContextTransaction transaction = await database.Database.BeginTransactionAsync(IsolationLevel.Unspecified, cancel).ConfigureAwait(false);
        if (database.Database.IsNpgsql()) await database.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock})", cancel).ConfigureAwait(false);
        return transaction;
    }

    /// <summary>The place and hash of the last entry.</summary>
    public static async Task<(long Sequence, string Hash)> HeadAsync(ServerDatabase database, CancellationToken cancel)
    {
        var last = await database.Audit.AsNoTracking().OrderByDescending(a => a.Sequence).Select(a => new { a.Sequence, a.Hash }).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
        return last is null ? (0, AuditLine.Beginning) : (last.Sequence, last.Hash);
    }

    /// <summary>Writes entries at the end of the chain; the caller holds the lock and commits.</summary>
    public static async Task<AuditReceipt[]> AppendAsync(ServerDatabase database, IReadOnlyList<Item> items, DateTime now, CancellationToken cancel)
    {
        (long sequence, string head) = await HeadAsync(database, cancel).ConfigureAwait(false);
        var time = new DateTime(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
        var receipts = new AuditReceipt[items.Count];
        for (int i = 0; i < items.Count; i++)
        {
            Item item = items[i];
            AuditLine line = item.Line with { Sequence = ++sequence, Time = time, Previous = head };
            string json = line.ToJson();
            head = Digest.Of(json);
            database.Audit.Add(new AuditRow
            {
                Sequence = sequence,
                Hash = head,
                Line = json,
                Time = time,
                KeyId = KeyOf(line),
                Model = ModelOf(line),
                Salt = item.Salt,
                Prompt = item.Prompt,
                Answer = item.Answer,
            });
            receipts[i] = new AuditReceipt(sequence, head);
        }
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return receipts;
    }

    /// <summary>Adds entries in a transaction of their own.</summary>
    public static async Task<AuditReceipt[]> AppendAsync(IDbContextFactory<ServerDatabase> contexts, IReadOnlyList<Item> items, TimeProvider time, CancellationToken cancel)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using IDbContextTransaction transaction = await LockAsync(database, cancel).ConfigureAwait(false);
        AuditReceipt[] receipts = await AppendAsync(database, items, time.GetUtcNow().UtcDateTime, cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return receipts;
    }

    /// <summary>The key that a line is about.</summary>
    public static string? KeyOf(AuditLine line) => line switch { AnswerLine a => a.Key, KeyLine k => k.Key, _ => null };

    /// <summary>The model that a line is about.</summary>
    public static string? ModelOf(AuditLine line) => (line as AnswerLine)?.Model;
}
