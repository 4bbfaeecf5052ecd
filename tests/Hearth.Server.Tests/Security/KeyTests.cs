using Hearth.Server.Api;
using Hearth.Server.Security;
using Hearth.Server.State;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Security;

public sealed class KeyTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_opens_until_it_ends_or_is_revoked_and_its_secret_is_not_kept(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var clock = new TestClock(DateTimeOffset.UtcNow);
        var keys = new KeyStore(database.Contexts, clock);
        var limits = new KeyLimits(60, 10_000, 5_000_000_000);
        (AccessKey made, KeySecret secret) = await keys.AddAsync("library", false, limits, ["tiny", "large"], clock.Now.UtcDateTime.AddDays(2), Cancel);
        AccessKey found = (await new KeyStore(database.Another(), clock).FindAsync(secret.ToString(), Cancel))!;
        found.ShouldBeEquivalentTo(made);
        found.Limits.ShouldBe(limits);
        found.Models.ShouldBe(["tiny", "large"]);
        (await keys.FindAsync($"{secret}"[..^1] + (secret.Secret[^1] == 'A' ? 'B' : 'A'), Cancel)).ShouldBeNull();
        (await Should.ThrowAsync<KeyException>(() => keys.AddAsync("library", cancel: Cancel))).Message.ShouldContain("library");
        await using (ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel))
        {
            KeyRow row = state.Keys.Single();
            string.Join(' ', row.Id, row.Name, row.Salt, row.Hash, row.Models).ShouldNotContain(secret.Secret);
        }
        clock.Now += TimeSpan.FromDays(3);
        (await keys.FindAsync(secret.ToString(), Cancel)).ShouldBeNull();
        (_, KeySecret second) = await keys.AddAsync("library", cancel: Cancel);    // the name is free again
        (await keys.FindAsync(second.ToString(), Cancel)).ShouldNotBeNull();
        await keys.RevokeAsync("library", Cancel);
        (await keys.FindAsync(second.ToString(), Cancel)).ShouldBeNull();
        (await keys.ListAsync(Cancel)).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    public async Task A_name_that_would_confuse_is_refused(string name)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        await Should.ThrowAsync<KeyException>(() => new KeyStore(database.Contexts, TimeProvider.System).AddAsync(name, cancel: Cancel));
    }

    [Fact]
    public void What_is_no_key_is_none()
    {
        string good = KeySecret.Create().ToString();
        KeySecret.Parse(good)!.ToString().ShouldBe(good);
        foreach (string? text in (string?[])[null, "", "hearth_", good[1..], good + "x", good.Replace("hearth_", "Hearth_", StringComparison.Ordinal), new string('_', good.Length)]) KeySecret.Parse(text).ShouldBeNull(text);
    }

    [Fact]
    public async Task Requests_beyond_a_minutes_are_refused_until_there_is_room()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        var meter = new UsageMeter(database.Contexts, clock);
        Caller caller = With(new KeyLimits(RequestsPerMinute: 3));
        for (int i = 0; i < 3; i++) await meter.AdmitAsync(caller, Cancel);
        ApiException refusal = await Should.ThrowAsync<ApiException>(() => meter.AdmitAsync(caller, Cancel));
        (refusal.Status, refusal.RetryAfter, refusal.Code).ShouldBe((429, 20, "rate_limit_exceeded"));
        clock.Now += TimeSpan.FromSeconds(19);
        await Should.ThrowAsync<ApiException>(() => meter.AdmitAsync(caller, Cancel));
        clock.Now += TimeSpan.FromSeconds(1);
        await meter.AdmitAsync(caller, Cancel);
        await meter.AdmitAsync(With(new KeyLimits(RequestsPerMinute: 3)) with { Id = "other" }, Cancel);
    }

    [Fact]
    public async Task Tokens_that_were_used_beyond_a_minutes_are_owed()
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(false, postgres);
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        var meter = new UsageMeter(database.Contexts, clock);
        Caller caller = With(new KeyLimits(TokensPerMinute: 600));
        await meter.AdmitAsync(caller, Cancel);
        await meter.CountAsync(caller, 1200, Cancel);
        (await Should.ThrowAsync<ApiException>(() => meter.AdmitAsync(caller, Cancel))).RetryAfter.ShouldBe(60);
        clock.Now += TimeSpan.FromSeconds(61);
        await meter.AdmitAsync(caller, Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_minutes_requests_and_tokens_are_counted_by_all_servers_together(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var now = new DateTimeOffset(2026, 1, 1, 12, 0, 59, TimeSpan.Zero);
        TestClock clock = new(now), late = new(now - TimeSpan.FromSeconds(7));    // clocks differ
        UsageMeter one = new(database.Contexts, clock), other = new(database.Another(), late);
        Caller caller = With(new KeyLimits(RequestsPerMinute: 20, TokensPerMinute: 600));
        bool[] admitted = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? one : other).AdmitAsync(caller, Cancel);
                return true;
            }
            catch (ApiException e) when (e.Status == 429)
            {
                return false;
            }
        })));
        admitted.Count(a => a).ShouldBeInRange(20, 22);                          // the clock that is ahead lets go what seven seconds allow, once
        clock.Now += TimeSpan.FromSeconds(3);                                    // a new minute, and not a new limit
        await one.AdmitAsync(caller, Cancel);
        await Should.ThrowAsync<ApiException>(() => one.AdmitAsync(caller, Cancel));
        await one.CountAsync(caller, 500, Cancel);
        await other.CountAsync(caller, 400, Cancel);
        clock.Now += TimeSpan.FromSeconds(20);
        (await Should.ThrowAsync<ApiException>(() => one.AdmitAsync(caller, Cancel))).Message.ShouldContain("tokens a minute");
        clock.Now += TimeSpan.FromSeconds(20);
        await one.AdmitAsync(caller, Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_days_tokens_are_counted_by_all_servers_together(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var clock = new TestClock(new DateTimeOffset(2026, 1, 1, 23, 59, 0, TimeSpan.Zero));
        UsageMeter one = new(database.Contexts, clock), other = new(database.Another(), clock);
        Caller caller = With(new KeyLimits(TokensPerDay: 1000));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => (i % 2 == 0 ? one : other).CountAsync(caller, 100, Cancel))));
        (await one.TodayAsync(caller.Id, Cancel)).ShouldBe(1000);
        (await Should.ThrowAsync<ApiException>(() => other.AdmitAsync(caller, Cancel))).RetryAfter.ShouldBe(60);
        clock.Now += TimeSpan.FromMinutes(2);
        await other.AdmitAsync(caller, Cancel);
    }

    [Fact]
    public async Task A_refusal_reaches_the_client_with_the_seconds_to_wait()
    {
        await using TestServer server = await TestServer.Start();
        KeyStore keys = Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<KeyStore>(server.Services);
        (_, KeySecret secret) = await keys.AddAsync("slow", limits: new KeyLimits(RequestsPerMinute: 1), cancel: Cancel);
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", secret.ToString());
        ((int)(await server.Client.GetAsync("/ready", Cancel)).StatusCode).ShouldBe(200);
        HttpResponseMessage refused = await server.Client.GetAsync("/ready", Cancel);
        ((int)refused.StatusCode).ShouldBe(429);
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
        (await refused.Content.ReadAsStringAsync(Cancel)).ShouldContain("\"code\":\"rate_limit_exceeded\"");
    }

    private static Caller With(KeyLimits limits) => new("k1", "library", false, limits, []);
}
