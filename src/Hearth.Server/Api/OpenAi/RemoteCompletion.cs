using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Remote;

namespace Hearth.Server.Api.OpenAi;

/// <summary>One prompt and its continuation by a remote model.</summary>
internal sealed class RemoteCompletion(
    RemoteModel model, JsonNode prompt, GenerationOptions options, string[] stops, Grammar? shape, bool echo, int? logprobs, int index) : ICompletion
{
    private const int BytesOfToken = 4;

    private readonly StringBuilder _text = new();
    private JsonObject? _logprobs;
    private string? _finish;
    private ChatUsage? _usage;
    private int _pieces;

    public string Text => _text.ToString();

    public long Seed => options.Seed;

    /// <summary>What it took; about that, when the other server does not say.</summary>
    public ChatUsage Usage => _usage ?? new ChatUsage((prompt is JsonArray tokens ? tokens.Count : Encoding.UTF8.GetByteCount(prompt.GetValue<string>()) / BytesOfToken) + 1, _pieces, 0);

    public async Task Run(Func<JsonObject, Task>? tell, CancellationToken cancel)
    {
        await foreach (RemotePiece piece in model.CompleteAsync(prompt, options, stops, shape, echo, logprobs, cancel).ConfigureAwait(false))
        {
            _usage = piece.Usage ?? _usage;
            _finish = piece.Finish ?? _finish;
            if (piece.Text.Length == 0 && piece.LogProbabilities is null) continue;
            _pieces++;
            _text.Append(piece.Text);
            if (tell is not null) await tell(One(piece.Text, piece.LogProbabilities?.DeepClone(), null)).ConfigureAwait(false);
            else Add(piece.LogProbabilities);
        }
    }

    public JsonObject Choice() => One(Text, _logprobs, _finish);

    public JsonObject Last() => One("", null, _finish);

    private JsonObject One(string text, JsonNode? probabilities, string? finish) => new() { ["text"] = text, ["index"] = index, ["logprobs"] = probabilities, ["finish_reason"] = finish };

    private void Add(JsonObject? more)
    {
        if (_logprobs is null || more is null)
        {
            _logprobs ??= more;
            return;
        }
        foreach ((string column, JsonNode? values) in more)
        {
            foreach (JsonNode? value in values!.AsArray()) _logprobs[column]!.AsArray().Add(value?.DeepClone());
        }
    }
}
