using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Remote;
using Hearth.Server.Auditing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Remote;

/// <summary>What becomes of a request when the other server does not do what it should.</summary>
public sealed class MisbehavingTests
{
    private const string Key = "sk-very-secret-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string> Answers => new()
    {
        { "error 500 {\"error\":{\"message\":\"the GPU burns\"}}", 502, "failed with status 500: the GPU burns." },
        { "error 500 <html>", 502, "failed with status 500." },
        { "error 400 {\"error\":{\"message\":\"too long\"}}", 400, "refuses this request: too long." },
        { "error 422 {\"detail\":\"?\"}", 400, "refuses this request." },
        { "error 401 {\"error\":{\"message\":\"wrong key sk-very-secret-0123456789\"}}", 502, "does not take the key it is registered with: wrong key ***." },
        { "error 404 {}", 502, "knows no 'theirs'" },
        { "error 503 {}", 503, "has too much to do" },
        { "redirect", 502, "sends us on to another address" },
        { "json {\"choices\":[]}", 502, "answers with 'application/json'" },
        { "events data: {\"choices\":\n\n", 502, "not JSON" },
        { "events data: [1]\n\n", 502, "no JSON object" },
        { "events data: {\"choices\":[7]}\n\n", 502, "no object" },
        { "events data: {\"error\":{\"message\":\"out of memory, says sk-very-secret-0123456789\"}}\n\n", 502, "failed while it answered: out of memory, says ***." },
        { "events data: {\"choices\":[{\"delta\":{\"content\":\"\\ud800\"}}]}\n\n", 502, "not valid Unicode" },
        { "events data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":3,\"function\":{\"name\":\"a\"}}]}}]}\n\n", 502, "mixed up its calls" },
        { "events data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"a\"}}]}}]}\n\n", 502, "called a tool without a name" },
        { "events data: {\"choices\":[{\"delta\":{\"content\":\"half an ans\"}}]}\n\n", 502, "broke off" },
        { "events data: {\"choices\":[{\"delta\":{\"content\":\"half\"},\"finish_reason\":\"content_filter\"}]}\n\n", 502, "filter" },
        { "cut", 502, "cut its answer short" },
        { "line", 502, "an event of more than" },
        { "slow", 504, "sent nothing for 1 s" },
        { "silent", 504, "sent nothing for 1 s" },
        { "deep", 502, "not JSON" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task What_the_other_server_does_wrong_is_told_with_the_models_name_and_without_its_key(string what, int status, string told)
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(context => Misbehave(context, what));
        await using TestServer server = await Start(upstream);
        foreach (bool stream in (bool[])[false, true])
        {
            HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/chat/completions", Question(stream), Cancel);
            string text = await response.Content.ReadAsStringAsync(Cancel);
            text.ShouldNotContain(Key);
            if (!stream) ((int)response.StatusCode).ShouldBe(status, text);
            string message = JsonNode.Parse(text[text.IndexOf("{\"error\"", StringComparison.Ordinal)..].Split("\n\n")[0])!["error"]!["message"]!.GetValue<string>();
            message.ShouldStartWith("The remote model 'far' ");
            message.ShouldContain(told);
        }
        upstream.Authorization.ShouldBe($"Bearer {Key}");
        (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Too_many_requests_are_passed_on_with_the_time_to_wait()
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(context =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (429, "17");
            return Task.CompletedTask;
        });
        await using TestServer server = await Start(upstream);
        HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/chat/completions", Question(false), Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(17));
    }

    [Fact]
    public async Task An_endless_answer_ends_with_the_client_that_asked()
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(async context =>
        {
            while (true)
            {
                await FakeUpstream.Send(context, FakeUpstream.Piece("word "));
                await Task.Delay(5, context.RequestAborted);
            }
        });
        await using TestServer server = await Start(upstream);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Question(true)) };
        using (HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
            for (int i = 0; i < 10; i++) await reader.ReadLineAsync(Cancel);
        }
        await upstream.Gone.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task A_stop_string_that_the_other_server_overlooks_ends_the_answer_and_its_request()
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(async context =>
        {
            await FakeUpstream.Send(context, FakeUpstream.Piece("one ST"));
            await FakeUpstream.Send(context, FakeUpstream.Piece("OP two"));
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using TestServer server = await Start(upstream);
        JsonObject asked = Question(false);
        asked["stop"] = "STOP";
        JsonNode answer = JsonNode.Parse(await (await server.Client.PostAsJsonAsync("/v1/chat/completions", asked, Cancel)).Content.ReadAsStringAsync(Cancel))!;
        answer["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("one ");
        await upstream.Gone.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Events_are_read_however_they_are_cut_and_usage_is_guessed_when_it_is_not_told()
    {
        string stream = "\uFEFF: hello\r\ndata:" + FakeUpstream.Piece("na\u00efve \\ud83d\\ude00")["data:".Length..].Replace("\n\n", "\r\rid: 7\n", StringComparison.Ordinal)
            + "event: x\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\"},\ndata: \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\ndata: never";
        foreach (int size in (int[])[1, 2, 7, 1000])
        {
            await using FakeUpstream upstream = await FakeUpstream.Start(async context =>
            {
                context.Response.ContentType = "text/event-stream";
                foreach (byte[] piece in Encoding.UTF8.GetBytes(stream).Chunk(size))
                {
                    await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
            });
            using var model = new RemoteModel(RemoteSpec.Parse("far", upstream.Address.ToString(), null));
            var updates = new List<ChatUpdate>();
            await foreach (ChatUpdate update in model.AnswerAsync(new ChatRequest(new ChatPrompt([new ChatMessage("user", "Hello there")])), Cancel)) updates.Add(update);
            updates.ShouldBe([
                new BeginUpdate("x", 3), new TextUpdate("naïve 😀"), new ReasoningUpdate("hm"),
                new FinishUpdate(FinishReason.Stop, new ChatUsage(3, 2, 0), null)]);
        }
    }

    [Theory]
    [InlineData("""{"type":"json_object"}""", "not json")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}""", "{")]
    public async Task An_answer_that_does_not_keep_to_its_form_is_an_error(string format, string answered)
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(c => FakeUpstream.Send(c, FakeUpstream.Piece(answered, "stop") + "data: [DONE]\n\n"));
        await using TestServer server = await Start(upstream);
        JsonObject asked = Question(false);
        asked["response_format"] = JsonNode.Parse(format);
        HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/chat/completions", asked, Cancel);
        (await response.Content.ReadAsStringAsync(Cancel)).ShouldContain("did not keep to the form");
        response.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task Log_likelihoods_of_a_server_without_echo_are_refused_not_made_up()
    {
        await using FakeUpstream upstream = await FakeUpstream.Start(c => FakeUpstream.Send(c,
            "data: {\"choices\":[{\"text\":\" more\",\"finish_reason\":\"length\",\"logprobs\":{\"tokens\":[\" more\"],\"token_logprobs\":[-1.5]}}]}\n\ndata: [DONE]\n\n"));
        await using TestServer server = await Start(upstream);
        foreach (JsonNode prompt in (JsonNode[])["one two", new JsonArray(1, 2, 3)])
        {
            var asked = new JsonObject { ["model"] = "far", ["prompt"] = prompt, ["echo"] = true, ["logprobs"] = 1, ["max_tokens"] = 1 };
            HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/completions", asked, Cancel);
            (await response.Content.ReadAsStringAsync(Cancel)).ShouldContain("(echo), so log-likelihoods can not be had from it");
            response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task A_server_that_does_not_listen_and_a_certificate_that_does_not_hold_are_told_apart()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        (await Failure($"http://127.0.0.1:{port}")).Message.ShouldContain("does not listen");
        string folder = Directory.CreateTempSubdirectory("hearth-certificate-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "c.pem"), certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem(), Cancel);
        await using TestServer upstream = await TestServer.Start(change: o => o with { Certificate = Path.Combine(folder, "c.pem") });
        (await Failure(upstream.Address.ToString())).Message.ShouldContain("certificate does not hold");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_key_is_never_in_the_list_and_one_that_others_can_read_is_refused()
    {
        string home = Directory.CreateTempSubdirectory("hearth-remote-").FullName, file = Path.Combine(home, "key");
        File.WriteAllText(file, Key + "\n");
        RemoteSpec spec = RemoteSpec.Parse("far", "https://cluster.example", "theirs").WithKey(null, file);
        RemoteTests.Register(home, spec);
        File.ReadAllText(Path.Combine(home, RemoteModels.FileName)).ShouldNotContain(Key);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            Should.Throw<RemoteException>(spec.Key).Message.ShouldContain("chmod 600");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        spec.Key().ShouldBe(Key);
        Should.Throw<RemoteException>(() => RemoteSpec.Parse("far", "http://cluster.example", null).WithKey("CLUSTER_KEY", null)).Message.ShouldContain("not encrypted");
        Should.Throw<RemoteException>(() => RemoteSpec.Parse("far", "https://user:pass@cluster.example", null));
        Should.Throw<RemoteException>(() => RemoteSpec.Parse("../far", "https://cluster.example", null));
        Should.Throw<RemoteException>(() => RemoteSpec.Parse("far", "https://cluster.example", null).WithKey("HEARTH_NO_SUCH_KEY", null).Key()).Message.ShouldContain("not set");
        using var list = new RemoteModels(home);
        list.List().ShouldBe([spec]);
        File.WriteAllText(Path.Combine(home, RemoteModels.FileName), """{"models":[{"name":"far","url":"https://x.example","model":"m","key":"sk"}]}""");
        Should.Throw<Hearth.Models.ModelFileException>(() => list.List()).Message.ShouldContain("key");
        Directory.Delete(home, recursive: true);
    }

    private static async Task<RemoteException> Failure(string address)
    {
        using var model = new RemoteModel(RemoteSpec.Parse("far", address, null));
        return await Should.ThrowAsync<RemoteException>(() => model.EmbedAsync(["x"], cancel: Cancel));
    }

    private static async Task Misbehave(HttpContext context, string what)
    {
        string[] words = what.Split(' ', 3);
        switch (words[0])
        {
            case "error":
                context.Response.StatusCode = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
                await context.Response.WriteAsync(words[2], context.RequestAborted);
                break;
            case "redirect":
                context.Response.Redirect("/elsewhere");
                break;
            case "json":
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(words[1], context.RequestAborted);
                break;
            case "events": await FakeUpstream.Send(context, what["events ".Length..]); break;
            case "cut":
                await FakeUpstream.Send(context, FakeUpstream.Piece("half an ans"));
                context.Abort();
                break;
            case "line":
                await FakeUpstream.Send(context, "data: ");
                string much = new('x', 1 << 20);
                while (true) await FakeUpstream.Send(context, much);
            case "slow":
                await FakeUpstream.Send(context, FakeUpstream.Piece("half an ans"));
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            case "silent": await Task.Delay(Timeout.Infinite, context.RequestAborted); break;
            case "deep": await FakeUpstream.Send(context, $"data: {new string('[', 5000)}\n\n"); break;
            default: throw new ArgumentException(what, nameof(what));
        }
    }

    private static Task<TestServer> Start(FakeUpstream upstream) => TestServer.Start(home =>
    {
        string file = Path.Combine(home, "key");
        File.WriteAllText(file, Key);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        RemoteTests.Register(home, RemoteSpec.Parse("far", upstream.Address.ToString(), "theirs").WithKey(null, file) with { Patience = TimeSpan.FromSeconds(1) });
    });

    private static JsonObject Question(bool stream) => new()
    {
        ["model"] = "far", ["stream"] = stream, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say something" }),
    };
}
