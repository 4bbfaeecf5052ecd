using System.Net;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Security;

/// <summary>Every route that the server has, whoever adds one, without a key, with a wrong one, and with a user's.</summary>
public sealed class RouteGuardTests
{
    /// <summary>What is open to all. A line here is a decision.</summary>
    private static readonly string[] Open = ["/health", "/login"];

    /// <summary>What is in the files of pages, the same for all.</summary>
    private static readonly string[] OpenFolders = ["/assets/"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_but_the_open_ones_asks_for_a_key_that_holds()
    {
        await using TestServer server = await TestServer.Start();
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        await keys.AddAsync("someone", cancel: Cancel);
        (_, KeySecret revoked) = await keys.AddAsync("revoked", isAdmin: true, cancel: Cancel);
        await keys.RevokeAsync("revoked", Cancel);
        int asked = 0;
        foreach ((string method, string path, RouteEndpoint endpoint) in Routes(server))
        {
            if (Open.Contains(path) || OpenFolders.Any(f => path.StartsWith(f, StringComparison.Ordinal))) continue;
            endpoint.Metadata.GetMetadata<IAllowAnonymous>().ShouldBeNull($"{method} {path}");
            foreach (string? key in (string?[])[null, "", "wrong", KeySecret.Create().ToString(), revoked.ToString(), revoked.ToString()[..^1] + "A"])
            {
                (await Status(server, method, path, key)).ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path} with key '{key}'");
                asked++;
            }
        }
        asked.ShouldBeGreaterThan(10);
        (await Status(server, "GET", "/no/such/route", null)).ShouldBe(HttpStatusCode.Unauthorized);       // not even what there is
    }

    [Fact]
    public async Task Every_route_refuses_a_forged_host_and_every_one_that_changes_something_a_forged_origin()
    {
        await using TestServer server = await TestServer.Start();
        (_, KeySecret admin) = await server.Services.GetRequiredService<KeyStore>().AddAsync("admin", isAdmin: true, cancel: Cancel);
        foreach ((string method, string path, _) in Routes(server))
        {
            (await Forged(method, path, "Host", "evil.example")).ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
            (await Forged(method, path, "Host", $"{server.Address.Host}.evil.example")).ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
            if (method is "GET" or "HEAD" or "OPTIONS") continue;
            (await Forged(method, path, "Origin", "https://evil.example")).ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
            (await Forged(method, path, "Origin", "null")).ShouldBe(HttpStatusCode.Forbidden, $"{method} {path}");
        }

        async Task<HttpStatusCode> Forged(string method, string path, string header, string value)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Authorization = new("Bearer", admin.ToString());
            request.Headers.TryAddWithoutValidation(header, value).ShouldBeTrue();
            using HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Routes_for_admins_refuse_a_users_key()
    {
        await using TestServer server = await TestServer.Start();
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        (_, KeySecret user) = await keys.AddAsync("user", cancel: Cancel);
        (_, KeySecret admin) = await keys.AddAsync("admin", isAdmin: true, cancel: Cancel);
        string[] forAdmins = [.. Routes(server).Where(r => r.Endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(a => a.Policy == Guard.Admin)).Select(r => $"{r.Method} {r.Path}")];
        forAdmins.ShouldContain("GET /metrics");
        foreach (string route in forAdmins)
        {
            string[] parts = route.Split(' ');
            (await Status(server, parts[0], parts[1], user.ToString())).ShouldBe(HttpStatusCode.Forbidden, route);
            (await Status(server, parts[0], parts[1], admin.ToString())).ShouldNotBe(HttpStatusCode.Forbidden, route);
        }
        (await Status(server, "GET", "/ready", user.ToString())).ShouldBe(HttpStatusCode.OK);
    }

    internal static IEnumerable<(string Method, string Path, RouteEndpoint Endpoint)> Routes(TestServer server)
    {
        foreach (RouteEndpoint endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            string path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p => p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "x"))));
            foreach (string method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]) yield return (method, path, endpoint);
        }
    }

    private static async Task<HttpStatusCode> Status(TestServer server, string method, string path, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null) request.Headers.TryAddWithoutValidation(path.Length % 2 == 0 ? "x-api-key" : "Authorization", path.Length % 2 == 0 ? key : $"Bearer {key}");
        using HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
