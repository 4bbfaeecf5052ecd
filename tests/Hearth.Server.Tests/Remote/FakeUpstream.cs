using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Tests.Remote;

/// <summary>A server that answers chat completions as a test tells it to, on a free port of loopback.</summary>
internal sealed class FakeUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeUpstream(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Ends when the client of the last request has gone.</summary>
    public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? Authorization { get; private set; }

    public int Requests { get; private set; }

    public static async Task<FakeUpstream> Start(Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var fake = new FakeUpstream(app);
        app.Run(async context =>
        {
            fake.Requests++;
            fake.Authorization = context.Request.Headers.Authorization;
            context.RequestAborted.Register(() => fake.Gone.TrySetResult());
            try
            {
                await answer(context);
            }
            catch (OperationCanceledException)
            {
                // The client has gone.
            }
        });
        await app.StartAsync();
        return fake;
    }

    /// <summary>Sends bytes of a stream of events at once.</summary>
    public static async Task Send(HttpContext context, string text)
    {
        if (!context.Response.HasStarted) context.Response.ContentType = "text/event-stream";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>An event with a piece of text, and the reason for the end if it is the last.</summary>
    public static string Piece(string text, string? finish = null) =>
        $$$"""data: {"id":"x","choices":[{"index":0,"delta":{"content":"{{{text}}}"},"finish_reason":{{{(finish is null ? "null" : $"\"{finish}\"")}}}}]}""" + "\n\n";

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }
}
