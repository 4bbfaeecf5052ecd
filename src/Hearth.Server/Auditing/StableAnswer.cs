using System.Text.Json.Nodes;

namespace Hearth.Server.Auditing;

/// <summary>An answer without what is new each time: the ids of its parts and calls. What is left depends on model, request and seed alone.</summary>
internal static class StableAnswer
{
    private static readonly string[] Ids = ["id", "call_id"];

    /// <summary>A copy without ids.</summary>
    /// <param name="answer">A message, or a list of parts.</param>
    public static JsonNode Of(JsonNode answer)
    {
        JsonNode copy = answer.DeepClone();
        JsonArray? parts = copy as JsonArray ?? (copy as JsonObject)?["tool_calls"] as JsonArray;
        foreach (JsonObject part in parts?.OfType<JsonObject>() ?? [])
        {
            foreach (string id in Ids) part.Remove(id);
        }
        return copy;
    }
}
