using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.Wire;

/// <summary>JSON as it is sent.</summary>
internal static class Json
{
    public static JsonSerializerOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IResult Answer(JsonNode json) => Results.Text(json.ToJsonString(Plain), "application/json");
}
