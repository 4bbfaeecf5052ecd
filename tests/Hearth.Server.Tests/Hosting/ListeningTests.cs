using System.Text;
using Hearth.Server.Hosting;
using Hearth.Server.Tests.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Hosting;

/// <summary>Certificates, and clients that dawdle.</summary>
public sealed class ListeningTests : IDisposable
{
    private static readonly Patience Short = new() { Headers = TimeSpan.FromSeconds(2), Handshake = TimeSpan.FromSeconds(2), Grace = TimeSpan.FromSeconds(2) };

    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-tls-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(300, null)]
    [InlineData(5, "ends on")]
    [InlineData(-1, "ended on")]
    public async Task A_certificate_file_makes_it_HTTPS_and_one_that_ends_is_told_of(int days, string? warning)
    {
        (string path, string key, string thumbprint) = Certificates.Write(_folder, TimeSpan.FromDays(days));
        var lines = new Lines();
        await using TestServer server = await TestServer.Start(change: o => o with { Certificate = path, CertificateKey = key }, configure: lines.TakeAll);
        server.Address.Scheme.ShouldBe("https");
        string? shown = null;
#pragma warning disable MA0039 // what was shown is looked at below
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, c, _, _) => (shown = c?.Thumbprint) is not null };
#pragma warning restore MA0039
        using var client = new HttpClient(handler) { BaseAddress = server.Address };
        (await client.GetStringAsync("/health", Cancel)).ShouldBe("ok");
        shown.ShouldBe(thumbprint);
        string[] told = [.. lines.ToString().Split('\n').Where(l => l.Contains(path, StringComparison.Ordinal))];
        if (warning is null) told.ShouldBeEmpty();
        else told.ShouldHaveSingleItem().ShouldContain(warning);
    }

    [Fact]
    public async Task A_certificate_that_is_missing_or_does_not_fit_its_key_is_refused_in_words()
    {
        (string path, string key, _) = Certificates.Write(_folder, TimeSpan.FromDays(300));
        (_, string otherKey, _) = Certificates.Write(_folder, TimeSpan.FromDays(300));
        string nothing = Path.Combine(_folder, "nothing.pem"), empty = Path.Combine(_folder, "empty.pem");
        await File.WriteAllTextAsync(empty, "", Cancel);
        foreach ((string certificate, string? keyPath) in ((string, string?)[])[(path, otherKey), (path, nothing), (path, path), (path, null), (nothing, key), (empty, key), (key, key)])
        {
            ServerStartException refusal = await Should.ThrowAsync<ServerStartException>(() => TestServer.Start(change: o => o with { Certificate = certificate, CertificateKey = keyPath }));
            refusal.Message.ShouldContain(certificate);
            refusal.Message.ShouldContain("--tls-cert");
        }
    }

    [Fact]
    public async Task What_is_no_address_is_refused_in_words() =>
        (await Should.ThrowAsync<ServerStartException>(() => TestServer.Start(change: o => o with { Address = "somewhere" }))).Message.ShouldContain("'somewhere' is no address");

    [Fact]
    public async Task Who_does_not_read_is_not_written_to_for_ever_and_who_reads_slowly_gets_all()
    {
        var gone = new TaskCompletionSource();
        long written = 0;
        await using TestServer server = await TestServer.Start(change: o => o with { Patience = Short }, map: app =>
        {
            app.MapGet("/test/endless", async (HttpContext context) =>
            {
                context.RequestAborted.Register(() => gone.TrySetResult());
                byte[] piece = new byte[1 << 14];
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                    Interlocked.Add(ref written, piece.Length);
                }
            });
            app.MapGet("/test/long", () => Results.Text(new string('x', 3000)));
        });
        using RawClient deaf = await RawClient.ConnectAsync(server.Address, Cancel), slow = await RawClient.ConnectAsync(server.Address, Cancel);
        await deaf.SendAsync("GET /test/endless HTTP/1.1\r\nHost: localhost\r\n\r\n", Cancel);
        await slow.SendAsync("GET /test/long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", Cancel);
        byte[] one = new byte[1];
        string begun = "";
        for (int i = 0; i < 8; i++)
        {
            await slow.Stream.ReadExactlyAsync(one, Cancel);
            begun += (char)one[0];
            await Task.Delay(500, Cancel);
        }
        RawClient.BodyOf(begun + await slow.ReadToEndAsync(Cancel)).Length.ShouldBe(3000);
        long then = Interlocked.Read(ref written);
        await Task.Delay(300, Cancel);
        Interlocked.Read(ref written).ShouldBe(then);                            // it waits: what the system takes is all there is
        then.ShouldBeLessThan(64 << 20);
        deaf.Dispose();
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task Headers_without_end_and_halves_of_requests_are_cut_off_and_others_are_served()
    {
        await using TestServer server = await TestServer.Start(change: o => o with { Patience = Short });
        using RawClient half = await RawClient.ConnectAsync(server.Address, Cancel), body = await RawClient.ConnectAsync(server.Address, Cancel), endless = await RawClient.ConnectAsync(server.Address, Cancel);
        await half.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n", Cancel);                       // and no more
        await body.SendAsync(RawClient.Post("/v1/chat/completions", "none", "Content-Length: 100") + "{", Cancel);
        string header = $"x-long: {new string('x', 1000)}\r\n";
        await endless.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Repeat(header, 60)), Cancel);
        (await endless.ReadToEndAsync(Cancel)).ShouldStartWith("HTTP/1.1 431");
        (await server.Client.GetStringAsync("/health", Cancel)).ShouldBe("ok");
        foreach (RawClient cut in (RawClient[])[half, body]) (await cut.ReadToEndAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel)).ShouldStartWith("HTTP/1.1 408");
    }

    [Fact]
    public async Task A_size_that_no_number_holds_is_the_clients_mistake()
    {
        await using TestServer server = await TestServer.Start(change: o => o with { MostBodyBytes = 1 << 20 });
        using RawClient raw = await RawClient.ConnectAsync(server.Address, Cancel);
        await raw.SendAsync(RawClient.Post("/v1/chat/completions", "none", "Transfer-Encoding: chunked", "Connection: close") + "FFFFFFFFFFFFFFFFFFFF\r\n{}\r\n", Cancel);
        (await raw.ReadToEndAsync(Cancel)).ShouldStartWith("HTTP/1.1 400");
        using var large = new StringContent(new string(' ', 2 << 20), Encoding.UTF8, "application/json");
        HttpResponseMessage refused = await server.Client.PostAsync("/v1/chat/completions", large, Cancel);
        ((int)refused.StatusCode).ShouldBe(413);
        (await refused.Content.ReadAsStringAsync(Cancel)).ShouldContain("larger than this server takes");
    }
}
