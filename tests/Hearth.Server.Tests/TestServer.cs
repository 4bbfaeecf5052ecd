using System.Net;
using Hearth.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Tests;

/// <summary>A server on a free port of loopback, with a home of its own that ends with it.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, string home)
    {
        (_app, Home) = (app, home);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public string Home { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a server.</summary>
    /// <param name="prepare">Puts models and more into its home.</param>
    /// <param name="change">Changes its options.</param>
    /// <param name="configure">Changes what it is made of.</param>
    public static async Task<TestServer> Start(Action<string>? prepare = null, Func<ServerOptions, ServerOptions>? change = null, Action<IServiceCollection>? configure = null)
    {
        string home = Directory.CreateTempSubdirectory("hearth-server-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "models"));
        prepare?.Invoke(home);
        var options = new ServerOptions { Home = home, Address = IPAddress.Loopback.ToString(), Port = 0, Threads = 2 };
        WebApplication app = HearthServer.Build(change?.Invoke(options) ?? options, configure);
        await app.StartAsync();
        return new TestServer(app, home);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
