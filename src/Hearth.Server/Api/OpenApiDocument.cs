using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Hearth.Server.Api;

/// <summary><c>GET /openapi.json</c>: the routes there are, from the routes themselves (OpenAPI Specification 3.1). What bodies hold is what the clients of OpenAI and Anthropic send.</summary>
internal static class OpenApiDocument
{
    public static IResult Get(IEnumerable<EndpointDataSource> sources)
    {
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (RouteEndpoint route in sources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>())
        {
            if (route.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not { } summary) continue;
            string path = "/" + route.RoutePattern.RawText!.TrimStart('/');
            if (!paths.TryGetValue(path, out JsonObject? methods)) paths.Add(path, methods = []);
            foreach (string method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]) methods[method.ToLowerInvariant()] = Operation(route, summary.Summary, method);
        }
        return Json.Answer(new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Hearth", ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version!.ToString(3) },
            ["paths"] = new JsonObject(paths.Select(p => new KeyValuePair<string, JsonNode?>(p.Key, p.Value))),
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = new JsonObject
                {
                    ["Error"] = JsonNode.Parse("""
                        {"type":"object","properties":{"error":{"type":"object","properties":{"message":{"type":"string"},"type":{"type":"string"},"param":{"type":["string","null"]},"code":{"type":["string","null"]}}}}}
                        """),
                },
            },
            ["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
        });
    }

    private static JsonObject Operation(RouteEndpoint route, string summary, string method)
    {
        var operation = new JsonObject { ["summary"] = summary };
        JsonObject[] parameters = [.. route.RoutePattern.Parameters.Select(p => new JsonObject
        {
            ["name"] = p.Name, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" },
        })];
        if (parameters.Length > 0) operation["parameters"] = new JsonArray([.. parameters]);
        if (method == "POST") operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Body("object") };
        operation["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "The answer; a stream of events where the request asks for one.", ["content"] = Body("object") },
            ["default"] = new JsonObject
            {
                ["description"] = "What is wrong, naming the field.",
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Error" } } },
            },
        };
        return operation;
    }

    private static JsonObject Body(string type) => new() { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = type } } };
}
