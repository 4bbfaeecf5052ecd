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
    private readonly bool _ownsHome;

    private TestServer(WebApplication app, string home, bool ownsHome)
    {
        (App, Home, _ownsHome) = (app, home, ownsHome);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public WebApplication App { get; }

    public string Home { get; }

    public Uri Address { get; }

    /// <summary>A client that shows no key.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => App.Services;

    /// <summary>Starts a server.</summary>
    /// <param name="prepare">Puts models and more into its home.</param>
    /// <param name="change">Changes its options.</param>
    /// <param name="configure">Changes what it is made of.</param>
    /// <param name="home">The home of another server, to go on with; null for one of its own.</param>
    /// <param name="map">Adds routes of a test.</param>
    public static async Task<TestServer> Start(Action<string>? prepare = null, Func<ServerOptions, ServerOptions>? change = null,
        Action<IServiceCollection>? configure = null, string? home = null, Action<WebApplication>? map = null)
    {
        bool ownsHome = home is null;
        home ??= Directory.CreateTempSubdirectory("hearth-server-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "models"));
        prepare?.Invoke(home);
        var options = new ServerOptions { Home = home, Address = IPAddress.Loopback.ToString(), Port = 0, Threads = 2 };
        WebApplication app = HearthServer.Build(change?.Invoke(options) ?? options, configure);
        map?.Invoke(app);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            if (ownsHome) Directory.Delete(home, recursive: true);
            throw;
        }
        return new TestServer(app, home, ownsHome);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        if (_ownsHome) Directory.Delete(Home, recursive: true);
    }
}
