using Hearth.Server.Security;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Hearth.Server.Tests.Clients;

/// <summary>The clients of OpenAI and Anthropic for JavaScript, unmodified, against a running server.</summary>
public sealed class NpmClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("chat", "openai")]
    [InlineData("completions", "openai")]
    [InlineData("responses", "openai")]
    [InlineData("conversations", "openai")]
    [InlineData("messages", "@anthropic-ai/sdk")]
    public async Task A_client_from_npm_finds_all_that_it_asks_for(string script, string package)
    {
        await using TestServer server = await TestServer.Start(home => Array.ForEach([ModelFolders.Dense, ModelFolders.Thinker], m => ModelFolders.Write(Path.Combine(home, "models", m), m)));
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        (_, KeySecret key) = await keys.AddAsync("client", cancel: Cancel);
        (_, KeySecret other) = await keys.AddAsync("other", cancel: Cancel);
        (_, KeySecret slow) = await keys.AddAsync("slow", limits: new KeyLimits(RequestsPerMinute: 1), cancel: Cancel);
        await NpmClients.RunAsync(script, package, new Dictionary<string, string>
        {
            ["HEARTH_URL"] = server.Address.ToString().TrimEnd('/'),
            ["HEARTH_KEY"] = key.ToString(),
            ["HEARTH_OTHER_KEY"] = other.ToString(),
            ["HEARTH_SLOW_KEY"] = slow.ToString(),
            ["HEARTH_MODEL"] = ModelFolders.Dense,
            ["HEARTH_THINKER"] = ModelFolders.Thinker,
        }, Cancel);
    }
}
