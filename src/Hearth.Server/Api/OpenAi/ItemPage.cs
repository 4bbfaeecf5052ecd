using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;
using Hearth.Server.State;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.OpenAi;

/// <summary>Which part of a list of items an address asks for: so many, in an order, after an item.</summary>
/// <param name="Limit">At most so many.</param>
/// <param name="Ascending">Whether the first come first.</param>
/// <param name="After">The id of the item before the page; null to begin at the beginning.</param>
internal readonly record struct ItemPage(int Limit, bool Ascending, string? After)
{
    private const int Usual = 20, Most = 100;

    /// <summary>Reads the fields <c>limit</c>, <c>order</c> and <c>after</c> of an address.</summary>
    /// <exception cref="ApiException">One is not understood, or another is given.</exception>
    public static ItemPage Read(HttpContext context)
    {
        Query.Only(context, "limit", "order", "after", "include");
        return new ItemPage(Query.Whole(context, "limit", 1, Most) ?? Usual, Query.OneOf(context, "order", "asc", "desc") == "asc", Query.Text(context, "after"));
    }

    /// <summary>The page as a list.</summary>
    /// <param name="rows">The whole list, ascending.</param>
    /// <exception cref="ApiException">It has no item of the id to begin after.</exception>
    public JsonObject Of(IReadOnlyList<MessageRow> rows)
    {
        MessageRow[] all = [.. Ascending ? rows : rows.Reverse()];
        int from = 0;
        if (After is { } after)
        {
            from = Array.FindIndex(all, r => r.Id == after) + 1;
            if (from == 0) throw new ApiException(400, $"The field 'after' is '{Query.Short(after)}', which is no item of this list.", "after", "invalid_value");
        }
        return List([.. all.Skip(from).Take(Limit).Select(ConversationItems.Json)], all.Length - from > Limit);
    }

    /// <summary>Items as a list.</summary>
    /// <param name="items">The items.</param>
    /// <param name="more">Whether more follow.</param>
    public static JsonObject List(JsonObject[] items, bool more) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. items]),
        ["first_id"] = items is [var first, ..] ? first["id"]!.DeepClone() : null,
        ["last_id"] = items is [.., var last] ? last["id"]!.DeepClone() : null,
        ["has_more"] = more,
    };
}
