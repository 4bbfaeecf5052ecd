using System.Globalization;
using Hearth.Server.Api;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Security;

/// <summary>
/// What each key uses, against what it may, counted by all servers of the database together. Minutes are buckets that fill up at the limit's rate, so that
/// no two minutes' use fits around the turn of one; days are days of UTC. Tokens are counted when they were used: a request is let in while something is
/// left, and what it takes beyond is owed.
/// </summary>
/// <param name="contexts">The database.</param>
/// <param name="time">What time it is.</param>
public sealed class UsageMeter(IDbContextFactory<ServerDatabase> contexts, TimeProvider time)
{
    private const string Requests = "requests", Tokens = "tokens";

    /// <summary>What is left in use of a row at {2}, falling by {3} a second. Clocks of servers differ: time does not run backwards.</summary>
    private const string Left = "CASE WHEN {2} <= minutes.at THEN minutes.used WHEN minutes.used <= ({2} - minutes.at) * {3} THEN 0.0 ELSE minutes.used - ({2} - minutes.at) * {3} END";

    private const string Later = "CASE WHEN {2} > minutes.at THEN {2} ELSE minutes.at END";

    /// <summary>Uses {4} of key {0}'s {1}.</summary>
    private const string Use = "INSERT INTO minutes (key_id, kind, used, at) VALUES ({0}, {1}, {4}, {2}) "
        + $"ON CONFLICT (key_id, kind) DO UPDATE SET used = {Left} + {{4}}, at = {Later}";

    /// <summary>The same, unless it would be more than {5}; a row comes back when it was done.</summary>
    private const string Take = Use + $" WHERE {Left} + {{4}} <= {{5}} RETURNING used AS \"Value\"";

    private const double Rounding = 1e-6;                                        // of numbers that count seconds since 1970

    /// <summary>Lets a request in, and counts it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ApiException">A limit is reached: status 429, with the seconds to wait.</exception>
    public async Task AdmitAsync(Caller caller, CancellationToken cancel = default)
    {
        if (caller.Limits == KeyLimits.None) return;
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        KeyLimits limits = caller.Limits;
        if (limits.TokensPerMinute is { } mostTokens && await UsedAsync(database, caller, Tokens, mostTokens, cancel).ConfigureAwait(false) - mostTokens is >= 0 and var owed)
        {
            throw Refusal(mostTokens, "tokens a minute", owed * 60 / mostTokens);
        }
        if (limits.TokensPerDay is { } mostToday && await TodayAsync(database, caller.Id, cancel).ConfigureAwait(false) >= mostToday)
        {
            throw Refusal(mostToday, "tokens a day", (time.GetUtcNow().UtcDateTime.Date.AddDays(1) - time.GetUtcNow().UtcDateTime).TotalSeconds);
        }
        if (limits.RequestsPerMinute is not { } most) return;
        List<double> taken = await database.Database.SqlQueryRaw<double>(Take, caller.Id, Requests, Seconds, most / 60.0, 1.0, most + Rounding).ToListAsync(cancel).ConfigureAwait(false);
        if (taken.Count > 0) return;
        double over = await UsedAsync(database, caller, Requests, most, cancel).ConfigureAwait(false) + 1 - most;
        throw Refusal(most, "requests a minute", (over * 60 / most) - Rounding);
    }

    /// <summary>Counts an answer.</summary>
    /// <param name="caller">Who asked.</param>
    /// <param name="tokens">Tokens of prompt and answer together.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task CountAsync(Caller caller, int tokens, CancellationToken cancel = default)
    {
        string day = Today;
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        if (caller.Limits.TokensPerMinute is { } most)
        {
            await database.Database.ExecuteSqlRawAsync(Use, [caller.Id, Tokens, Seconds, most / 60.0, (double)tokens], cancel).ConfigureAwait(false);
        }
        await database.Database.ExecuteSqlAsync($"""
            INSERT INTO usage (key_id, day, requests, tokens) VALUES ({caller.Id}, {day}, 1, {(long)tokens})
            ON CONFLICT (key_id, day) DO UPDATE SET requests = usage.requests + 1, tokens = usage.tokens + excluded.tokens
            """, cancel).ConfigureAwait(false);
    }

    /// <summary>Tokens that a key has used today, on all servers.</summary>
    /// <param name="keyId">The key.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<long> TodayAsync(string keyId, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await TodayAsync(database, keyId, cancel).ConfigureAwait(false);
    }

    private string Today => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private double Seconds => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private Task<long> TodayAsync(ServerDatabase database, string keyId, CancellationToken cancel)
    {
        string day = Today;
        return database.Usage.Where(u => u.KeyId == keyId && u.Day == day).Select(u => u.Tokens).FirstOrDefaultAsync(cancel);
    }

    /// <summary>What of a minute's limit is in use.</summary>
    private async Task<double> UsedAsync(ServerDatabase database, Caller caller, string kind, double perMinute, CancellationToken cancel)
    {
        MinuteRow? row = await database.Minutes.AsNoTracking().FirstOrDefaultAsync(m => m.KeyId == caller.Id && m.Kind == kind, cancel).ConfigureAwait(false);
        return row is null ? 0 : Math.Max(0, row.Used - (Math.Max(0, Seconds - row.At) * perMinute / 60));
    }

    private static ApiException Refusal(long most, string what, double seconds)
    {
        int wait = Math.Max(1, (int)Math.Ceiling(seconds));
        return new ApiException(429, $"This key may use {most:N0} {what}, and has. Try again in {wait:N0} s.", null, "rate_limit_exceeded") { RetryAfter = wait };
    }
}
