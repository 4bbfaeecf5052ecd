using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Server.Api.Wire;

/// <summary>Server-sent events (WHATWG HTML, section 9.2). The response begins with the first one, so that what fails before is a plain error.</summary>
internal sealed class EventStream(HttpContext context)
{
    private bool _began;

    /// <summary>Sends an event.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="name">Its name; null for none.</param>
    public Task Send(JsonNode data, string? name = null) => Send(data.ToJsonString(Json.Plain), name);

    /// <summary>Sends an event.</summary>
    public async Task Send(string data, string? name = null)
    {
        if (!_began)
        {
            _began = true;
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        }
        byte[] bytes = Encoding.UTF8.GetBytes(name is null ? $"data: {data}\n\n" : $"event: {name}\ndata: {data}\n\n");
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
