using Hearth.Server.Api.Anthropic;
using Hearth.Server.Api.OpenAi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Api;

/// <summary>The routes of the programming interfaces.</summary>
public static class ApiRoutes
{
    /// <summary>Adds them all.</summary>
    /// <param name="routes">The server.</param>
    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ModelList.All);
        routes.MapGet("/v1/models/{name}", ModelList.Get);
        routes.MapPost("/v1/chat/completions", (Delegate)ChatCompletions.Post);
        routes.MapPost("/v1/completions", (Delegate)Completions.Post);
        routes.MapPost("/v1/embeddings", (Delegate)Embeddings.Post);
        routes.MapPost("/v1/rerank", (Delegate)Embeddings.Rerank);
        routes.MapPost("/v1/responses", (Delegate)Responses.Post);
        routes.MapPost("/v1/messages", (Delegate)MessagesRoute.Post);
        routes.MapPost("/v1/messages/count_tokens", (Delegate)MessagesRoute.Count);
        routes.MapPost("/tokenize", (Delegate)TokenRoutes.Tokenize);
        routes.MapPost("/detokenize", (Delegate)TokenRoutes.Detokenize);
        routes.MapPost("/apply-template", (Delegate)TokenRoutes.ApplyTemplate);
    }
}
