using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api.OpenAi;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Api;

/// <summary><c>/tokenize</c>, <c>/detokenize</c> and <c>/apply-template</c>, with the fields that llama-server and vLLM have.</summary>
internal static class TokenRoutes
{
    public static async Task<IResult> Tokenize(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, Name(context, fields)).ConfigureAwait(false);
        string text = fields.Text("content") ?? fields.Text("prompt") ?? throw new ApiException(400, "The field 'content' is missing.", "content", "missing_required_parameter");
        bool opening = fields.Flag("add_special") ?? fields.Flag("add_special_tokens") ?? false, pieces = fields.Flag("with_pieces") ?? false;
        bool special = fields.Flag("parse_special") ?? true;
        fields.Done();
        int[] tokens = [.. opening ? model.Bundle.Tokenizer.Opening : [], .. model.Bundle.Tokenizer.Encode(text, special)];
        return Json.Answer(new JsonObject
        {
            ["tokens"] = new JsonArray([.. tokens.Select(t => pieces
                ? new JsonObject { ["id"] = t, ["piece"] = TokenJson.Text(model.Bundle.Tokenizer, t) }
                : (JsonNode)JsonValue.Create(t))]),
            ["count"] = tokens.Length,
            ["max_model_len"] = model.Bundle.Model.Config.MaxPositionEmbeddings,
        });
    }

    public static async Task<IResult> Detokenize(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, Name(context, fields)).ConfigureAwait(false);
        JsonElement list = fields.Raw("tokens") ?? throw new ApiException(400, "The field 'tokens' is missing.", "tokens", "missing_required_parameter");
        fields.Done();
        int[] tokens = TokenJson.Ids(list, "tokens", model.Bundle.Tokenizer.VocabularySize);
        string text = model.Bundle.Tokenizer.Decode(tokens, showSpecial: true);
        return Json.Answer(new JsonObject { ["content"] = text, ["prompt"] = text });
    }

    public static async Task<IResult> ApplyTemplate(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, Name(context, fields)).ConfigureAwait(false);
        ChatRequest request = ChatCompletions.Read(fields, model);
        fields.Done();
        int[] tokens = model.Engine.Encode(request.Prompt);
        return Json.Answer(new JsonObject
        {
            ["prompt"] = model.Bundle.Tokenizer.Decode(tokens, showSpecial: true),
            ["tokens"] = new JsonArray([.. tokens.Select(t => JsonValue.Create(t))]),
        });
    }

    /// <summary>The model that a request names; the only one there is when it names none.</summary>
    private static string Name(HttpContext context, Fields fields)
    {
        if (fields.Text("model") is { } name) return name;
        var models = context.RequestServices.GetRequiredService<IModelHost>();
        return models.List() is [var only] ? only.Name : throw new ApiException(400, "The field 'model' is missing.", "model", "missing_required_parameter");
    }
}
