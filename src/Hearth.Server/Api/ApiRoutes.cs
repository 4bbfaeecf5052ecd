using Hearth.Server.Api.Anthropic;
using Hearth.Server.Api.OpenAi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Api;

/// <summary>The routes of the programming interfaces.</summary>
public static class ApiRoutes
{
    /// <summary>Adds them all.</summary>
    /// <param name="routes">The server.</param>
    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/openapi.json", OpenApiDocument.Get).WithSummary("This document.");
        routes.MapGet("/v1/models", ModelList.All).WithSummary("The models there are.");
        routes.MapGet("/v1/models/{name}", ModelList.Get).WithSummary("A model.");
        routes.MapPost("/v1/chat/completions", (Delegate)ChatCompletions.Post).WithSummary("Answers a conversation, as OpenAI's chat completions.");
        routes.MapPost("/v1/completions", (Delegate)Completions.Post).WithSummary("Continues a text, as OpenAI's completions, with echo and log-probabilities of the prompt.");
        routes.MapPost("/v1/responses", (Delegate)Responses.Post).WithSummary("Answers a conversation, as OpenAI's responses.");
        routes.MapGet("/v1/responses/{id}", (Delegate)StoredResponses.Get).WithSummary("A response that was kept.");
        routes.MapDelete("/v1/responses/{id}", (Delegate)StoredResponses.Delete).WithSummary("Forgets a response.");
        routes.MapGet("/v1/responses/{id}/input_items", (Delegate)StoredResponses.Inputs).WithSummary("What a response was given in.");
        routes.MapPost("/v1/conversations", (Delegate)Conversations.Create).WithSummary("Begins a conversation that is kept.");
        routes.MapGet("/v1/conversations/{id}", (Delegate)Conversations.Get).WithSummary("A conversation.");
        routes.MapPost("/v1/conversations/{id}", (Delegate)Conversations.Update).WithSummary("Changes what is noted with a conversation.");
        routes.MapDelete("/v1/conversations/{id}", (Delegate)Conversations.Delete).WithSummary("Deletes a conversation.");
        routes.MapPost("/v1/conversations/{id}/items", (Delegate)Conversations.CreateItems).WithSummary("Adds items to a conversation.");
        routes.MapGet("/v1/conversations/{id}/items", (Delegate)Conversations.ListItems).WithSummary("A conversation's items, page by page.");
        routes.MapGet("/v1/conversations/{id}/items/{item}", (Delegate)Conversations.GetItem).WithSummary("An item of a conversation.");
        routes.MapDelete("/v1/conversations/{id}/items/{item}", (Delegate)Conversations.DeleteItem).WithSummary("Takes an item out of a conversation.");
        routes.MapPost("/v1/embeddings", (Delegate)Embeddings.Post).WithSummary("Texts as directions of length one.");
        routes.MapPost("/v1/rerank", (Delegate)Embeddings.Rerank).WithSummary("Documents by their nearness to a query.");
        routes.MapPost("/v1/messages", (Delegate)MessagesRoute.Post).WithSummary("Answers a conversation, as Anthropic's messages.");
        routes.MapPost("/v1/messages/count_tokens", (Delegate)MessagesRoute.Count).WithSummary("Tokens of a conversation.");
        routes.MapPost("/tokenize", (Delegate)TokenRoutes.Tokenize).WithSummary("A text's tokens.");
        routes.MapPost("/detokenize", (Delegate)TokenRoutes.Detokenize).WithSummary("The text of tokens.");
        routes.MapPost("/apply-template", (Delegate)TokenRoutes.ApplyTemplate).WithSummary("A conversation as the model is told it.");
    }
}
