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
    private readonly StringBuilder _text = new();
    private JsonObject? _logprobs;
    private RemotePiece _last = new("", null);                                   // the piece that says why the text ended
    private ChatUsage? _usage;
    private int _pieces;

    public string Text => _text.ToString();

    public long Seed => options.Seed;

    /// <summary>What it took; about that, when the other server does not say.</summary>
    public ChatUsage Usage => _usage ?? new ChatUsage(prompt is JsonArray tokens ? tokens.Count + 1 : RemoteModel.GuessTokens(Encoding.UTF8.GetByteCount(prompt.GetValue<string>())), _pieces, 0);

    public async Task Run(Func<JsonObject, Task>? tell, CancellationToken cancel)
    {
        await foreach (RemotePiece piece in model.CompleteAsync(prompt, options, stops, shape, echo, logprobs, cancel).ConfigureAwait(false))
        {
            _usage = piece.Usage ?? _usage;
            if (piece.Text.Length > 0) _pieces++;
            _text.Append(piece.Text);
            if (piece.Finish is not null) _last = piece;
            if (tell is null) Add(piece.LogProbabilities);
            else if (piece.Finish is null && (piece.Text.Length > 0 || piece.LogProbabilities is not null)) await tell(One(piece)).ConfigureAwait(false);
        }
    }

    public JsonObject Choice() => One(_last with { Text = Text, LogProbabilities = _logprobs });

    public JsonObject Last() => One(_last);

    private JsonObject One(RemotePiece piece) => new() { ["text"] = piece.Text, ["index"] = index, ["logprobs"] = piece.LogProbabilities, ["finish_reason"] = piece.Finish };

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
