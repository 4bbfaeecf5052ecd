using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Operations;

public sealed class HealthTests
{
    [Fact]
    public async Task Health_is_open()
    {
        await using TestServer server = await TestServer.Start();
        (await server.Client.GetStringAsync("/health", TestContext.Current.CancellationToken)).ShouldBe("ok");
    }
}
