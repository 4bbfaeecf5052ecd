using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api.Wire;
using Hearth.Server.State;

namespace Hearth.Server.Api.OpenAi;

/// <summary>
/// Items of a conversation as they are kept: a message is a row as pages write it, so that both read each other's; a call, its result or reasoning is a row
/// whose <see cref="MessageRow.Extra"/> holds the item.
/// </summary>
internal static class ConversationItems
{
    private const string Item = "item";

    /// <summary>Rows of items that a client gave.</summary>
    /// <param name="items">The items.</param>
    /// <exception cref="ApiException">One is not understood.</exception>
    public static List<MessageRow> Rows(IEnumerable<Fields> items)
    {
        var rows = new List<MessageRow>();
        foreach (Fields item in items)
        {
            JsonNode whole = item.Whole();
            var read = new List<ChatMessage>();
            Responses.Add(read, item);                                           // refuses what is not understood
            rows.Add(Row(whole.AsObject(), read is [var message] ? message : null, id: null));
        }
        return rows;
    }

    /// <summary>Rows of a response's output, under the ids that it gave.</summary>
    /// <param name="output">The output.</param>
    public static List<MessageRow> Rows(JsonArray output) =>
    [
        .. output.Select(o =>
        {
            var read = new List<ChatMessage>();
            Responses.Add(read, new Fields(JsonSerializer.SerializeToElement(o), "output"));
            return Row(o!.AsObject(), read is [var message] ? message : null, o["id"]!.GetValue<string>());
        }),
    ];

    /// <summary>A row as an item.</summary>
    /// <param name="row">The row.</param>
    public static JsonObject Json(MessageRow row)
    {
        if (Kept(row) is { } kept)
        {
            kept["id"] = row.Id;
            return kept;
        }
        var part = new JsonObject { ["type"] = row.Role == "assistant" ? "output_text" : "input_text", ["text"] = row.Content };
        if (row.Role == "assistant") (part["annotations"], part["logprobs"]) = (new JsonArray(), new JsonArray());
        return new JsonObject { ["id"] = row.Id, ["type"] = "message", ["status"] = "completed", ["role"] = row.Role, ["content"] = new JsonArray(part) };
    }

    /// <summary>Adds a row to what a model is told.</summary>
    /// <param name="messages">What it is told so far.</param>
    /// <param name="row">The row.</param>
    public static void Add(List<ChatMessage> messages, MessageRow row)
    {
        if (Kept(row) is { } kept) Responses.Add(messages, new Fields(JsonSerializer.SerializeToElement(kept), "conversation"));
        else messages.Add(new ChatMessage(row.Role, row.Content));
    }

    /// <summary>The conversation that a field names, as an id or an object with one.</summary>
    public static string? Id(Fields fields, string name)
    {
        if (fields.Raw(name) is not { ValueKind: JsonValueKind.Object }) return fields.Text(name);
        Fields named = fields.Object(name)!;
        string id = named.Need("id");
        named.Done();
        return id;
    }

    private static JsonObject? Kept(MessageRow row) => row.Extra is { } extra && JsonNode.Parse(extra) is JsonObject json && json[Item] is JsonObject item ? (JsonObject)item.DeepClone() : null;

    private static MessageRow Row(JsonObject item, ChatMessage? message, string? id)
    {
        string type = item["type"]?.GetValue<string>() ?? "message";
        string kind = type switch { "message" => "msg", "function_call" => "fc", "function_call_output" => "fco", _ => "rs" };
        var row = new MessageRow
        {
            Id = id ?? ConversationStore.NewId(kind),
            ConversationId = "",
            Role = message?.Role ?? "assistant",
            Content = message?.Content ?? "",
        };
        if (type == "message") return row;
        item.Remove("id");
        item["status"] ??= "completed";
        row.Extra = new JsonObject { [Item] = item.DeepClone() }.ToJsonString(Wire.Json.Plain);
        if (type == "reasoning") row.Reasoning = string.Concat((item["content"] as JsonArray ?? []).Select(p => p?["text"]?.GetValue<string>()));
        return row;
    }
}
