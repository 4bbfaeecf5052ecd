using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Server.Api;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Pages.Chat;

/// <summary>Conversations as files to take away: the shown branch as Markdown, or everything as JSON.</summary>
internal static class ConversationExports
{
    public static void MapConversationExports(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/c/{id}/export.md", async (HttpContext context, ConversationStore store, string id) =>
        {
            (ConversationRow conversation, ConversationTree tree) = await Find(context, store, id).ConfigureAwait(false);
            return File(Encoding.UTF8.GetBytes(Markdown(conversation, tree)), "text/markdown; charset=utf-8", conversation, "md");
        });
        routes.MapGet("/c/{id}/export.json", async (HttpContext context, ConversationStore store, string id) =>
        {
            (ConversationRow conversation, ConversationTree tree) = await Find(context, store, id).ConfigureAwait(false);
            return File(Encoding.UTF8.GetBytes(Json(conversation, tree).ToJsonString(Api.Wire.Json.Plain)), "application/json", conversation, "json");
        });
    }

    private static async Task<(ConversationRow, ConversationTree)> Find(HttpContext context, ConversationStore store, string id) =>
        await store.FindAsync(context.Caller().Id, id, context.RequestAborted).ConfigureAwait(false) is var (conversation, messages)
            ? (conversation, new ConversationTree(messages))
            : throw new ApiException(404, "There is no such conversation. It was deleted, or belongs to another key.", null, "not_found");

    private static IResult File(byte[] bytes, string type, ConversationRow conversation, string ending)
    {
        string name = string.Concat(conversation.Title.Select(c => char.IsLetterOrDigit(c) ? c : '-')).Trim('-');
        return Results.File(bytes, type, $"{(name.Length > 0 ? name : "conversation")}.{ending}");
    }

    private static string Markdown(ConversationRow conversation, ConversationTree tree)
    {
        var text = new StringBuilder($"# {conversation.Title}\n");
        foreach (MessageRow m in tree.PathTo(conversation.Leaf))
        {
            text.Append(m.Role == "user" ? "\n## Question\n\n" : $"\n## Answer{(m.Model is null ? "" : $" ({m.Model}, seed {m.Seed?.ToString(CultureInfo.InvariantCulture)})")}\n\n");
            if (!string.IsNullOrEmpty(m.Reasoning)) text.Append($"<details><summary>Reasoning</summary>\n\n{m.Reasoning.Trim()}\n\n</details>\n\n");
            text.Append(ConversationTree.PromptText(m).Trim()).Append('\n');
        }
        return text.ToString();
    }

    private static JsonObject Json(ConversationRow conversation, ConversationTree tree) => new()
    {
        ["title"] = conversation.Title,
        ["model"] = conversation.Model,
        ["settings"] = Parsed(conversation.Settings),
        ["created"] = Time(conversation.Created),
        ["updated"] = Time(conversation.Updated),
        ["shown"] = conversation.Leaf,
        ["messages"] = new JsonArray([.. tree.All.Select(m => new JsonObject
        {
            ["id"] = m.Id,
            ["parent"] = m.ParentId,
            ["role"] = m.Role,
            ["content"] = m.Content,
            ["reasoning"] = m.Reasoning,
            ["files"] = m.Extra is null ? null : new JsonArray([.. ConversationTree.Files(m).Select(f => new JsonObject { ["name"] = f.Name, ["text"] = f.Text })]),
            ["model"] = m.Model,
            ["model_digest"] = m.ModelDigest,
            ["settings"] = Parsed(m.Settings),
            ["seed"] = m.Seed,
            ["prompt_tokens"] = m.PromptTokens,
            ["answer_tokens"] = m.AnswerTokens,
            ["first_token_milliseconds"] = m.FirstTokenMilliseconds,
            ["total_milliseconds"] = m.TotalMilliseconds,
            ["finish"] = m.Finish,
            ["audit_entry"] = m.AuditSequence,
            ["created"] = Time(m.Created),
        })]),
    };

    private static JsonNode? Parsed(string? json) => json is null ? null : JsonNode.Parse(json);

    private static string Time(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);
}
