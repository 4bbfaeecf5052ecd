using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Numerics;
using Hearth.Server.Api.Anthropic;
using Hearth.Server.Api.OpenAi;
using Hearth.Server.Api.Wire;
using Hearth.Server.Hosting;
using Hearth.Server.Models;
using Hearth.Server.Scheduling;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Auditing;

/// <summary>What came of running a recorded request again.</summary>
/// <param name="Entry">The entry's place.</param>
/// <param name="Equal">Whether the answer is the recorded one, to the byte.</param>
/// <param name="Recorded">The recorded digest of the answer.</param>
/// <param name="Again">The digest of the answer now, with the entry's salt.</param>
/// <param name="Answer">The answer now, in the form that is recorded.</param>
/// <param name="Seed">The seed, as recorded.</param>
/// <param name="ModelDigest">The model's digest, as recorded and as it is.</param>
public sealed record ReplayedAnswer(long Entry, bool Equal, string Recorded, string Again, string Answer, long Seed, string ModelDigest)
{
    /// <summary>The verdict in a sentence.</summary>
    public string Verdict => Equal
        ? $"Equal: asked again with the recorded seed, the model gives the recorded answer of entry {Entry:N0}, byte for byte."
        : $"DIFFERENT: asked again with the recorded seed, the model gives another answer than entry {Entry:N0} names.";
}

/// <summary>
/// Runs recorded requests again: the same request, seed and model give the same bytes, so what was said can be shown to be what the model says. It writes
/// nothing.
/// </summary>
/// <param name="models">The models.</param>
/// <param name="log">The log.</param>
/// <param name="responses">Conversations that requests went on from.</param>
public sealed class AuditReplay(IModelHost models, AuditLog log, ResponseStore responses)
{
    private const string Owner = "audit", MessagesEndpoint = "/v1/messages", CompletionsEndpoint = "/v1/completions", ResponsesEndpoint = "/v1/responses";

    /// <summary>Fields of a request that say how its answer is told, not what it is.</summary>
    private static readonly string[] Telling = ["stream", "stream_options", "n", "best_of", "seed", "store", "background"];

    /// <summary>Runs an entry's request again, without a server.</summary>
    /// <param name="options">Where models are, and the threads.</param>
    /// <param name="contexts">The database.</param>
    /// <param name="sequence">The entry's place.</param>
    /// <param name="cancel">Ends the work early.</param>
    public static async Task<ReplayedAnswer> RunAsync(ServerOptions options, IDbContextFactory<ServerDatabase> contexts, long sequence, CancellationToken cancel)
    {
        await using var host = new ScheduledModelHost(options, TimeProvider.System);
        await using var log = new AuditLog(contexts, TimeProvider.System, options);
        return await new AuditReplay(host, log, new ResponseStore(contexts)).RunAsync(sequence, cancel).ConfigureAwait(false);
    }

    /// <summary>Runs an entry's request again.</summary>
    /// <param name="sequence">The entry's place.</param>
    /// <param name="cancel">Ends the work early.</param>
    /// <exception cref="AuditException">It can not be run again: it is no answer, its texts are gone, or the model is another one now.</exception>
    public async Task<ReplayedAnswer> RunAsync(long sequence, CancellationToken cancel)
    {
        AuditRecord record = await log.FindAsync(sequence, cancel).ConfigureAwait(false) ?? throw new AuditException($"There is no entry {sequence:N0}. `hearth audit-log show` lists those there are.");
        if (record.Line is not AnswerLine line) throw new AuditException($"Entry {sequence:N0} is no answer of a model{(record.Line is null ? " any more: it was cut down to its hash" : "")}, so there is nothing to run again.");
        if (record.Salt is null) throw new AuditException($"The texts of entry {sequence:N0} were taken out, so its request can not be run again.");
        if (record.Prompt is null) throw new AuditException($"Entry {sequence:N0} keeps digests alone, so its request can not be run again. With `--audit-texts stored` the server keeps texts.");
        if (line.Numerics != NumericsVersion.Current)
        {
            throw new AuditException($"Entry {sequence:N0} was given with Numerics.Version {line.Numerics}, this is {NumericsVersion.Current}. Run it again with Hearth {line.Version}.");
        }
        using LoadedHere model = await LoadAsync(line, cancel).ConfigureAwait(false);
        JsonObject request = Request(line, record.Prompt);
        IReadOnlyList<(JsonNode Answer, int Tokens)> answers = await AnswerAsync(line, request, model.Model, cancel).ConfigureAwait(false);
        if (!answers.Any(a => IsRecorded(a.Answer)) && line.Endpoint is not (CompletionsEndpoint or ResponsesEndpoint or MessagesEndpoint) && answers[0].Tokens > line.AnswerTokens && line.AnswerTokens > 0)
        {
            request["max_completion_tokens"] = line.AnswerTokens;                // somebody stopped it there
            answers = await AnswerAsync(line, request, model.Model, cancel).ConfigureAwait(false);
        }
        JsonNode shown = answers.FirstOrDefault(a => IsRecorded(a.Answer)).Answer ?? answers[0].Answer;
        return new ReplayedAnswer(sequence, IsRecorded(shown), line.Answer, DigestOf(shown), shown.ToJsonString(Json.Plain), line.Seed, line.ModelDigest);

        bool IsRecorded(JsonNode answer) => DigestOf(answer) == line.Answer;

        string DigestOf(JsonNode answer) => AuditTextDigest.Of(record.Salt, StorableText.Of(answer.ToJsonString(Json.Plain)));
    }

    private async Task<LoadedHere> LoadAsync(AnswerLine line, CancellationToken cancel)
    {
        LoadedModel model;
        try
        {
            model = await models.GetAsync(line.Model, Owner, cancel).ConfigureAwait(false);
        }
        catch (UnknownModelException e)
        {
            throw new AuditException($"The model '{line.Model}' is not here any more. Put the one with the digest {line.ModelDigest} back under this name.", e);
        }
        if (model.Remote is not null) throw new AuditException($"The model '{line.Model}' is another server's, which promises no equal bytes: its answers can not be run again.");
        if (model.Digest == line.ModelDigest) return new LoadedHere(model);
        model.Lease.Dispose();
        throw new AuditException($"The model '{line.Model}' is another one now: its digest is {model.Digest}, and the entry names {line.ModelDigest}. Put that one back under this name.");
    }

    /// <summary>The request as it was asked: what was said stands apart in the log, one JSON text a line, in the order in which <c>AuditedAnswers</c> keeps them.</summary>
    private static JsonObject Request(AnswerLine line, string prompt)
    {
        var request = line.Options?.DeepClone() as JsonObject ?? [];
        string[] names = line.Endpoint switch
        {
            MessagesEndpoint => ["messages", "system"],
            CompletionsEndpoint => ["prompt"],
            ResponsesEndpoint => ["input", "instructions"],
            _ => ["messages"],
        };
        JsonNode[] texts = Texts(line, prompt);
        if (texts.Length == 0 || texts.Length > names.Length) throw NotKept(line);
        for (int i = 0; i < texts.Length; i++) request[names[i]] = texts[i];
        foreach (string name in Telling) request.Remove(name);
        request["seed"] = line.Seed;
        return request;
    }

    private static JsonNode[] Texts(AnswerLine line, string prompt)
    {
        try
        {
            var found = new List<JsonNode>();
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(prompt), new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 128 });
            while (reader.Read()) found.Add(JsonNode.Parse(ref reader)!);
            return [.. found];
        }
        catch (JsonException)
        {
            throw NotKept(line);
        }
    }

    private static AuditException NotKept(AnswerLine line) => new($"Entry {line.Sequence:N0} does not hold its request in the form that it was asked in, so it can not be run again.");

    /// <summary>The answers, as they are recorded; several when the request had several prompts, of which the entry does not say which it is about.</summary>
    private async Task<IReadOnlyList<(JsonNode Answer, int Tokens)>> AnswerAsync(AnswerLine line, JsonObject request, LoadedModel model, CancellationToken cancel)
    {
        using JsonDocument json = JsonDocument.Parse(request.ToJsonString(Json.Plain), new JsonDocumentOptions { MaxDepth = 128 });
        var fields = new Fields(json.RootElement);
        switch (line.Endpoint)
        {
            case CompletionsEndpoint:
                var answers = new List<(JsonNode, int)>();
                foreach (ICompletion completion in Completions.Read(fields, model, 1))
                {
                    await completion.Run(null, cancel).ConfigureAwait(false);
                    answers.Add((JsonValue.Create(completion.Text), completion.Usage.AnswerTokens));
                }
                return answers;
            case ResponsesEndpoint:
                List<ChatMessage> before = await StoredResponses.Conversation(responses, line.Key, fields.Text("previous_response_id"), cancel).ConfigureAwait(false);
                ChatRequest asked = Responses.Read(fields, model, before);
                var response = new ResponseBuilder(model, asked, "", 0, request);
                await foreach (ChatUpdate update in model.Engine.AnswerAsync(asked, cancel).ConfigureAwait(false)) _ = response.Take(update);
                return [(StableAnswer.Of(response.Output()), response.Usage.AnswerTokens)];
            default:
                ChatRequest chat = line.Endpoint == MessagesEndpoint ? MessagesReader.Read(fields, model, needsMaxTokens: false) : ChatCompletions.Read(fields, model);
                var answer = new ChatAnswer(model, chat, 0);
                await answer.Run(_ => default, cancel).ConfigureAwait(false);
                return [(StableAnswer.Of(answer.Message()), answer.Usage.AnswerTokens)];
        }
    }

    private sealed record LoadedHere(LoadedModel Model) : IDisposable
    {
        public void Dispose() => Model.Lease.Dispose();
    }
}
