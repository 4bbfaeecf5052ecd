using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.OpenAi;

/// <summary><c>POST /v1/embeddings</c> and <c>POST /v1/rerank</c>: texts as directions, and how near they are.</summary>
internal static class Embeddings
{
    private const int MostInputs = 2048;

    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        int[][] inputs = Inputs(fields, model);
        bool base64 = fields.OneOf("encoding_format", "float", "base64") == "base64";
        int size = model.Bundle.Model.Config.HiddenSize;
        if (fields.Whole("dimensions", 1, int.MaxValue) is { } wanted && wanted != size)
            throw new ApiException(400, $"The field 'dimensions' is {wanted}; embeddings of this model have {size} numbers.", "dimensions");
        fields.Accept("user").Done();
        float[][] embeddings = await Task.WhenAll(inputs.Select(t => model.Tokens.EmbedAsync(t, context.RequestAborted))).ConfigureAwait(false);
        int tokens = inputs.Sum(t => t.Length);
        return Json.Answer(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. embeddings.Select((e, i) => new JsonObject
            {
                ["object"] = "embedding",
                ["index"] = i,
                ["embedding"] = base64 ? Convert.ToBase64String(MemoryMarshal.AsBytes(e.AsSpan())) : new JsonArray([.. e.Select(x => JsonValue.Create(x))]),
            })]),
            ["model"] = model.Name,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        });
    }

    /// <summary>Documents by the cosine of their embedding and the query's (the fields of Jina's and Cohere's rerank).</summary>
    public static async Task<IResult> Rerank(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        string query = fields.Need("query");
        string[] documents = fields.Texts("documents", MostInputs) ?? throw new ApiException(400, "The field 'documents' is missing.", "documents", "missing_required_parameter");
        int most = fields.Whole("top_n", 1, int.MaxValue) ?? documents.Length;
        bool whole = fields.Flag("return_documents") ?? false;
        fields.Done();
        int[][] tokens = [.. documents.Prepend(query).Select(t => Whole(model, t))];
        float[][] embeddings = await Task.WhenAll(tokens.Select(t => model.Tokens.EmbedAsync(t, context.RequestAborted))).ConfigureAwait(false);
        return Json.Answer(new JsonObject
        {
            ["model"] = model.Name,
            ["results"] = new JsonArray([.. embeddings.Skip(1).Select((e, i) => (Index: i, Score: Cosine(embeddings[0], e)))
                .OrderByDescending(r => r.Score).ThenBy(r => r.Index).Take(most).Select(r =>
                {
                    var result = new JsonObject { ["index"] = r.Index, ["relevance_score"] = r.Score };
                    if (whole) result["document"] = new JsonObject { ["text"] = documents[r.Index] };
                    return result;
                })]),
            ["usage"] = new JsonObject { ["total_tokens"] = tokens.Sum(t => t.Length) },
        });
    }

    private static double Cosine(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }

    private static int[] Whole(LoadedModel model, string text)
    {
        ContextBound.Require(model, "input", text.Length);
        return model.Bundle.Tokenizer.EncodeWhole(text) is { Length: > 0 } tokens ? tokens : throw new ApiException(400, "A text is empty; there is nothing to embed.", "input");
    }

    private static int[][] Inputs(Fields fields, LoadedModel model)
    {
        JsonElement input = fields.Raw("input") ?? throw new ApiException(400, "The field 'input' is missing.", "input", "missing_required_parameter");
        if (input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0 && input[0].ValueKind != JsonValueKind.String)
        {
            JsonElement[] lists = input[0].ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray()] : [input];
            return [.. lists.Select(l => TokenJson.Ids(l, "input", model.Bundle.Model.Config.VocabularySize))];
        }
        return [.. (fields.Texts("input", MostInputs) ?? []).Select(t => Whole(model, t))];
    }
}
