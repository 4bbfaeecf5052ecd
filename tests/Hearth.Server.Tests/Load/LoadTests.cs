using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Hearth.Server.Auditing;
using Hearth.Server.Hosting;
using Hearth.Server.Models;
using Hearth.Server.Scheduling;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Load;

/// <summary>What measures a whole process runs when nothing else does.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// A server with several models under 64 clients with mixed requests, some of whom go away or dawdle, and troublemakers beside them. HEARTH_LOAD_SECONDS says
/// for how long, HEARTH_LOAD_REPORT where to write what was counted.
/// </summary>
[Collection(nameof(Alone))]
public sealed class LoadTests
{
    private const int Clients = 64, Asks = 120;

    private const long MostGrown = 128 << 20;                             // what pools of arrays keep of ten megabytes

    private static readonly byte[] Padding = Encoding.UTF8.GetBytes(new string(' ', 10 << 20));

    private static readonly double Seconds =
        Environment.GetEnvironmentVariable("HEARTH_LOAD_SECONDS") is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : 20;

    /// <summary>Whether this is what runs with every change.</summary>
    internal static bool IsShort => Seconds < 60;

    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _failures = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_64_clients_do_each_gets_the_answer_it_would_get_alone_and_nothing_stays_behind()
    {
        LoadAsk[] asks = LoadAsks.Of(Asks, seed: 3);
        string[] alone = await AloneAsync(asks);
        string tls = Directory.CreateTempSubdirectory("hearth-load-").FullName;
        (string certificate, string certificateKey, _) = Certificates.Write(tls, TimeSpan.FromDays(1));
        var clock = new ShiftedClock();
        Patience? patience = IsShort ? new Patience { Headers = TimeSpan.FromSeconds(3), Handshake = TimeSpan.FromSeconds(3), Grace = TimeSpan.FromSeconds(3) } : null;
        using var meter = new LoadMeter();
        await using TestServer server = await Start(o => o with { CacheBytes = 12 << 20, Patience = patience ?? o.Patience }, clock);
        await using TestServer secure = await Start(o => o with { Certificate = certificate, CertificateKey = certificateKey, Patience = patience ?? o.Patience }, clock);
        (_, KeySecret secret) = await server.Services.GetRequiredService<KeyStore>().AddAsync("load", cancel: Cancel);
        Scheduler scheduler = server.Services.GetRequiredService<ScheduledModelHost>().Scheduler;
        var took = Stopwatch.StartNew();
        long lived;
        using (HttpClient client = Client(server, secret))
        {
            for (int i = 0; i < ModelFolders.All.Count; i++) await AskAsync(client, asks[i], alone[i], Cancel);      // all are loaded
            lived = LoadMeter.Live();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task watching = meter.WatchAsync(end.Token);
            DateTime until = DateTime.UtcNow.AddSeconds(Seconds);
            var troublemakers = new Troublemakers(server.Address, secure.Address, secret.ToString(), client);
            await Task.WhenAll(
            [
                .. Enumerable.Range(0, Clients).Select(i => Task.Run(() => BusyAsync(client, server.Address, secret, asks, alone, i, until))),
                .. troublemakers.All.Select((t, i) => Task.Run(() => TroubleAsync(t.Name, t.Round, i, until))),
            ]);
            await end.CancelAsync();
            await watching;
        }
        _failures.ShouldBeEmpty();

        // Those who went away without a word are found out within the server's patience; then nothing is left of anybody.
        for (int i = 0; i < 400 && (meter.Connections > 0 || scheduler.Statistics is not { Waiting: 0, Running: 0 }); i++) await Task.Delay(50, Cancel);
        SchedulerStatistics done = scheduler.Statistics;
        long lives = LoadMeter.Live();
        // The framework's pool of arrays gives back what large bodies took when nobody has asked for it for a minute.
        for (int i = 0; i < 15 && !IsShort && lives >= lived + MostGrown; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(10), Cancel);
            lives = LoadMeter.Live();
        }
        Report(done, meter, took.Elapsed, lived, lives);
        (meter.Connections, done.Waiting, done.Running, done.Failed).ShouldBe((0, 0, 0, 0));
        done.Cancelled.ShouldBeGreaterThan(0);
        done.MostInPass.ShouldBeGreaterThan(4);
        clock.Shift = TimeSpan.FromHours(1);
        await scheduler.UnloadIdleAsync();                                       // a model in use would stay
        (scheduler.Statistics.KeyValueBytes, scheduler.Statistics.ModelBytes).ShouldBe((0, 0));
        AuditVerification audit = await AuditVerification.RunAsync(server.Services.GetRequiredService<IDbContextFactory<ServerDatabase>>(), null, cancel: Cancel);
        (audit.Problem, audit.Entries > 0).ShouldBe((null, true));

        ((double workingSet, double heap, double files), (double lastSet, double lastHeap, double lastFiles)) = (meter.Third(0), meter.Third(2));
        Math.Max(lastFiles, LoadMeter.Files).ShouldBeLessThan(files + 150, meter.ToString());      // of tens of thousands of requests
        Directory.Delete(tls, recursive: true);
        if (IsShort) return;                                                     // thirds of a short run are those of the collector
        lives.ShouldBeLessThan(lived + MostGrown);
        lastSet.ShouldBeLessThan((workingSet * 1.15) + (48 << 20), meter.ToString());
        lastHeap.ShouldBeLessThan((heap * 1.25) + (48 << 20), meter.ToString());
    }

    /// <summary>The answers of a server that does nothing else, one after the other.</summary>
    private static async Task<string[]> AloneAsync(LoadAsk[] asks)
    {
        await using TestServer server = await Start(o => o with { Threads = 1 }, TimeProvider.System);
        using HttpClient client = Client(server, null);
        var answers = new string[asks.Length];
        for (int i = 0; i < asks.Length; i++)
        {
            using HttpResponseMessage answer = await PostAsync(client, asks[i], Cancel);
            string text = await answer.Content.ReadAsStringAsync(Cancel);
            answer.IsSuccessStatusCode.ShouldBeTrue($"{asks[i]}: {text}");
            answers[i] = LoadAsk.Plain(text);
        }
        return answers;
    }

    /// <summary>A client that asks one thing after the other, and does not always stay for the answer.</summary>
    private async Task BusyAsync(HttpClient client, Uri server, KeySecret secret, LoadAsk[] asks, string[] alone, int number, DateTime until)
    {
        var random = new Random(number);
        while (DateTime.UtcNow < until && _failures.Count < 20)
        {
            int i = random.Next(asks.Length);
            try
            {
                switch (random.Next(40))
                {
                    case < 4:
                        await LeaveAsync(client, asks[i], random);
                        break;
                    case 4 when number % 4 == 0:
                        await DawdleAsync(server, secret, asks[i], alone[i], random);
                        break;
                    case 5 when random.Next(4) == 0:
                        await PaddedAsync(client, asks[i], alone[i]);
                        break;
                    default:
                        await AskAsync(client, asks[i], alone[i], Cancel);
                        Count("answers");
                        break;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException || !Cancel.IsCancellationRequested)
            {
                _failures.Enqueue($"client {number}, {asks[i]}: {e}");
            }
        }
    }

    private async Task TroubleAsync(string name, Func<Random, CancellationToken, Task> round, int seed, DateTime until)
    {
        var random = new Random(1000 + seed);
        while (DateTime.UtcNow < until && _failures.Count < 20)
        {
            try
            {
                await round(random, Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
                Count(name);
                await Task.Delay(random.Next(100, 900), Cancel);
            }
            catch (IOException)
            {
                Count(name);                                                     // the server has ended the connection, which is its right
            }
            catch (Exception e) when (!Cancel.IsCancellationRequested)
            {
                _failures.Enqueue($"{name}: {e}");
            }
        }
    }

    /// <summary>Asks, and compares every byte.</summary>
    private static async Task AskAsync(HttpClient client, LoadAsk ask, string alone, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await PostAsync(client, ask, cancel);
        Same(await answer.Content.ReadAsStringAsync(cancel), alone);
    }

    /// <summary>Goes away: before the answer begins, or somewhere in it.</summary>
    private async Task LeaveAsync(HttpClient client, LoadAsk ask, Random random)
    {
        Count("left");
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        try
        {
            if (random.Next(2) == 0) left.CancelAfter(random.Next(1, 400));
            using HttpResponseMessage answer = await PostAsync(client, ask, left.Token);
            await using Stream stream = await answer.Content.ReadAsStreamAsync(left.Token);
            await stream.ReadExactlyAsync(new byte[random.Next(1, 2000)], left.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or EndOfStreamException or IOException or HttpRequestException && !Cancel.IsCancellationRequested)
        {
            // Gone, or the answer was shorter.
        }
    }

    /// <summary>Reads a byte a second for a while, and then the rest.</summary>
    private async Task DawdleAsync(Uri server, KeySecret secret, LoadAsk ask, string alone, Random random)
    {
        Count("slow readers");
        using RawClient raw = await RawClient.ConnectAsync(server, Cancel);
        await raw.SendAsync(RawClient.Post(ask.Path, secret.ToString(), $"Content-Length: {Encoding.UTF8.GetByteCount(ask.Body)}", "Connection: close") + ask.Body, Cancel);
        byte[] one = new byte[1];
        string begun = "";
        for (int i = random.Next(2, IsShort ? 5 : 20); i > 0 && await raw.Stream.ReadAsync(one, Cancel) == 1; i--)
        {
            begun += (char)one[0];
            await Task.Delay(1000, Cancel);
        }
        Same(RawClient.BodyOf(begun + await raw.ReadToEndAsync(Cancel)), alone);
    }

    /// <summary>Asks with ten megabytes around the question.</summary>
    private async Task PaddedAsync(HttpClient client, LoadAsk ask, string alone)
    {
        Count("ten megabytes");
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(ask.Body), .. Padding]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using HttpResponseMessage answer = await client.PostAsync(ask.Path, content, Cancel);
        Same(await answer.Content.ReadAsStringAsync(Cancel), alone);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, LoadAsk ask, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ask.Path) { Content = new StringContent(ask.Body, Encoding.UTF8, "application/json") };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    private static void Same(string found, string alone)
    {
        string plain = LoadAsk.Plain(found);
        if (plain == alone) return;
        int at = plain.Zip(alone).TakeWhile(p => p.First == p.Second).Count();
        string Near(string text) => text[Math.Max(0, Math.Min(text.Length, at) - 80)..Math.Min(text.Length, at + 200)];
        throw new InvalidOperationException($"another answer than alone, from byte {at} of {alone.Length}:\n{Near(plain)}\nalone:\n{Near(alone)}");
    }

    private void Count(string what) => _counts.AddOrUpdate(what, 1, (_, n) => n + 1);

    private void Report(SchedulerStatistics done, LoadMeter meter, TimeSpan took, long lived, long lives)
    {
        string report = string.Create(CultureInfo.InvariantCulture, $"""
            {Clients} clients, {Asks} different requests, {ModelFolders.All.Count} models, {took.TotalSeconds:0} s
            {string.Join(", ", _counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value}"))}
            completed {done.Completed}, cancelled {done.Cancelled}, failed {done.Failed}; passes {done.Passes}, most in a pass {done.MostInPass}
            tokens of prompts {done.PromptTokens}, known before {done.CachedTokens}, generated {done.GeneratedTokens}; preempted {done.Preemptions}, evicted {done.Evictions}
            thirds: {meter}
            alive before {lived / 1e6:0.0} MB, after {lives / 1e6:0.0} MB

            """);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        if (Environment.GetEnvironmentVariable("HEARTH_LOAD_REPORT") is { Length: > 0 } path) File.WriteAllText(path, report);
    }

    private static HttpClient Client(TestServer server, KeySecret? secret)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(3) };
        if (secret is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret.ToString());
        return client;
    }

    private static Task<TestServer> Start(Func<ServerOptions, ServerOptions> change, TimeProvider clock) => TestServer.Start(ModelFolders.Into, change, services =>
    {
        services.RemoveAll<ILoggerProvider>();                                   // a line for each of thousands of requests
        services.AddSingleton(clock);
    });

    /// <summary>The machine's clock, put forward.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
