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
        int choices = fields.Whole("n", 1, MostChoices) ?? 1;
        if (fields.Whole("best_of", 1, MostChoices) is { } best && best != choices) throw new ApiException(400, "The field 'best_of' may only be what 'n' is.", "best_of");
        bool stream = fields.Flag("stream") ?? false, usage = Asked.WantsUsage(fields);
        ICompletion[] all = Read(fields, model, choices);
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

        if (!stream)
        {
            await Task.WhenAll(all.Select(c => c.Run(null, context.RequestAborted))).ConfigureAwait(false);
            foreach (ICompletion c in all) await Asked.Record(context, model, c.Seed, asked, c.Text, c.Usage).ConfigureAwait(false);
            JsonObject body = Body(new JsonArray([.. all.Select(c => c.Choice())]));
            body["usage"] = Usage(all, choices);
            return Json.Answer(body);
        }
        var events = new EventStream(context);
        foreach (ICompletion c in all)
        {
            await c.Run(piece => events.Send(Body([piece])), context.RequestAborted).ConfigureAwait(false);
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

    /// <summary>What a request asks for: so many continuations of each prompt. The caller reads what is left and calls <see cref="Fields.Done"/>.</summary>
    public static ICompletion[] Read(Fields fields, LoadedModel model, int choices)
    {
        fields.Accept("user", "metadata", "service_tier");
        JsonElement prompt = fields.Raw("prompt") ?? throw new ApiException(400, "The field 'prompt' is missing.", "prompt", "missing_required_parameter");
        if (fields.Text("suffix") is { Length: > 0 }) throw new ApiException(400, "The field 'suffix' is not supported.", "suffix", "unknown_parameter");
        bool echo = fields.Flag("echo") ?? false;
        int? top = fields.Whole("logprobs", 0, 20);
        Grammar? shape = Sampling.Shape(fields);
        GenerationOptions sampling = Sampling.Read(fields, model, Asked.MaxTokens(fields, 16, least: 0)) with { Alternatives = top ?? 0 };
        string[] stops = fields.Texts("stop", 16) ?? [];
        if (model.Remote is { } remote) return Each(RemotePrompts(prompt), choices, (p, c, i) => new RemoteCompletion(remote, p, sampling.With(c), stops, shape, echo, top, i));
        sampling = sampling with { StopTokens = model.Bundle.EndTokens, Constraint = shape is null ? null : ((ChatEngine)model.Engine).Constrain(shape) };
        return Each(Prompts(prompt, model), choices, (p, c, i) => new Completion(model, p, sampling.With(c), stops, echo, top is not null, i));
    }

    /// <summary>Each prompt as often as there are choices.</summary>
    private static ICompletion[] Each<T>(T[] prompts, int choices, Func<T, int, int, ICompletion> one) =>
        [.. prompts.SelectMany((p, i) => Enumerable.Range(0, choices).Select(c => one(p, c, (i * choices) + c)))];

    private static JsonObject Usage(ICompletion[] all, int choices)
    {
        int prompt = all.Where((_, i) => i % choices == 0).Sum(c => c.Usage.PromptTokens), answer = all.Sum(c => c.Usage.AnswerTokens);
        return new JsonObject { ["prompt_tokens"] = prompt, ["completion_tokens"] = answer, ["total_tokens"] = prompt + answer };
    }

    /// <summary>A text, texts, tokens, or lists of tokens.</summary>
    private static int[][] Prompts(JsonElement prompt, LoadedModel model) => Items(prompt,
        text => Whole(model, text), (list, at) => TokenJson.Ids(list, at, model.Bundle.Model.Config.VocabularySize));

    /// <summary>The same, to be passed on: a remote model's tokens are known to its own server.</summary>
    private static JsonNode[] RemotePrompts(JsonElement prompt) => Items<JsonNode>(prompt,
        text => JsonValue.Create(text), (list, at) => new JsonArray([.. TokenJson.Ids(list, at, int.MaxValue).Select(t => JsonValue.Create(t))]));

    private static T[] Items<T>(JsonElement prompt, Func<string, T> text, Func<JsonElement, string, T> tokens)
    {
        if (prompt.ValueKind == JsonValueKind.String) return [text(prompt.GetString()!)];
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0) throw Fields.Bad("prompt", prompt.ValueKind, "a text, texts, tokens, or lists of tokens");
        if (prompt.GetArrayLength() > MostPrompts && prompt[0].ValueKind != JsonValueKind.Number) throw new ApiException(400, $"The field 'prompt' has {prompt.GetArrayLength()} items, expected at most {MostPrompts}.", "prompt");
        return prompt[0].ValueKind == JsonValueKind.Number ? [tokens(prompt, "prompt")] : [.. prompt.EnumerateArray().Select((item, i) => item.ValueKind switch
        {
            JsonValueKind.String => text(item.GetString()!),
            JsonValueKind.Array => tokens(item, $"prompt[{i}]"),
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
internal interface ICompletion
{
    /// <summary>The text so far, the prompt in it where it is repeated.</summary>
    string Text { get; }

    long Seed { get; }

    ChatUsage Usage { get; }

    /// <summary>Goes on with the prompt; each piece goes to <paramref name="tell"/> as a choice.</summary>
    Task Run(Func<JsonObject, Task>? tell, CancellationToken cancel);

    /// <summary>The choice of a whole text.</summary>
    JsonObject Choice();

    /// <summary>The choice that ends a stream.</summary>
    JsonObject Last();
}

/// <summary>One prompt and its continuation by a model of this machine.</summary>
internal sealed class Completion(LoadedModel model, int[] prompt, GenerationOptions options, string[] stops, bool echo, bool logprobs, int index) : ICompletion
{
    private readonly Tokenizer _tokenizer = model.Bundle.Tokenizer;
    private readonly List<GeneratedToken> _tokens = [];
    private readonly StringBuilder _text = new();
    private GeneratedToken[] _scores = [];
    private bool _full;
    private int _toldTokens, _toldCharacters;

    public string Text => _text.ToString();

    public long Seed => options.Seed;

    public ChatUsage Usage => new(prompt.Length, _tokens.Count, 0);

    public async Task Run(Func<JsonObject, Task>? tell, CancellationToken cancel)
    {
        if (echo)
        {
            if (logprobs) _scores = await model.Tokens.ScoreAsync(prompt, options.Alternatives, cancel).ConfigureAwait(false);
            _text.Append(_tokenizer.Decode(prompt, showSpecial: true));
            if (tell is not null) await tell(Piece()).ConfigureAwait(false);
        }
        if (options.MaxTokens == 0)
        {
            _full = true;
            return;
        }
        var stream = new TextStream(_tokenizer, stops);
        await foreach (GeneratedToken token in model.Tokens.GenerateAsync(prompt, options, cancel).ConfigureAwait(false))
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
            string text = TokenJson.Text(_tokenizer, id);
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
            string text = TokenJson.Text(_tokenizer, one.Id);
            if (!table.ContainsKey(text)) table[text] = (double)one.LogProbability;
        }
        string own = TokenJson.Text(_tokenizer, id);
        if (!table.ContainsKey(own)) table[own] = (double)logProbability;
        return table;
    }
}
