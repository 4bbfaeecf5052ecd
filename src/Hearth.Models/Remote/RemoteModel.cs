using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Microsoft.Extensions.AI;

namespace Hearth.Models.Remote;

/// <summary>A piece of a text that a remote model goes on with.</summary>
/// <param name="Text">The text.</param>
/// <param name="LogProbabilities">As OpenAI's completions have them; null for none.</param>
public sealed record RemotePiece(string Text, JsonObject? LogProbabilities)
{
    /// <summary>Why the text ended, <c>stop</c> or <c>length</c>; null while it goes on.</summary>
    public string? Finish { get; init; }

    /// <summary>What it took; null while it is not told.</summary>
    public ChatUsage? Usage { get; init; }
}

/// <summary>
/// A model that another server has, asked by OpenAI's interface: vLLM, llama-server, another Hearth. It answers like a local one, but for what only whoever has
/// the weights can do: its tokens are not known here, and nobody here can promise that the same seed gives the same bytes.
/// </summary>
public sealed class RemoteModel : IChatModel, IDisposable
{
    private const int BytesOfToken = 4;

    private readonly HttpClient? _own;                                           // null when the connections are shared
    private readonly RemoteConnection _connection;

    /// <summary>A model with a connection of its own.</summary>
    /// <param name="spec">Where it is.</param>
    public RemoteModel(RemoteSpec spec)
    {
        _own = RemoteConnection.NewClient();
        (Spec, _connection) = (spec, new RemoteConnection(spec, _own));
    }

    internal RemoteModel(RemoteSpec spec, HttpClient shared) => (Spec, _connection) = (spec, new RemoteConnection(spec, shared));

    /// <summary>Where the model is.</summary>
    public RemoteSpec Spec { get; }

    /// <summary>The model for conversations.</summary>
    public IChatClient AsChatClient() => new HearthChatClient(this, Spec.Name);

    /// <inheritdoc/>
    public int[] Encode(ChatPrompt prompt) => throw CanNot("keeps its tokens to itself: they can not be counted or shown here. Ask its own server.");

    /// <summary>About how many tokens some text is, where the other server does not say: limits must not be free for that.</summary>
    /// <param name="bytes">Its bytes in UTF-8.</param>
    public static int GuessTokens(int bytes) => (bytes / BytesOfToken) + 1;

    /// <summary>What this model can not do, as an error.</summary>
    /// <param name="problem">What, after the model's name.</param>
    public RemoteException CanNot(string problem) => RemoteRequest.CanNot(Spec, problem);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatUpdate> AnswerAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var answer = new RemoteAnswer(Spec, request);
        await foreach (JsonElement chunk in _connection.StreamAsync("chat/completions", RemoteRequest.Chat(Spec, request), cancel).ConfigureAwait(false))
        {
            foreach (ChatUpdate update in answer.Take(chunk)) yield return update;
            if (answer.HasEnded) break;
        }
        foreach (ChatUpdate update in answer.End()) yield return update;
    }

    /// <summary>Goes on with a text.</summary>
    /// <param name="prompt">A text, or its tokens as the model numbers them.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="stops">Strings that end the text.</param>
    /// <param name="shape">What the text must be like; null for anything.</param>
    /// <param name="echo">Whether the prompt comes first.</param>
    /// <param name="logprobs">How many alternatives to report for each token; null for no log-probabilities.</param>
    /// <param name="cancel">Ends the request, also at the other server.</param>
    /// <exception cref="RemoteException">It can not be asked, or not this.</exception>
    public async IAsyncEnumerable<RemotePiece> CompleteAsync(JsonNode prompt, GenerationOptions options, IReadOnlyList<string> stops, Grammar? shape, bool echo, int? logprobs,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var text = new RemoteText(Spec, prompt, echo, logprobs is not null);
        JsonObject body = RemoteRequest.Completion(Spec, prompt.DeepClone(), options, stops, shape, echo, logprobs);
        await foreach (JsonElement chunk in _connection.StreamAsync("completions", body, cancel).ConfigureAwait(false))
        {
            if (text.Take(chunk) is { } piece) yield return piece;
        }
        text.End();
    }

    /// <summary>Texts as directions.</summary>
    /// <param name="inputs">Texts, or lists of tokens as the model numbers them.</param>
    /// <param name="dimensions">How many numbers are wanted; null for as many as the model gives.</param>
    /// <param name="cancel">Ends the request, also at the other server.</param>
    /// <returns>[texts, C], and the tokens it took; 0 where that is not told.</returns>
    /// <exception cref="RemoteException">It can not be asked, or not this.</exception>
    public async Task<(float[][] Embeddings, int Tokens)> EmbedAsync(IReadOnlyList<JsonNode> inputs, int? dimensions = null, CancellationToken cancel = default)
    {
        var body = new JsonObject { ["model"] = Spec.Model, ["input"] = new JsonArray([.. inputs.Select(i => i.DeepClone())]), ["encoding_format"] = "float" };
        if (dimensions is not null) body["dimensions"] = dimensions;
        JsonElement json = await _connection.AskAsync("embeddings", body, cancel).ConfigureAwait(false);
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array || data.GetArrayLength() != inputs.Count)
            throw _connection.Broken($"sent something that is no list of {inputs.Count:N0} embeddings.");
        var embeddings = new float[inputs.Count][];
        foreach ((JsonElement item, int at) in data.EnumerateArray().Select((e, i) => (e, i)))
        {
            int index = item.ValueKind == JsonValueKind.Object && item.TryGetProperty("index", out JsonElement i) && i.ValueKind == JsonValueKind.Number && i.TryGetInt32(out int told) ? told : at;
            if (index < 0 || index >= embeddings.Length || embeddings[index] is not null) throw _connection.Broken("mixed up its embeddings.");
            embeddings[index] = Embedding(item);
            if (embeddings[index].Length != embeddings.First(e => e is not null).Length) throw _connection.Broken("sent embeddings of several lengths.");
        }
        return (embeddings, RemoteJson.Usage(json)?.PromptTokens ?? 0);
    }

    /// <summary>Asks the model once for each thing that it might do.</summary>
    /// <param name="cancel">Ends it early.</param>
    public Task<IReadOnlyList<RemoteAbility>> ProbeAsync(CancellationToken cancel = default) => new RemoteProbe(this, _connection).RunAsync(cancel);

    /// <inheritdoc/>
    public void Dispose() => _own?.Dispose();

    private float[] Embedding(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("embedding", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw _connection.Broken("sent an embedding that is no list of numbers.");
        return [.. list.EnumerateArray().Select(n => n.ValueKind == JsonValueKind.Number && n.TryGetSingle(out float value) && float.IsFinite(value)
            ? value : throw _connection.Broken("sent an embedding that is no list of numbers."))];
    }
}
