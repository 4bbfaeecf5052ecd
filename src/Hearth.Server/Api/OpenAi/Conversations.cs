using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Api.OpenAi;

/// <summary>
/// <c>/v1/conversations</c> and their items (OpenAI API reference, "Conversations"). They are the ones that pages show, each with its owner's key; where one
/// has branches, the one that is shown.
/// </summary>
internal static class Conversations
{
    private const int MostItems = 20, LongestTitle = 60;

    public static async Task<IResult> Create(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonObject? metadata = Metadata.Read(fields);
        List<MessageRow> rows = ConversationItems.Rows(fields.Objects("items", MostItems) ?? []);
        fields.Done();
        ConversationRow row = await Store(context).BeginAsync(context.Caller().Id, Title(rows), metadata?.ToJsonString(Json.Plain), rows, context.RequestAborted).ConfigureAwait(false);
        return Json.Answer(One(row));
    }

    public static async Task<IResult> Get(HttpContext context, string id) => Json.Answer(One((await Find(context, id).ConfigureAwait(false)).Conversation));

    public static async Task<IResult> Update(HttpContext context, string id)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        if (!fields.Whole().AsObject().ContainsKey("metadata")) throw new ApiException(400, "The field 'metadata' is missing.", "metadata", "missing_required_parameter");
        JsonObject? metadata = Metadata.Read(fields);
        fields.Done();
        if (!await Store(context).NoteAsync(context.Caller().Id, id, metadata?.ToJsonString(Json.Plain), context.RequestAborted).ConfigureAwait(false)) throw None(id);
        return await Get(context, id).ConfigureAwait(false);
    }

    public static async Task<IResult> Delete(HttpContext context, string id)
    {
        if (!await Store(context).DeleteAsync(context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false)) throw None(id);
        return Json.Answer(new JsonObject { ["id"] = id, ["object"] = "conversation.deleted", ["deleted"] = true });
    }

    public static async Task<IResult> CreateItems(HttpContext context, string id)
    {
        Query.Only(context, "include");
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        List<MessageRow> rows = ConversationItems.Rows(fields.Objects("items", MostItems)
            ?? throw new ApiException(400, "The field 'items' is missing.", "items", "missing_required_parameter"));
        fields.Done();
        if (!await Store(context).AppendAsync(context.Caller().Id, id, rows, context.RequestAborted).ConfigureAwait(false)) throw None(id);
        return Json.Answer(ItemPage.List([.. rows.Select(ConversationItems.Json)], more: false));
    }

    public static async Task<IResult> ListItems(HttpContext context, string id)
    {
        var page = ItemPage.Read(context);
        (ConversationRow conversation, IReadOnlyList<MessageRow> messages) = await Find(context, id).ConfigureAwait(false);
        return Json.Answer(page.Of(ConversationStore.Shown(conversation, messages)));
    }

    public static async Task<IResult> GetItem(HttpContext context, string id, string item)
    {
        Query.Only(context, "include");
        (ConversationRow conversation, IReadOnlyList<MessageRow> messages) = await Find(context, id).ConfigureAwait(false);
        return Json.Answer(ConversationItems.Json(ConversationStore.Shown(conversation, messages).FirstOrDefault(m => m.Id == item) ?? throw NoItem(item)));
    }

    public static async Task<IResult> DeleteItem(HttpContext context, string id, string item)
    {
        (ConversationRow conversation, _) = await Find(context, id).ConfigureAwait(false);
        if (!await Store(context).RemoveAsync(context.Caller().Id, id, item, context.RequestAborted).ConfigureAwait(false)) throw NoItem(item);
        return Json.Answer(One(conversation));
    }

    /// <summary>A caller's conversation.</summary>
    /// <exception cref="ApiException">They have none of the id.</exception>
    public static async Task<(ConversationRow Conversation, IReadOnlyList<MessageRow> Messages)> Find(HttpContext context, string id) =>
        await Store(context).FindAsync(context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false) ?? throw None(id);

    /// <summary>Adds what was asked and answered to a conversation. One that was deleted meanwhile stays deleted.</summary>
    public static Task Append(HttpContext context, string id, IReadOnlyList<MessageRow> rows) => Store(context).AppendAsync(context.Caller().Id, id, rows);

    private static JsonObject One(ConversationRow row) => new()
    {
        ["id"] = row.Id,
        ["object"] = "conversation",
        ["created_at"] = new DateTimeOffset(row.Created).ToUnixTimeSeconds(),
        ["metadata"] = row.Metadata is { } json ? JsonNode.Parse(json) : new JsonObject(),
    };

    /// <summary>The first line of what was said first.</summary>
    private static string Title(List<MessageRow> rows)
    {
        string said = rows.FirstOrDefault(r => r is { Role: "user", Content.Length: > 0 })?.Content.Trim().Split('\n')[0] ?? "";
        return said.Length == 0 ? "Conversation" : said.Length <= LongestTitle ? said : said[..LongestTitle] + "...";
    }

    private static ApiException None(string id) => new(404, $"There is no conversation '{Query.Short(id)}'.", null, "not_found");

    private static ApiException NoItem(string id) => new(404, $"There is no item '{Query.Short(id)}' in this conversation.", null, "not_found");

    private static ConversationStore Store(HttpContext context) => context.RequestServices.GetRequiredService<ConversationStore>();
}
