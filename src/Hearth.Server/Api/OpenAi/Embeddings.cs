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
        JsonElement input = fields.Raw("input") ?? throw new ApiException(400, "The field 'input' is missing.", "input", "missing_required_parameter");
        bool base64 = fields.OneOf("encoding_format", "float", "base64") == "base64";
        int? wanted = fields.Whole("dimensions", 1, int.MaxValue);
        fields.Accept("user").Done();
        (float[][] embeddings, int tokens) = model.Remote is { } remote
            ? await remote.EmbedAsync(Inputs<JsonNode>(input, t => JsonValue.Create(t), l => new JsonArray([.. TokenJson.Ids(l, "input", int.MaxValue).Select(t => JsonValue.Create(t))])), wanted, context.RequestAborted).ConfigureAwait(false)
            : await Embed(model, Inputs(input, t => Whole(model, t), l => TokenJson.Ids(l, "input", model.Bundle.Model.Config.VocabularySize)), wanted, context.RequestAborted).ConfigureAwait(false);
        await Asked.Count(context, tokens).ConfigureAwait(false);
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
        string[] texts = [query, .. documents];
        (float[][] embeddings, int tokens) = model.Remote is { } remote
            ? await remote.EmbedAsync([.. texts.Select(t => JsonValue.Create(t))], null, context.RequestAborted).ConfigureAwait(false)
            : await Embed(model, [.. texts.Select(t => Whole(model, t))], null, context.RequestAborted).ConfigureAwait(false);
        await Asked.Count(context, tokens).ConfigureAwait(false);
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
            ["usage"] = new JsonObject { ["total_tokens"] = tokens },
        });
    }

    private static async Task<(float[][] Embeddings, int Tokens)> Embed(LoadedModel model, int[][] inputs, int? wanted, CancellationToken cancel)
    {
        int size = model.Bundle.Model.Config.HiddenSize;
        if (wanted is not null && wanted != size) throw new ApiException(400, $"The field 'dimensions' is {wanted}; embeddings of this model have {size} numbers.", "dimensions");
        return (await Task.WhenAll(inputs.Select(t => model.Tokens.EmbedAsync(t, cancel))).ConfigureAwait(false), inputs.Sum(t => t.Length));
    }

    /// <summary>The cosine of two directions; a remote model's need not have length one.</summary>
    private static double Cosine(float[] a, float[] b)
    {
        double sum = 0, squares = 0, others = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
            squares += (double)a[i] * a[i];
            others += (double)b[i] * b[i];
        }
        return squares > 0 && others > 0 ? sum / Math.Sqrt(squares * others) : 0;
    }

    private static int[] Whole(LoadedModel model, string text)
    {
        ContextBound.Require(model, "input", text.Length);
        return model.Bundle.Tokenizer.EncodeWhole(text) is { Length: > 0 } tokens ? tokens : throw new ApiException(400, "A text is empty; there is nothing to embed.", "input");
    }

    private static T[] Inputs<T>(JsonElement input, Func<string, T> text, Func<JsonElement, T> tokens)
    {
        if (input.ValueKind == JsonValueKind.String) return [text(input.GetString()!)];
        if (input.ValueKind != JsonValueKind.Array) throw Fields.Bad("input", input.ValueKind, "a text, texts, tokens, or lists of tokens");
        if (input.GetArrayLength() > 0 && input[0].ValueKind == JsonValueKind.Number) return [tokens(input)];
        if (input.GetArrayLength() > MostInputs) throw new ApiException(400, $"The field 'input' has {input.GetArrayLength()} items, expected at most {MostInputs}.", "input");
        return [.. input.EnumerateArray().Select((item, i) => item.ValueKind switch
        {
            JsonValueKind.String => text(item.GetString()!),
            JsonValueKind.Array => tokens(item),
            _ => throw Fields.Bad($"input[{i}]", item.ValueKind, "a text or a list of tokens"),
        })];
    }
}
