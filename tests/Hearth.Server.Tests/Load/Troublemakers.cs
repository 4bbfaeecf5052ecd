using System.Globalization;
using System.Net;
using System.Text;

namespace Hearth.Server.Tests.Load;

/// <summary>Clients as there are some: each round of one ends by itself, and throws when the server did not do what it should.</summary>
/// <param name="server">The server.</param>
/// <param name="secure">Another, with TLS.</param>
/// <param name="key">A key.</param>
/// <param name="client">For whole requests.</param>
internal sealed class Troublemakers(Uri server, Uri secure, string key, HttpClient client)
{
    private const int Mega = 1 << 20;

    /// <summary>Each kind's name and a round of it.</summary>
    public IReadOnlyList<(string Name, Func<Random, CancellationToken, Task> Round)> All =>
    [
        ("large bodies", LargeAsync), ("bodies too large", TooLargeAsync), ("headers alone", HeadersAloneAsync), ("half a body", HalfBodyAsync), ("endless headers", EndlessHeadersAsync),
        ("wrong chunks", WrongChunksAsync), ("stalled handshakes", StalledHandshakeAsync), ("no HTTP", NoHttpAsync),
    ];

    private static readonly byte[] Spaces = Prompt(" "), Words = Prompt("the capital of ");

    /// <summary>Ten megabytes that are within the limit: a prompt that no model has room for is refused in a sentence.</summary>
    private async Task LargeAsync(Random random, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(random.Next(2) == 0 ? Spaces : Words);
        content.Headers.ContentType = new("application/json");
        using HttpResponseMessage answer = await client.PostAsync("/v1/completions", content, cancel);
        string text = await answer.Content.ReadAsStringAsync(cancel);
        Expect(answer.StatusCode == HttpStatusCode.BadRequest && text.Contains("context_length_exceeded", StringComparison.Ordinal), $"10 MB: {(int)answer.StatusCode} {text[..Math.Min(200, text.Length)]}");
    }

    /// <summary>More than the limit, told beforehand or in chunks: refused in a sentence, before all of it came.</summary>
    private async Task TooLargeAsync(Random random, CancellationToken cancel)
    {
        bool isChunked = random.Next(2) == 0;
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        await raw.SendAsync(RawClient.Post("/v1/completions", key, isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {40 * Mega}"), cancel);
        Task<string> answer = raw.ReadToEndAsync(cancel);
        byte[] piece = Encoding.ASCII.GetBytes(isChunked ? $"{Mega:X}\r\n{new string(' ', Mega)}\r\n" : new string(' ', Mega));
        try
        {
            for (int i = 0; i < 40 && !answer.IsCompleted; i++) await raw.Stream.WriteAsync(piece, cancel);
        }
        catch (IOException)
        {
            // The server has ended it.
        }
        string text = await answer;
        Expect(text.Length == 0 || (text.StartsWith("HTTP/1.1 413", StringComparison.Ordinal) && text.Contains("larger than", StringComparison.Ordinal)), $"40 MB: {text[..Math.Min(300, text.Length)]}");
    }

    private async Task HeadersAloneAsync(Random random, CancellationToken cancel)
    {
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        await raw.SendAsync("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: app", cancel);
        if (random.Next(2) == 0) return;                                         // goes away
        string text = await raw.ReadToEndAsync(cancel);
        Expect(text.StartsWith("HTTP/1.1 408", StringComparison.Ordinal) || text.Length == 0, $"half headers: {text}");
    }

    private async Task HalfBodyAsync(Random random, CancellationToken cancel)
    {
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        await raw.SendAsync(RawClient.Post("/v1/chat/completions", key, "Content-Length: 5000") + "{\"model\": \"dense\", ", cancel);
        if (random.Next(2) == 0) return;
        string text = await raw.ReadToEndAsync(cancel);
        Expect(text.StartsWith("HTTP/1.1 408", StringComparison.Ordinal) || text.Length == 0, $"half a body: {text}");
    }

    private async Task EndlessHeadersAsync(Random random, CancellationToken cancel)
    {
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        Task<string> answer = raw.ReadToEndAsync(cancel);
        try
        {
            await raw.SendAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n", cancel);
            for (int i = 0; i < 5000 && !answer.IsCompleted; i++) await raw.SendAsync(string.Create(CultureInfo.InvariantCulture, $"x-{i}: {new string('x', random.Next(900))}\r\n"), cancel);
        }
        catch (IOException)
        {
            // The server has ended it.
        }
        string text = await answer;
        Expect(text.StartsWith("HTTP/1.1 431", StringComparison.Ordinal) || text.Length == 0, $"endless headers: {text}");
    }

    private async Task WrongChunksAsync(Random random, CancellationToken cancel)
    {
        string[] wrong = ["zzz\r\n{}\r\n", "-1\r\n{}\r\n", "FFFFFFFFFFFFFFFFFFFF\r\n{}\r\n", "2\r\n{}no end\r\n", "2;" + new string('x', 40_000) + "\r\n{}\r\n"];
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        await raw.SendAsync(RawClient.Post("/v1/chat/completions", key, "Transfer-Encoding: chunked") + wrong[random.Next(wrong.Length)], cancel);
        string text = await raw.ReadToEndAsync(cancel);
        Expect(text.Length == 0 || text.StartsWith("HTTP/1.1 4", StringComparison.Ordinal), $"wrong chunks: {text}");
    }

    private async Task StalledHandshakeAsync(Random random, CancellationToken cancel)
    {
        using RawClient raw = await RawClient.ConnectAsync(secure, cancel);
        if (random.Next(3) > 0) await raw.Stream.WriteAsync(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01 }, cancel);     // a client hello's beginning
        if (random.Next(2) == 0) return;
        Expect((await raw.ReadToEndAsync(cancel)).Length < 64, "a stalled handshake was answered");
    }

    private async Task NoHttpAsync(Random random, CancellationToken cancel)
    {
        byte[] noise = new byte[random.Next(1, 3000)];
        random.NextBytes(noise);
        noise[^1] = (byte)'\n';
        using RawClient raw = await RawClient.ConnectAsync(server, cancel);
        await raw.Stream.WriteAsync(noise, cancel);
        string text = await raw.ReadToEndAsync(cancel);
        Expect(text.Length == 0 || text.StartsWith("HTTP/1.1 4", StringComparison.Ordinal), $"no HTTP: {text}");
    }

    private static byte[] Prompt(string words)
    {
        byte[] begin = Encoding.UTF8.GetBytes("{\"model\":\"dense\",\"max_tokens\":4,\"prompt\":\""), word = Encoding.UTF8.GetBytes(words), end = Encoding.UTF8.GetBytes("\"}");
        return [.. begin, .. Enumerable.Repeat(word, 10 * Mega / word.Length).SelectMany(w => w), .. end];
    }

    private static void Expect(bool holds, string found)
    {
        if (!holds) throw new InvalidOperationException(found);
    }
}
