using System.Reflection;
using System.Threading.Channels;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Auditing;

/// <summary>
/// Writes down every answer before its end is told to the client: once <see cref="AppendAsync(AuditEntry)"/> returns, the entry is on the disk and in the chain. One
/// writer takes all entries that wait and writes them with one flush.
/// </summary>
public sealed class AuditLog : IHostedService, IAsyncDisposable
{
    private const int MostTogether = 256, MostWaiting = 4096;

    private static readonly string Version = typeof(AuditLog).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private readonly IDbContextFactory<ServerDatabase> _contexts;
    private readonly TimeProvider _time;
    private readonly AuditTexts _texts;
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Task _writing;

    /// <summary>A log on a database.</summary>
    /// <param name="contexts">The database.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="options">What is kept.</param>
    public AuditLog(IDbContextFactory<ServerDatabase> contexts, TimeProvider time, ServerOptions options)
    {
        (_contexts, _time, _texts) = (contexts, time, options.AuditTexts);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Writes down an answer.</summary>
    /// <param name="entry">The answer.</param>
    /// <returns>Where it stands, once it is on the disk.</returns>
    /// <exception cref="AuditException">It could not be written; the answer must not count as given.</exception>
    public Task<AuditReceipt> AppendAsync(AuditEntry entry)
    {
        string salt = AuditTextDigest.CreateSalt();
        (string prompt, string answer) = (StorableText.Of(entry.Prompt), StorableText.Of(entry.Answer));
        var line = new AnswerLine(
            Environment.MachineName, Version, NumericsVersion.Current, entry.Key, entry.Name, entry.Endpoint, entry.Id, entry.Model, entry.ModelDigest, entry.Seed, entry.Options,
            AuditTextDigest.Of(salt, prompt), AuditTextDigest.Of(salt, answer), _texts, entry.PromptTokens, entry.AnswerTokens, entry.Finish);
        bool keeps = _texts == AuditTexts.Stored;
        return AppendAsync(new AuditChain.Item(line, salt, keeps ? prompt : null, keeps ? answer : null));
    }

    /// <summary>Writes down that a key was made or revoked.</summary>
    /// <param name="key">The key.</param>
    /// <param name="action"><c>added</c> or <c>revoked</c>.</param>
    /// <param name="by">Who did it.</param>
    public Task<AuditReceipt> AppendAsync(Security.AccessKey key, string action, string by) =>
        AppendAsync(new AuditChain.Item(new KeyLine(key.Id, key.Name, key.Role, action, by)));

    /// <summary>The newest entries first.</summary>
    /// <param name="before">Entries before this place; null for the last.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="filter">Which ones; null for all.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<IReadOnlyList<AuditRecord>> ListAsync(
        long? before = null, int count = 50, AuditFilter? filter = null, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await _contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        IQueryable<AuditRow> rows = (filter ?? new AuditFilter()).Of(database.Audit.AsNoTracking());
        if (before is { } place) rows = rows.Where(a => a.Sequence < place);
        List<AuditRow> found = await rows.OrderByDescending(a => a.Sequence).Take(count).ToListAsync(cancel).ConfigureAwait(false);
        return [.. found.Select(AuditRecord.Of)];
    }

    /// <summary>One entry.</summary>
    /// <param name="sequence">Its place.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Null when there is none.</returns>
    public async Task<AuditRecord?> FindAsync(long sequence, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await _contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Audit.AsNoTracking().FirstOrDefaultAsync(a => a.Sequence == sequence, cancel).ConfigureAwait(false) is { } row ? AuditRecord.Of(row) : null;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes what still waits.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private async Task<AuditReceipt> AppendAsync(AuditChain.Item item)
    {
        var waiting = new Waiting(item, new TaskCompletionSource<AuditReceipt>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await _waiting.Writer.WriteAsync(waiting).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new AuditException("The server is stopping and its audit log is closed. Ask again in a while.", e);
        }
        return await waiting.Done.Task.ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        var together = new List<Waiting>(MostTogether);
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            together.Clear();
            while (together.Count < MostTogether && _waiting.Reader.TryRead(out Waiting? waiting)) together.Add(waiting);
            if (await WriteAsync(together).ConfigureAwait(false)) continue;
            foreach (Waiting alone in together.Where(w => !w.Done.Task.IsCompleted)) await WriteAsync([alone]).ConfigureAwait(false);
        }
    }

    /// <summary>Writes some entries. When it fails, one alone is told so; of several, one may have spoilt it for the others, and each is tried alone.</summary>
    private async Task<bool> WriteAsync(List<Waiting> together)
    {
        try
        {
            AuditReceipt[] receipts = await AuditChain.AppendAsync(_contexts, [.. together.Select(w => w.Item)], _time, CancellationToken.None).ConfigureAwait(false);
            for (int i = 0; i < receipts.Length; i++) together[i].Done.SetResult(receipts[i]);
            return true;
        }
        catch (Exception e)
        {
            if (together is [var alone])
            {
                alone.Done.SetException(new AuditException("The audit log can not be written, so the answer does not count as given. See that the database runs and its disk has room.", e));
            }
            return false;
        }
    }

    private sealed record Waiting(AuditChain.Item Item, TaskCompletionSource<AuditReceipt> Done);
}

/// <summary>An entry as it is kept.</summary>
/// <param name="Sequence">Its place, from 1.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Line">What it says; null when cut down to its hash.</param>
/// <param name="Salt">What the digests of its texts begin with; null when redacted.</param>
/// <param name="Prompt">What was asked, if kept.</param>
/// <param name="Answer">What was answered, if kept.</param>
public sealed record AuditRecord(long Sequence, string Hash, AuditLine? Line, string? Salt, string? Prompt, string? Answer)
{
    internal static AuditRecord Of(AuditRow row) => new(row.Sequence, row.Hash, row.Line is null ? null : AuditLine.Parse(row.Line), row.Salt, row.Prompt, row.Answer);
}
