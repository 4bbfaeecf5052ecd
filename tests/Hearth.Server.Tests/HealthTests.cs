using System.Net;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests;

/// <summary>The server starts, says that it is well, and answers what does not exist.</summary>
public sealed class HealthTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_is_open_and_a_route_that_is_none_is_an_error_of_the_usual_shape()
    {
        await using TestServer server = await TestServer.Start();
        (await server.Client.GetStringAsync("/health", Cancel)).ShouldBe("ok");
        HttpResponseMessage none = await server.Client.GetAsync("/v1/nothing", Cancel);
        none.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using JsonDocument body = JsonDocument.Parse(await none.Content.ReadAsStringAsync(Cancel));
        body.RootElement.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("/v1/nothing");
    }
}
