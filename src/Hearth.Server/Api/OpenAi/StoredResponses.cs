using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api.Wire;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Api.OpenAi;

/// <summary>Responses that are kept: <c>GET</c> and <c>DELETE /v1/responses/{id}</c>, and the conversation that one goes on from.</summary>
internal static class StoredResponses
{
    private const int LongestChain = 200;

    public static async Task<IResult> Get(HttpContext context, string id)
    {
        Query.Only(context, "include");
        ResponseRow row = await Find(Store(context), context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false);
        return Json.Answer(JsonNode.Parse(row.Body)!);
    }

    public static async Task<IResult> Delete(HttpContext context, string id)
    {
        if (!await Store(context).DeleteAsync(context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false)) throw None(id);
        return Json.Answer(new JsonObject { ["id"] = id, ["object"] = "response", ["deleted"] = true });
    }

    /// <summary>Keeps a response.</summary>
    /// <param name="context">The request.</param>
    /// <param name="input">What was given in: items, or a text.</param>
    /// <param name="previous">The response it goes on from.</param>
    /// <param name="response">The response.</param>
    public static Task Keep(HttpContext context, JsonNode? input, string? previous, JsonObject response) => Store(context).AddAsync(new ResponseRow
    {
        Id = response["id"]!.GetValue<string>(),
        Owner = context.Caller().Id,
        PreviousId = previous,
        Input = Items(input).ToJsonString(Json.Plain),
        Body = response.ToJsonString(Json.Plain),
        Created = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime,
    });

    /// <summary>What was given in, as items.</summary>
    public static JsonArray Items(JsonNode? input) => input as JsonArray ?? new JsonArray(new JsonObject { ["role"] = "user", ["content"] = input?.DeepClone() });

    /// <summary>What a response was given in: <c>GET /v1/responses/{id}/input_items</c>, without what it went on from.</summary>
    public static async Task<IResult> Inputs(HttpContext context, string id)
    {
        var page = ItemPage.Read(context);
        ResponseRow row = await Find(Store(context), context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false);
        using JsonDocument input = JsonDocument.Parse(row.Input);
        List<MessageRow> rows = ConversationItems.Rows(input.RootElement.EnumerateArray().Select(i => new Fields(i, "input")));
        for (int i = 0; i < rows.Count; i++) rows[i].Id = $"{rows[i].Id.Split('_')[0]}_{id["resp_".Length..]}{i}";        // the same every time
        return Json.Answer(page.Of(rows));
    }

    /// <summary>The conversation up to a response, its own answer included; instructions are not part of it.</summary>
    /// <param name="store">Where responses are.</param>
    /// <param name="owner">The id of the key whose they are.</param>
    /// <param name="id">The response; null for none.</param>
    /// <param name="cancel">Ends the work early.</param>
    public static async Task<List<ChatMessage>> Conversation(ResponseStore store, string owner, string? id, CancellationToken cancel)
    {
        var rows = new Stack<ResponseRow>();
        while (id is not null)
        {
            if (rows.Count == LongestChain) throw new ApiException(400, $"The conversation has more than {LongestChain} responses. Begin a new one.", "previous_response_id");
            rows.Push(await Find(store, owner, id, cancel).ConfigureAwait(false));
            id = rows.Peek().PreviousId;
        }
        var messages = new List<ChatMessage>();
        foreach (ResponseRow row in rows)
        {
            using JsonDocument input = JsonDocument.Parse(row.Input), body = JsonDocument.Parse(row.Body);
            foreach (JsonElement item in input.RootElement.EnumerateArray()) Responses.Add(messages, new Fields(item, "input"));
            foreach (JsonElement item in body.RootElement.GetProperty("output").EnumerateArray()) Responses.Add(messages, new Fields(item, "output"));
        }
        return messages;
    }

    private static async Task<ResponseRow> Find(ResponseStore store, string owner, string id, CancellationToken cancel) =>
        await store.FindAsync(owner, id, cancel).ConfigureAwait(false) ?? throw None(id);

    private static ApiException None(string id) =>
        new(404, $"There is no response '{(id.Length <= 80 ? id : id[..80])}'. Responses are kept unless 'store' is false.", "previous_response_id", "not_found");

    private static ResponseStore Store(HttpContext context) => context.RequestServices.GetRequiredService<ResponseStore>();
}
