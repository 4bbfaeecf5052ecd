using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.State;

/// <summary>People's conversations. Whoever asks sees their own alone; what is written is on the disk when a method returns.</summary>
/// <param name="contexts">The database.</param>
/// <param name="time">What time it is.</param>
public sealed class ConversationStore(IDbContextFactory<ServerDatabase> contexts, TimeProvider time)
{
    private DateTime Now => new(time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);

    /// <summary>A new id.</summary>
    /// <param name="kind">What it is of, such as conv or msg.</param>
    public static string NewId(string kind) => $"{kind}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}";

    /// <summary>Begins a conversation.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="title">Its title.</param>
    /// <param name="model">The model that was chosen.</param>
    /// <param name="settings">What was chosen, as JSON.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<ConversationRow> CreateAsync(string owner, string title, string? model = null, string? settings = null, CancellationToken cancel = default)
    {
        DateTime now = Now;
        var row = new ConversationRow { Id = NewId("conv"), Owner = owner, Title = StorableText.Of(title), Model = model, Settings = settings, Created = now, Updated = now };
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        database.Conversations.Add(row);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return row;
    }

    /// <summary>Begins a conversation with messages, one after the other.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="title">Its title.</param>
    /// <param name="metadata">What is noted with it, as JSON.</param>
    /// <param name="messages">The messages; conversation, parents, numbers and times are filled in.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<ConversationRow> BeginAsync(string owner, string title, string? metadata, IReadOnlyList<MessageRow> messages, CancellationToken cancel = default)
    {
        DateTime now = Now;
        var row = new ConversationRow { Id = NewId("conv"), Owner = owner, Title = StorableText.Of(title), Metadata = metadata, Created = now, Updated = now };
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        row.Leaf = Follow(database, row.Id, null, 0, messages, now);
        database.Conversations.Add(row);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return row;
    }

    /// <summary>Conversations, the last changed first.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="search">A text that the title or a message has; null for all.</param>
    /// <param name="skip">How many to leave out.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<IReadOnlyList<ConversationRow>> ListAsync(string owner, string? search = null, int skip = 0, int count = 50, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        IQueryable<ConversationRow> rows = database.Conversations.AsNoTracking().Where(c => c.Owner == owner);
        if (!string.IsNullOrWhiteSpace(search))
        {
            string wanted = search.Trim();
#pragma warning disable CA1304, CA1311, CA1862, MA0074 // these run in the database, which knows no cultures
            rows = rows.Where(c => c.Title.ToLower().Contains(wanted.ToLower())
                || database.Messages.Any(m => m.ConversationId == c.Id && m.Content.ToLower().Contains(wanted.ToLower())));
#pragma warning restore CA1304, CA1311, CA1862, MA0074
        }
        return await rows.OrderByDescending(c => c.Updated).ThenBy(c => c.Id).Skip(skip).Take(count).ToListAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>A conversation with all its messages, in the order in which they came.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>Null when the caller has none of the id.</returns>
    public async Task<(ConversationRow Conversation, IReadOnlyList<MessageRow> Messages)?> FindAsync(string owner, string id, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        ConversationRow? row = await database.Conversations.AsNoTracking().FirstOrDefaultAsync(c => c.Id == id && c.Owner == owner, cancel).ConfigureAwait(false);
        if (row is null) return null;
        return (row, await database.Messages.AsNoTracking().Where(m => m.ConversationId == id).OrderBy(m => m.Number).ToListAsync(cancel).ConfigureAwait(false));
    }

    /// <summary>Adds a message, and shows its branch.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="message">The message; its number and time are filled in. Its parent, if it has one, is of the same conversation.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation, or it has no such parent.</returns>
    public async Task<bool> AddAsync(string owner, MessageRow message, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using var transaction = await database.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
        DateTime now = Now;
        // The update takes the conversation's lock: messages that come at once get numbers one after the other.
        int found = await database.Conversations.Where(c => c.Id == message.ConversationId && c.Owner == owner)
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.Updated, now).SetProperty(c => c.Leaf, message.Id), cancel).ConfigureAwait(false);
        if (found == 0) return false;
        if (message.ParentId is { } parent && !await database.Messages.AnyAsync(m => m.Id == parent && m.ConversationId == message.ConversationId, cancel).ConfigureAwait(false)) return false;
        message.Number = 1 + (await database.Messages.Where(m => m.ConversationId == message.ConversationId).MaxAsync(m => (int?)m.Number, cancel).ConfigureAwait(false) ?? 0);
        message.Created = now;
        message.Content = StorableText.Of(message.Content);
        message.Reasoning = message.Reasoning is null ? null : StorableText.Of(message.Reasoning);
        database.Messages.Add(message);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Adds messages, all or none, one after the other, at the end of the branch that is shown.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="messages">The messages; conversation, parents, numbers and times are filled in.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation.</returns>
    public async Task<bool> AppendAsync(string owner, string id, IReadOnlyList<MessageRow> messages, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using var transaction = await database.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
        DateTime now = Now;
        IQueryable<ConversationRow> row = database.Conversations.Where(c => c.Id == id && c.Owner == owner);
        if (!await LockAsync(row, now, cancel).ConfigureAwait(false)) return false;
        string? leaf = await row.Select(c => c.Leaf).SingleAsync(cancel).ConfigureAwait(false);
        int number = await database.Messages.Where(m => m.ConversationId == id).MaxAsync(m => (int?)m.Number, cancel).ConfigureAwait(false) ?? 0;
        leaf = Follow(database, id, leaf, number, messages, now);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        await row.ExecuteUpdateAsync(s => s.SetProperty(c => c.Leaf, leaf), cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes a message out; those that follow it follow the one before.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation, or it has no such message.</returns>
    public async Task<bool> RemoveAsync(string owner, string id, string message, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        await using var transaction = await database.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
        DateTime now = Now;
        IQueryable<ConversationRow> row = database.Conversations.Where(c => c.Id == id && c.Owner == owner);
        if (!await LockAsync(row, now, cancel).ConfigureAwait(false)) return false;
        MessageRow? gone = await database.Messages.FirstOrDefaultAsync(m => m.Id == message && m.ConversationId == id, cancel).ConfigureAwait(false);
        if (gone is null) return false;
        string? before = gone.ParentId;
        database.Messages.Remove(gone);
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        await database.Messages.Where(m => m.ConversationId == id && m.ParentId == message)
            .ExecuteUpdateAsync(s => s.SetProperty(m => m.ParentId, before), cancel).ConfigureAwait(false);
        await row.Where(c => c.Leaf == message).ExecuteUpdateAsync(s => s.SetProperty(c => c.Leaf, before), cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Changes what is noted with a conversation.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="metadata">Texts by name, as JSON; null for none.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation.</returns>
    public async Task<bool> NoteAsync(string owner, string id, string? metadata, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Conversations.Where(c => c.Id == id && c.Owner == owner)
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.Metadata, metadata), cancel).ConfigureAwait(false) > 0;
    }

    /// <summary>The messages of the branch that is shown, the first one first.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="messages">All its messages.</param>
    public static IReadOnlyList<MessageRow> Shown(ConversationRow conversation, IEnumerable<MessageRow> messages) =>
        Branch(messages.ToDictionary(m => m.Id, StringComparer.Ordinal), conversation.Leaf);

    /// <summary>The messages from a first one to one of them.</summary>
    /// <param name="byId">All messages of a conversation.</param>
    /// <param name="leaf">The last one; empty without it, or when it is none of them.</param>
    public static IReadOnlyList<MessageRow> Branch(IReadOnlyDictionary<string, MessageRow> byId, string? leaf)
    {
        var branch = new List<MessageRow>();
        while (leaf is not null && branch.Count < byId.Count && byId.TryGetValue(leaf, out MessageRow? message))
        {
            branch.Add(message);
            leaf = message.ParentId;
        }
        branch.Reverse();
        return branch;
    }

    /// <summary>Changes a conversation's title, model, settings or shown branch; null leaves one as it is.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="title">Its title.</param>
    /// <param name="model">The model that was chosen.</param>
    /// <param name="settings">What was chosen, as JSON.</param>
    /// <param name="leaf">The last message of the branch to show.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation.</returns>
    public async Task<bool> ChangeAsync(
        string owner, string id, string? title = null, string? model = null, string? settings = null, string? leaf = null, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        ConversationRow? row = await database.Conversations.FirstOrDefaultAsync(c => c.Id == id && c.Owner == owner, cancel).ConfigureAwait(false);
        if (row is null) return false;
        row.Title = title is null ? row.Title : StorableText.Of(title);
        row.Model = model ?? row.Model;
        row.Settings = settings ?? row.Settings;
        row.Leaf = leaf ?? row.Leaf;
        row.Updated = Now;
        await database.SaveChangesAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Deletes a conversation with all its messages.</summary>
    /// <param name="owner">The id of the caller.</param>
    /// <param name="id">The conversation.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <returns>False when the caller has no such conversation.</returns>
    public async Task<bool> DeleteAsync(string owner, string id, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Conversations.Where(c => c.Id == id && c.Owner == owner).ExecuteDeleteAsync(cancel).ConfigureAwait(false) > 0;
    }

    /// <summary>Takes a conversation's lock, by changing it: writers come one after the other.</summary>
    /// <returns>False when there is none.</returns>
    private static async Task<bool> LockAsync(IQueryable<ConversationRow> row, DateTime now, CancellationToken cancel) =>
        await row.ExecuteUpdateAsync(s => s.SetProperty(c => c.Updated, now), cancel).ConfigureAwait(false) > 0;

    /// <summary>Adds messages, each after the one before it.</summary>
    /// <returns>The last one's id; the leaf when there are none.</returns>
    private static string? Follow(ServerDatabase database, string conversation, string? leaf, int number, IReadOnlyList<MessageRow> messages, DateTime now)
    {
        foreach (MessageRow message in messages)
        {
            (message.ConversationId, message.ParentId, message.Number, message.Created) = (conversation, leaf, ++number, now);
            message.Content = StorableText.Of(message.Content);
            message.Reasoning = message.Reasoning is null ? null : StorableText.Of(message.Reasoning);
            message.Extra = message.Extra is null ? null : StorableText.Of(message.Extra);
            database.Messages.Add(message);
            leaf = message.Id;
        }
        return leaf;
    }
}
