using System.Net;
using Hearth.Server.Api;
using Hearth.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Security;

/// <summary>
/// Answers only who asks for this server by a name it has. A page from elsewhere whose name was made to point here (DNS rebinding) asks by its own
/// name. Addresses in numbers need no name service and pass.
/// </summary>
internal sealed class HostCheck(RequestDelegate next, ServerOptions options)
{
    private readonly HashSet<string> _names = new([.. options.Hosts, "localhost", Dns.GetHostName()], StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        string host = context.Request.Host.Host;
        if (_names.Contains(host) || IPAddress.TryParse(host.Trim('[', ']'), out _)) return next(context);
        throw new ApiException(403, $"This server is not called '{host}'. Start it with --host {host} if it is.", null, "wrong_host");
    }
}
