using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hearth.Server.Hosting;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Security;

public sealed class SafetyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_keys_a_server_that_others_can_reach_does_not_start_and_says_how_to_make_one()
    {
        foreach (string address in (string[])["0.0.0.0", "::"])
        {
            ServerStartException refusal = await Should.ThrowAsync<ServerStartException>(() => TestServer.Start(change: o => o with { Address = address }));
            refusal.Message.ShouldContain("hearth key add");
        }
        await Should.ThrowAsync<ServerStartException>(() => TestServer.Start(change: o => o with { RequireKeys = true }));
    }

    [Fact]
    public async Task On_loopback_no_key_is_asked_for_until_one_was_made()
    {
        await using TestServer server = await TestServer.Start();
        (await server.Client.GetAsync("/metrics", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Send(server, "GET", "/metrics", ("x-api-key", "whatever a library insists on"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Send(server, "GET", "/metrics", ("X-Forwarded-For", "198.51.100.7"))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        await keys.AddAsync("first", cancel: Cancel);
        (await server.Client.GetAsync("/metrics", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await keys.RevokeAsync("first", Cancel);
        (await server.Client.GetAsync("/metrics", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("localhost:99", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]:8321", 200)]
    [InlineData("chat.example.org", 200)]
    public async Task Only_names_of_this_server_are_answered(string host, int status)
    {
        await using TestServer server = await TestServer.Start(change: o => o with { Hosts = ["chat.example.org"] });
        ((int)(await Send(server, "GET", "/health", ("Host", host))).StatusCode).ShouldBe(status);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("https://intranet.example.evil.example", 403)]
    [InlineData("https://intranet.example", 200)]
    [InlineData("same", 200)]
    [InlineData(null, 200)]
    public async Task Pages_of_other_sites_change_nothing(string? origin, int status)
    {
        await using TestServer server = await WithEcho(o => o with { CorsOrigins = ["https://intranet.example"] });
        (string, string)[] headers = origin is null ? [] : [("Origin", origin == "same" ? server.Address.GetLeftPart(UriPartial.Authority) : origin)];
        ((int)(await Send(server, "POST", "/test/echo", headers)).StatusCode).ShouldBe(status);
        (string, string)[] socket = [.. headers, ("Connection", "Upgrade"), ("Upgrade", "websocket")];
        ((int)(await Send(server, "GET", "/test/echo", socket)).StatusCode).ShouldBe(status);
        (await Send(server, "POST", "/test/echo", ("Sec-Fetch-Site", "cross-site"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task No_other_site_reads_answers_unless_it_was_named()
    {
        await using TestServer closed = await WithEcho(o => o);
        HttpResponseMessage answer = await Send(closed, "GET", "/test/echo", ("Origin", "https://intranet.example"));
        answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        await using TestServer open = await WithEcho(o => o with { CorsOrigins = ["https://intranet.example"] });
        answer = await Send(open, "GET", "/test/echo", ("Origin", "https://intranet.example"));
        answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://intranet.example"]);
        answer = await Send(open, "GET", "/test/echo", ("Origin", "https://evil.example"));
        answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        answer = await Send(open, "OPTIONS", "/test/echo", ("Origin", "https://intranet.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"));
        answer.IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task Every_answer_has_the_headers_that_browsers_heed()
    {
        await using TestServer server = await TestServer.Start();
        foreach (string path in (string[])["/health", "/login", "/none"])
        {
            HttpResponseMessage answer = await server.Client.GetAsync(path, Cancel);
            answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
            string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            policy.ShouldContain("frame-ancestors 'none'");
            policy.ShouldNotContain("unsafe");
            answer.Headers.Contains("Server").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Errors_have_the_shape_that_clients_read()
    {
        await using TestServer server = await WithEcho(o => o with { MostBodyBytes = 1000 });
        await Check("GET", "/none", null, 404, "not_found");
        await Check("DELETE", "/health", null, 405, "method_not_allowed");
        await Check("POST", "/test/json", new StringContent("{}", Encoding.UTF8, "text/csv"), 415, "unsupported_media_type");
        await Check("POST", "/test/read", new StringContent(new string('x', 2000)), 413, null);
        await Check("GET", "/test/fail", null, 500, "internal_error");

        using HttpResponseMessage anthropic = await server.Client.GetAsync("/v1/messages/none", Cancel);
        JsonElement body = JsonDocument.Parse(await anthropic.Content.ReadAsStringAsync(Cancel)).RootElement;
        body.GetProperty("type").GetString().ShouldBe("error");
        body.GetProperty("error").GetProperty("type").GetString().ShouldBe("not_found_error");

        async Task Check(string method, string path, HttpContent? content, int status, string? code)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
            using HttpResponseMessage answer = await server.Client.SendAsync(request, Cancel);
            string text = await answer.Content.ReadAsStringAsync(Cancel);
            ((int)answer.StatusCode).ShouldBe(status, text);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
            JsonElement error = JsonDocument.Parse(text).RootElement.GetProperty("error");
            error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
            error.GetProperty("type").GetString().ShouldNotBeNullOrEmpty();
            error.GetProperty("param").ValueKind.ShouldBe(JsonValueKind.Null);
            error.GetProperty("code").GetString().ShouldBe(code);
            text.ShouldNotContain("of the user's own");                          // what an exception says may quote a prompt
        }
    }

    [Fact]
    public async Task A_session_begins_with_a_key_and_ends_with_it()
    {
        await using TestServer server = await TestServer.Start();
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        (_, KeySecret secret) = await keys.AddAsync("person", isAdmin: true, cancel: Cancel);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };

        using var page = new HttpRequestMessage(HttpMethod.Get, "/metrics?x=1");
        page.Headers.Accept.ParseAdd("text/html");
        HttpResponseMessage sent = await client.SendAsync(page, Cancel);
        sent.Headers.Location!.ToString().ShouldBe("/login?to=%2Fmetrics%3Fx%3D1");

        string form = await client.GetStringAsync(sent.Headers.Location, Cancel);
        string token = Regex.Match(form, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        (await Login(client, secret.ToString(), "nonsense", "/")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Login(client, "wrong", token, "/")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await Login(client, secret.ToString(), token, "//evil.example")).Headers.Location!.ToString().ShouldBe("/");
        HttpResponseMessage login = await Login(client, secret.ToString(), token, "/metrics?x=1");
        login.Headers.Location!.ToString().ShouldBe("/metrics?x=1");
        string cookie = login.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("hearth-session=", StringComparison.Ordinal)).ToLowerInvariant();
        cookie.ShouldContain("httponly");
        cookie.ShouldContain("samesite=strict");
        (await client.GetAsync("/metrics", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await keys.RevokeAsync("person", Cancel);
        (await client.GetAsync("/metrics", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static Task<HttpResponseMessage> Login(HttpClient client, string key, string token, string to) => client.PostAsync("/login",
        new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = key, ["to"] = to, ["__RequestVerificationToken"] = token }), Cancel);

    private static Task<TestServer> WithEcho(Func<ServerOptions, ServerOptions> change) => TestServer.Start(change: change, map: app =>
    {
        app.MapMethods("/test/echo", ["GET", "POST"], () => "echo");
        app.MapPost("/test/json", (Dictionary<string, string> body) => body.Count);
        app.MapPost("/test/read", async (HttpRequest request) => await new StreamReader(request.Body).ReadToEndAsync(Cancel));
        app.MapGet("/test/fail", string () => throw new InvalidOperationException("words of the user's own"));
    });

    private static async Task<HttpResponseMessage> Send(TestServer server, string method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return await server.Client.SendAsync(request, Cancel);
    }
}
