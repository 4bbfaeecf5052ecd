using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tokenizers;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.OpenAi;

/// <summary>
/// <c>POST /v1/completions</c> (OpenAI API reference, "Completions"): prompts as text or as tokens, one or many, with <c>echo</c> and log-probabilities
/// of the prompt, as lm-evaluation-harness' local-completions client asks for them.
/// </summary>
internal static class Completions
{
    private const int MostPrompts = 1024, MostChoices = 16;

    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonNode asked = fields.Whole();
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        fields.Accept("user", "metadata", "service_tier");
        Tokenizer tokenizer = model.Bundle.Tokenizer;
        int[][] prompts = Prompts(fields, model);
        int choices = fields.Whole("n", 1, MostChoices) ?? 1;
        if (fields.Whole("best_of", 1, MostChoices) is { } best && best != choices) throw new ApiException(400, "The field 'best_of' may only be what 'n' is.", "best_of");
        if (fields.Text("suffix") is { Length: > 0 }) throw new ApiException(400, "The field 'suffix' is not supported.", "suffix", "unknown_parameter");
        bool echo = fields.Flag("echo") ?? false, stream = fields.Flag("stream") ?? false, usage = Asked.WantsUsage(fields);
        int? top = fields.Whole("logprobs", 0, 20);
        Grammar? shape = Sampling.Shape(fields);
        GenerationOptions sampling = Sampling.Read(fields, model, Asked.MaxTokens(fields, 16, least: 0)) with { StopTokens = model.Bundle.EndTokens, Alternatives = top ?? 0 };
        if (shape is not null) sampling = sampling with { Constraint = model.Engine.Constrain(shape) };
        string[] stops = fields.Texts("stop", 16) ?? [];
        fields.Done();
        string id = Asked.Id("cmpl-");
        long created = Asked.Now(context);
        JsonObject Body(JsonArray items) => new()
        {
            ["id"] = id,
            ["object"] = "text_completion",
            ["created"] = created,
            ["model"] = model.Name,
            ["system_fingerprint"] = Asked.Fingerprint(model),
            ["choices"] = items,
        };

        Completion[] all = [.. prompts.SelectMany((p, i) => Enumerable.Range(0, choices).Select(c =>
            new Completion(tokenizer, p, sampling.With(c), stops, echo, top is not null, (i * choices) + c)))];
        if (!stream)
        {
            await Task.WhenAll(all.Select(c => c.Run(model.Tokens, null, context.RequestAborted))).ConfigureAwait(false);
            foreach (Completion c in all) await Asked.Record(context, model, c.Seed, asked, c.Text, c.Usage).ConfigureAwait(false);
            JsonObject body = Body(new JsonArray([.. all.Select(c => c.Choice())]));
            body["usage"] = Usage(all, choices);
            return Json.Answer(body);
        }
        var events = new EventStream(context);
        foreach (Completion c in all)
        {
            await c.Run(model.Tokens, piece => events.Send(Body([piece])), context.RequestAborted).ConfigureAwait(false);
            await Asked.Record(context, model, c.Seed, asked, c.Text, c.Usage).ConfigureAwait(false);
            await events.Send(Body([c.Last()])).ConfigureAwait(false);
        }
        if (usage)
        {
            JsonObject last = Body([]);
            last["usage"] = Usage(all, choices);
            await events.Send(last).ConfigureAwait(false);
        }
        await events.Send("[DONE]").ConfigureAwait(false);
        return Results.Empty;
    }

    private static JsonObject Usage(Completion[] all, int choices)
    {
        int prompt = all.Where((_, i) => i % choices == 0).Sum(c => c.Usage.PromptTokens), answer = all.Sum(c => c.Usage.AnswerTokens);
        return new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = answer, ["total_tokens"] = prompt + answer };
    }

    /// <summary>A text, texts, tokens, or lists of tokens.</summary>
    private static int[][] Prompts(Fields fields, LoadedModel model)
    {
        int vocabulary = model.Bundle.Model.Config.VocabularySize;
        JsonElement prompt = fields.Raw("prompt") ?? throw new ApiException(400, "The field 'prompt' is missing.", "prompt", "missing_required_parameter");
        if (prompt.ValueKind == JsonValueKind.String) return [Whole(model, prompt.GetString()!)];
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0) throw Fields.Bad("prompt", prompt.ValueKind, "a text, texts, tokens, or lists of tokens");
        if (prompt.GetArrayLength() > MostPrompts && prompt[0].ValueKind != JsonValueKind.Number) throw new ApiException(400, $"The field 'prompt' has {prompt.GetArrayLength()} items, expected at most {MostPrompts}.", "prompt");
        return prompt[0].ValueKind == JsonValueKind.Number ? [TokenJson.Ids(prompt, "prompt", vocabulary)] : [.. prompt.EnumerateArray().Select((item, i) => item.ValueKind switch
        {
            JsonValueKind.String => Whole(model, item.GetString()!),
            JsonValueKind.Array => TokenJson.Ids(item, $"prompt[{i}]", vocabulary),
            _ => throw Fields.Bad($"prompt[{i}]", item.ValueKind, "a text or a list of tokens"),
        })];
    }

    private static int[] Whole(LoadedModel model, string text)
    {
        ContextBound.Require(model, "prompt", text.Length);
        Tokenizer tokenizer = model.Bundle.Tokenizer;
        int[] tokens = [.. tokenizer.Opening, .. tokenizer.Encode(text, parseSpecial: true)];
        return tokens.Length > 0 ? tokens : throw new ApiException(400, "The field 'prompt' is empty, and this model has no token that begins a text.", "prompt");
    }
}

/// <summary>One prompt and its continuation.</summary>
internal sealed class Completion(Tokenizer tokenizer, int[] prompt, GenerationOptions options, string[] stops, bool echo, bool logprobs, int index)
{
    private readonly List<GeneratedToken> _tokens = [];
    private readonly StringBuilder _text = new();
    private GeneratedToken[] _scores = [];
    private bool _full;
    private int _toldTokens, _toldCharacters;

    public string Text => _text.ToString();

    public long Seed => options.Seed;

    public ChatUsage Usage => new(prompt.Length, _tokens.Count, 0);

    public async Task Run(ITokenGenerator generator, Func<JsonObject, Task>? tell, CancellationToken cancel)
    {
        if (echo)
        {
            if (logprobs) _scores = await generator.ScoreAsync(prompt, options.Alternatives, cancel).ConfigureAwait(false);
            _text.Append(tokenizer.Decode(prompt, showSpecial: true));
            if (tell is not null) await tell(Piece()).ConfigureAwait(false);
        }
        if (options.MaxTokens == 0)
        {
            _full = true;
            return;
        }
        var stream = new TextStream(tokenizer, stops);
        await foreach (GeneratedToken token in generator.GenerateAsync(prompt, options, cancel).ConfigureAwait(false))
        {
            _tokens.Add(token);
            string piece = stream.Push(token.Id);
            _text.Append(piece);
            if (tell is not null && piece.Length > 0) await tell(Piece()).ConfigureAwait(false);
            if (stream.Stop is not null) break;
        }
        _text.Append(stream.Flush());
        _full = stream.Stop is null && _tokens.Count >= options.MaxTokens;
    }

    public JsonObject Choice() => new()
    {
        ["text"] = Text,
        ["index"] = index,
        ["logprobs"] = logprobs ? Logprobs(0) : null,
        ["finish_reason"] = _full ? "length" : "stop",
    };

    public JsonObject Last()
    {
        JsonObject piece = Piece();
        piece["finish_reason"] = _full ? "length" : "stop";
        return piece;
    }

    /// <summary>What was not told yet.</summary>
    private JsonObject Piece()
    {
        var piece = new JsonObject { ["text"] = _text.ToString(_toldCharacters, _text.Length - _toldCharacters), ["index"] = index, ["logprobs"] = logprobs ? Logprobs(_toldTokens) : null, ["finish_reason"] = null };
        _toldCharacters = _text.Length;
        _toldTokens = (echo ? prompt.Length : 0) + _tokens.Count;
        return piece;
    }

    /// <summary>Tokens, log-probabilities, alternatives and places in the text; the prompt's first token has none.</summary>
    private JsonObject Logprobs(int from)
    {
        IEnumerable<(int Id, float? LogProbability, IReadOnlyList<TokenProbability>? Top)> all = echo
            ? prompt.Select((id, i) => (id, i == 0 || _scores.Length == 0 ? (float?)null : _scores[i - 1].LogProbability, i == 0 || _scores.Length == 0 ? null : _scores[i - 1].Alternatives))
            : [];
        var tokens = new JsonArray();
        var probabilities = new JsonArray();
        var alternatives = new JsonArray();
        var offsets = new JsonArray();
        int offset = 0, at = 0;
        foreach ((int id, float? logProbability, IReadOnlyList<TokenProbability>? top) in all.Concat(_tokens.Select(t => (t.Id, (float?)t.LogProbability, t.Alternatives))))
        {
            string text = TokenJson.Text(tokenizer, id);
            if (at++ >= from)
            {
                tokens.Add(text);
                probabilities.Add((double?)logProbability);                         // all its bits
                offsets.Add(offset);
                alternatives.Add(logProbability is null ? null : Top(top, id, logProbability.Value));
            }
            offset += text.Length;
        }
        return new JsonObject { ["tokens"] = tokens, ["token_logprobs"] = probabilities, ["top_logprobs"] = alternatives, ["text_offset"] = offsets };
    }

    /// <summary>The likeliest tokens by their text, the one that is there among them; of tokens with the same text, the likelier.</summary>
    private JsonObject Top(IReadOnlyList<TokenProbability>? top, int id, float logProbability)
    {
        var table = new JsonObject();
        foreach (TokenProbability one in top ?? [])
        {
            string text = TokenJson.Text(tokenizer, one.Id);
            if (!table.ContainsKey(text)) table[text] = (double)one.LogProbability;
        }
        string own = TokenJson.Text(tokenizer, id);
        if (!table.ContainsKey(own)) table[own] = (double)logProbability;
        return table;
    }
}
