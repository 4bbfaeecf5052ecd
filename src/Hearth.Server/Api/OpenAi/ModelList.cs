using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.OpenAi;

/// <summary><c>GET /v1/models</c>: what there is.</summary>
internal static class ModelList
{
    public static IResult All(HttpContext context, IModelHost models) => Json.Answer(new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. models.List().Where(m => context.Caller().MayAsk(m.Name)).Select(One)]),
    });

    public static IResult Get(HttpContext context, IModelHost models, string name) => Json.Answer(One(models.List().FirstOrDefault(m => m.Name == name && context.Caller().MayAsk(name))
        ?? throw new ApiException(404, $"There is no model '{(name.Length <= 80 ? name : name[..80])}'. GET /v1/models lists those there are.", "model", "model_not_found")));

    private static JsonObject One(ServedModel model) => new() { ["id"] = model.Name, ["object"] = "model", ["created"] = model.Created, ["owned_by"] = model.IsRemote ? "remote" : "hearth" };
}
