using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Api;

/// <summary>The routes of the programming interfaces.</summary>
public static class ApiRoutes
{
    /// <summary>Adds them all.</summary>
    /// <param name="routes">The server.</param>
    public static void MapApi(this IEndpointRouteBuilder routes)
    {
    }
}
