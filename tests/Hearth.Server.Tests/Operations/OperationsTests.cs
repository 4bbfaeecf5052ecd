using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Hearth.Server.Auditing;
using Hearth.Server.Operations;
using Hearth.Server.Security;
using Hearth.Server.Tests.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Operations;

public sealed class OperationsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Measurements_are_shown_as_Prometheus_reads_them()
    {
        using var metrics = new Metrics();
        using var meter = new Meter(Metrics.MeterName);
        Counter<long> tokens = meter.CreateCounter<long>("test.tokens", "{token}", "Tokens.\nMany.");
        tokens.Add(3, new KeyValuePair<string, object?>("model", "a\"b\\c"));
        tokens.Add(4, new KeyValuePair<string, object?>("model", "a\"b\\c"));
        Histogram<double> wait = meter.CreateHistogram<double>("test.wait", "s");
        wait.Record(0.07);
        wait.Record(500);
        meter.CreateObservableGauge("test.memory", () => 12L, "By");
        string text = metrics.ToPrometheus();
        text.ShouldContain("# HELP test_tokens_total Tokens.\\nMany.\n# TYPE test_tokens_total counter\ntest_tokens_total{model=\"a\\\"b\\\\c\"} 7\n");
        text.ShouldContain("# TYPE test_wait_seconds histogram\n");
        text.ShouldContain("test_wait_seconds_bucket{le=\"0.05\"} 0\ntest_wait_seconds_bucket{le=\"0.1\"} 1\n");
        text.ShouldContain("test_wait_seconds_bucket{le=\"+Inf\"} 2\ntest_wait_seconds_sum 500.07\ntest_wait_seconds_count 2\n");
        text.ShouldContain("# TYPE test_memory_bytes gauge\ntest_memory_bytes 12\n");
        foreach (string line in text.TrimEnd('\n').Split('\n')) Regex.IsMatch(line, "^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{.+\\})? \\S+)$").ShouldBeTrue(line);
    }

    [Fact]
    public async Task Asked_to_stop_a_server_is_ready_no_more_takes_no_more_and_ends_what_it_began()
    {
        var began = new TaskCompletionSource();
        var mayEnd = new TaskCompletionSource();
        TestServer server = await TestServer.Start(change: o => o with { Drain = TimeSpan.FromSeconds(20) }, map: app => app.MapGet("/test/slow", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("first ", Cancel);
            await context.Response.Body.FlushAsync(Cancel);
            began.SetResult();
            await mayEnd.Task;
            await context.Response.WriteAsync("last", Cancel);
        }));
        await using (server)
        {
            Task<string> answer = server.Client.GetStringAsync("/test/slow", Cancel);
            await began.Task;
            Task stopping = server.App.StopAsync(Cancel);
            server.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested.ShouldBeTrue();
            using var other = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(10) };
            for (int i = 0; ; i++)
            {
                try
                {
                    (await other.GetAsync("/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
                    if (i > 100) Assert.Fail("It still takes connections.");
                    await Task.Delay(20, Cancel);
                }
                catch (HttpRequestException)
                {
                    break;
                }
            }
            mayEnd.SetResult();
            (await answer).ShouldBe("first last");
            await stopping;
        }
    }

    [Fact]
    public async Task Logs_hold_neither_prompts_nor_keys()
    {
        var lines = new Lines();
        await using TestServer server = await TestServer.Start(configure: s => s.AddSingleton<ILoggerProvider>(lines), map: app =>
        {
            app.MapPost("/test/fail", string (HttpRequest _) => throw new InvalidOperationException("cannot answer 'PROMPT-TEXT'"));
        });
        (_, KeySecret secret) = await server.Services.GetRequiredService<KeyStore>().AddAsync("library", cancel: Cancel);
        await server.Services.GetRequiredService<AuditLog>().AppendAsync(AuditLogTests.Entry("PROMPT-TEXT"));
        foreach (string key in (string[])[secret.ToString(), secret.ToString()[..^2] + "xx"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/test/fail?q=PROMPT-TEXT&key=" + key) { Content = new StringContent("PROMPT-TEXT") };
            request.Headers.Authorization = new("Bearer", key);
            await server.Client.SendAsync(request, Cancel);
        }
        string log = lines.ToString();
        log.ShouldContain("/test/fail");
        log.ShouldContain("InvalidOperationException");
        log.ShouldNotContain("PROMPT-TEXT");
        log.ShouldNotContain(secret.Secret[..20]);
    }

    [Fact]
    public async Task A_server_whose_database_is_gone_lives_but_is_not_ready()
    {
        await using TestServer server = await TestServer.Start(change: o => o with { Drain = TimeSpan.FromSeconds(1) });
        (await server.Client.GetAsync("/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await using (var state = server.Services.GetRequiredService<Microsoft.EntityFrameworkCore.IDbContextFactory<Hearth.Server.State.ServerDatabase>>().CreateDbContext())
        {
            await Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(state.Database, "DROP TABLE audit", Cancel);
        }
        (await server.Client.GetAsync("/ready", Cancel)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await server.Client.GetAsync("/health", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
