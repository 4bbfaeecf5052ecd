using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Pages;

/// <summary>Pages as they come over the wire, before any script runs.</summary>
public sealed class PageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_page_with_all_it_names_is_below_100_kB_and_its_html_comes_within_100_ms()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        (string html, _) = await Page(server, "/");
        IElement[] named = [.. new HtmlParser().ParseDocument(html).QuerySelectorAll("script[src], link[href], img[src]")];
        string[] urls = [.. named.Select(e => e.GetAttribute("src") ?? e.GetAttribute("href")!)];
        urls.Length.ShouldBeGreaterThan(3);
        long bytes = System.Text.Encoding.UTF8.GetByteCount(html);                // pages themselves are not compressed
        foreach (string url in urls)
        {
            url.ShouldStartWith("/");                                            // nothing from elsewhere
            using HttpResponseMessage response = await Get(server, url, ("Accept-Encoding", "gzip, deflate, br"));
            response.StatusCode.ShouldBe(HttpStatusCode.OK, url);
            bytes += (await response.Content.ReadAsByteArrayAsync(Cancel)).Length;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"first page: {bytes:N0} bytes with {urls.Length} files");
        bytes.ShouldBeLessThan(100_000);

        double best = double.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await Page(server, "/");
            best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"html: {best:0.0} ms");
        best.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task Assets_are_kept_by_browsers_for_good_and_come_in_the_form_that_is_asked_for()
    {
        await using TestServer server = await TestServer.Start();
        string url = new HtmlParser().ParseDocument((await Page(server, "/login")).Html).QuerySelector("link[rel=stylesheet]")!.GetAttribute("href")!;
        byte[] plain = await (await Get(server, url)).Content.ReadAsByteArrayAsync(Cancel);
        using HttpResponseMessage brotli = await Get(server, url, ("Accept-Encoding", "br;q=1.0, gzip;q=0"));
        brotli.Content.Headers.ContentEncoding.ShouldBe(["br"]);
        brotli.Headers.CacheControl!.ToString().ShouldContain("immutable");
        brotli.Headers.Vary.ShouldContain("Accept-Encoding");
        using var unpacked = new MemoryStream();
        await new BrotliStream(await brotli.Content.ReadAsStreamAsync(Cancel), CompressionMode.Decompress).CopyToAsync(unpacked, Cancel);
        unpacked.ToArray().ShouldBe(plain);
        using HttpResponseMessage gzip = await Get(server, url, ("Accept-Encoding", "gzip"));
        gzip.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
        gzip.Headers.ETag!.Tag.ShouldNotBe(brotli.Headers.ETag!.Tag);
        (await Get(server, url, ("Accept-Encoding", "br"), ("If-None-Match", brotli.Headers.ETag.Tag))).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await Get(server, "/assets/hearth.0000000000000000.css")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await Get(server, "/assets/..%2f..%2fetc%2fpasswd")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Without_script_a_conversation_can_be_read_and_no_markup_needs_a_style_or_script_of_its_own()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ConversationStore store = server.Services.GetRequiredService<ConversationStore>();
        ConversationRow conversation = await store.CreateAsync(Caller.LocalId, "Capitals", cancel: Cancel);
        await store.AddAsync(Caller.LocalId, new MessageRow { Id = "q", ConversationId = conversation.Id, Role = "user", Content = "What is <i>it</i>?" }, Cancel);
        await store.AddAsync(Caller.LocalId, new MessageRow { Id = "a", ConversationId = conversation.Id, ParentId = "q", Role = "assistant", Content = "| a |\n|--:|\n| **Quito** |" }, Cancel);
        (string html, HttpStatusCode status) = await Page(server, $"/c/{conversation.Id}");
        status.ShouldBe(HttpStatusCode.OK);
        IDocument page = new HtmlParser().ParseDocument(html);
        page.Title.ShouldBe("Capitals · Hearth");
        page.QuerySelector(".said")!.TextContent.ShouldBe("What is <i>it</i>?");
        page.QuerySelector("td strong")!.TextContent.ShouldBe("Quito");
        page.QuerySelector(".history a[aria-current]")!.TextContent.ShouldBe("Capitals");
        page.QuerySelectorAll("[style], style, script:not([src])").ShouldBeEmpty();
        (await Page(server, $"/c/{conversation.Id}?x")).Html.ShouldNotContain("onclick=");
    }

    [Fact]
    public async Task People_are_shown_to_the_login_and_errors_are_pages_for_them_and_json_for_programs()
    {
        await using TestServer server = await TestServer.Start();
        (string lost, HttpStatusCode status) = await Page(server, "/no/such/page");
        status.ShouldBe(HttpStatusCode.NotFound);
        new HtmlParser().ParseDocument(lost).QuerySelector("main")!.TextContent.ShouldContain("There is nothing at /no/such/page.");
        (await server.Client.GetStringAsync("/v1/models", Cancel)).ShouldStartWith("{");
        await server.Services.GetRequiredService<KeyStore>().AddAsync("someone", cancel: Cancel);
        using HttpClient client = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        using HttpResponseMessage away = await client.GetAsync("/c/abc?x=1", Cancel);
        away.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        away.Headers.Location!.OriginalString.ShouldEndWith("/login?to=%2Fc%2Fabc%3Fx%3D1");
        (await server.Client.GetAsync("/c/abc", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_pages_connection_is_guarded_as_everything_is()
    {
        await using TestServer server = await TestServer.Start();
        (string, string)[] socket =
        [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        (await Get(server, "/_blazor", [.. socket, ("Origin", "https://evil.example")])).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await Get(server, "/_blazor", [.. socket, ("Host", "evil.example")])).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await Get(server, "/_blazor", [.. socket, ("Origin", server.Address.GetLeftPart(UriPartial.Authority))])).StatusCode.ShouldNotBe(HttpStatusCode.Forbidden);
        await server.Services.GetRequiredService<KeyStore>().AddAsync("someone", cancel: Cancel);
        (await Get(server, "/_blazor", socket)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<(string Html, HttpStatusCode Status)> Page(TestServer server, string path)
    {
        using HttpResponseMessage response = await Get(server, path, ("Accept", "text/html"));
        return (await response.Content.ReadAsStringAsync(Cancel), response.StatusCode);
    }

    private static Task<HttpResponseMessage> Get(TestServer server, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }
}
