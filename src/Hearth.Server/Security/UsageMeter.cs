using System.Collections.Concurrent;
using System.Globalization;
using Hearth.Server.Api;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Security;

/// <summary>
/// What each key uses, against what it may. Minutes are counted by this server alone, as buckets that fill up at the limit's rate; days by all servers of
/// the database together. Tokens are counted when they were used: a request is let in while something is left, and what it takes beyond is owed.
/// </summary>
/// <param name="contexts">The database.</param>
/// <param name="time">What time it is.</param>
public sealed class UsageMeter(IDbContextFactory<ServerDatabase> contexts, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, (Bucket Requests, Bucket Tokens)> _minutes = new(StringComparer.Ordinal);

    /// <summary>Lets a request in, and counts it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="ApiException">A limit is reached: status 429, with the seconds to wait.</exception>
    public async Task AdmitAsync(Caller caller, CancellationToken cancel = default)
    {
        KeyLimits limits = caller.Limits;
        (Bucket requests, Bucket tokens) = _minutes.GetOrAdd(caller.Id, _ => (new Bucket(), new Bucket()));
        if (limits.TokensPerMinute is { } mostTokens && tokens.Wait(mostTokens, needed: 0, Seconds()) is > 0 and var wait) throw Refusal(mostTokens, "tokens a minute", wait);
        if (limits.TokensPerDay is { } mostToday && await TodayAsync(caller.Id, cancel).ConfigureAwait(false) >= mostToday)
        {
            throw Refusal(mostToday, "tokens a day", (time.GetUtcNow().UtcDateTime.Date.AddDays(1) - time.GetUtcNow().UtcDateTime).TotalSeconds);
        }
        if (limits.RequestsPerMinute is { } most && requests.Take(most, Seconds()) is > 0 and var seconds) throw Refusal(most, "requests a minute", seconds);
    }

    /// <summary>Counts an answer.</summary>
    /// <param name="caller">Who asked.</param>
    /// <param name="tokens">Tokens of prompt and answer together.</param>
    /// <param name="cancel">Ends the work early.</param>
    public async Task CountAsync(Caller caller, int tokens, CancellationToken cancel = default)
    {
        if (caller.Limits.TokensPerMinute is { } most) _minutes.GetOrAdd(caller.Id, _ => (new Bucket(), new Bucket())).Tokens.Owe(most, tokens, Seconds());
        string day = Today();
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
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
        string day = Today();
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Usage.Where(u => u.KeyId == keyId && u.Day == day).Select(u => u.Tokens).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Tokens that every key has used today, on all servers, by the key's id; keys that used none are left out.</summary>
    /// <param name="cancel">Ends the work early.</param>
    public async Task<IReadOnlyDictionary<string, long>> TodayAsync(CancellationToken cancel = default)
    {
        string day = Today();
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        return await database.Usage.AsNoTracking().Where(u => u.Day == day).ToDictionaryAsync(u => u.KeyId, u => u.Tokens, StringComparer.Ordinal, cancel).ConfigureAwait(false);
    }

    private static ApiException Refusal(long most, string what, double seconds)
    {
        int wait = Math.Max(1, (int)Math.Ceiling(seconds));
        return new ApiException(429, $"This key may use {most:N0} {what}, and has. Try again in {wait:N0} s.", null, "rate_limit_exceeded") { RetryAfter = wait };
    }

    private string Today() => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private double Seconds() => time.GetElapsedTime(0, time.GetTimestamp()).TotalSeconds;

    /// <summary>Holds as much as a minute's limit and fills up at its rate.</summary>
    private sealed class Bucket
    {
        private double _used, _at;

        /// <summary>Takes one, if there is one.</summary>
        /// <returns>Seconds until there is; 0 when it was taken.</returns>
        public double Take(double perMinute, double now)
        {
            lock (this)
            {
                if (Wait(perMinute, 1, now) is > 0 and var seconds) return seconds;
                _used++;
                return 0;
            }
        }

        /// <summary>Seconds until more than so much is left.</summary>
        public double Wait(double perMinute, double needed, double now)
        {
            lock (this)
            {
                _used = Math.Max(0, _used - ((now - _at) * perMinute / 60));
                _at = now;
                double over = _used + needed - perMinute;
                return needed > 0 ? over > 1e-9 ? over * 60 / perMinute : 0 : over >= 0 ? Math.Max(1, over * 60 / perMinute) : 0;
            }
        }

        /// <summary>Takes some that were used already.</summary>
        public void Owe(double perMinute, double used, double now)
        {
            lock (this)
            {
                Wait(perMinute, 0, now);
                _used += used;
            }
        }
    }
}
