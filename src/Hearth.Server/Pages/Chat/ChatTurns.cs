using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api;
using Hearth.Server.Api.OpenAi;
using Hearth.Server.Api.Wire;
using Hearth.Server.Auditing;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Pages.Chat;

/// <summary>
/// Answers that people asked for on the chat page. Each goes the way of a chat completion: the same reading of its request, the same model, limits and audit
/// log. It lives beside the page, so that a page that is loaded again finds it, and ends when nobody looks any more.
/// </summary>
/// <param name="services">What the interfaces ask with.</param>
/// <param name="usage">Limits.</param>
/// <param name="conversations">Where answers are kept.</param>
/// <param name="logs">The log.</param>
internal sealed class ChatTurns(IServiceProvider services, UsageMeter usage, ConversationStore conversations, ILoggerFactory logs) : IHostedService
{
    /// <summary>What the audit log has in the place of a route.</summary>
    public const string Route = "/ (chat page)";

    private readonly ConcurrentDictionary<string, RunningAnswer> _running = new(StringComparer.Ordinal);

    /// <summary>How long an answer goes on while nobody looks: as long as a page takes to load again.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The answer that a conversation waits for; null for none.</summary>
    public RunningAnswer? Find(string owner, string conversation) =>
        _running.TryGetValue(conversation, out RunningAnswer? answer) && answer.Caller.Id == owner ? answer : null;

    /// <summary>Asks a model.</summary>
    /// <exception cref="ApiException">A limit is reached, or the conversation waits for an answer already.</exception>
    public async Task<RunningAnswer> StartAsync(Caller caller, Turn turn)
    {
        await usage.AdmitAsync(caller).ConfigureAwait(false);
        var answer = new RunningAnswer(caller, turn, Patience);
        if (!_running.TryAdd(turn.Conversation, answer)) throw new ApiException(409, "An answer is being written in this conversation. Stop it, or wait for its end.");
        _ = answer.StopWhenAlone();
        _ = Task.Run(() => Run(answer));
        return answer;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets answers end for as long as the host allows; then they are kept as far as they went.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task all = Task.WhenAll(_running.Values.Select(a => a.Done));
        try
        {
            await all.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            foreach (RunningAnswer answer in _running.Values) answer.Stop();
            await all.ConfigureAwait(false);
        }
    }

    private async Task Run(RunningAnswer running)
    {
        string? error = null;
        try
        {
            LoadedModel model = await Asked.Model(services, running.Caller, running.Turn.Model, running.Stopping).ConfigureAwait(false);
            using IDisposable lease = model.Lease;
            error = await Answer(running, model).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (running.Stopping.IsCancellationRequested)
        {
            // It was stopped before there was anything to keep.
        }
        catch (Exception e)
        {
            error = Sentence(e);
        }
        finally
        {
            _running.TryRemove(running.Turn.Conversation, out _);
            running.End(error);
            running.Dispose();
        }
    }

    private string Sentence(Exception e) => ApiErrors.Of(e, logs, Route).Message;

    /// <summary>Answers, and keeps the answer as far as it went.</summary>
    /// <returns>Why it ended early; null when nothing failed.</returns>
    private async Task<string?> Answer(RunningAnswer running, LoadedModel model)
    {
        Turn turn = running.Turn;
        if (turn.Repeats is { } then && then.ModelDigest != model.Digest)
        {
            running.Verdict = new Verdict(false, $"The model is another one now: its digest was {Short(then.ModelDigest)}, and is {Short(model.Digest)}.");
            return null;
        }
        (JsonObject body, ChatRequest request) = Read(turn, model);
        var answer = new ChatAnswer(model, request, 0);
        string? finish = null, error = null;
        running.Begin();
        try
        {
            await answer.Run(choice => { running.Take(choice); return default; }, running.Stopping).ConfigureAwait(false);
            finish = answer.Finish();
        }
        catch (OperationCanceledException) when (running.Stopping.IsCancellationRequested)
        {
            finish = "stopped";
        }
        catch (Exception e) when (answer.Usage.AnswerTokens > 0)
        {
            (finish, error) = ("failed", Sentence(e));
        }
        double milliseconds = running.Milliseconds;
        if (answer.Usage.AnswerTokens == 0 && finish == "stopped") return error;
        AuditReceipt receipt = await Asked.Record(services, running.Caller, Route, model, answer.Seed, body, answer.Message(), answer.Usage).ConfigureAwait(false);
        if (turn.Repeats is { } before)
        {
            running.Verdict = Compare(before, answer, model, finish);
            return error;
        }
        await conversations.AddAsync(running.Caller.Id, new MessageRow
        {
            Id = running.Id,
            ConversationId = turn.Conversation,
            ParentId = turn.Question,
            Role = "assistant",
            Content = answer.Text,
            Reasoning = answer.Reasoning.Length > 0 ? answer.Reasoning : null,
            Model = model.Name,
            ModelDigest = model.Digest,
            Settings = (turn.Settings with { Seed = answer.Seed }).ToJson(),
            Seed = answer.Seed,
            PromptTokens = answer.Usage.PromptTokens,
            AnswerTokens = answer.Usage.AnswerTokens,
            FirstTokenMilliseconds = running.FirstMilliseconds,
            TotalMilliseconds = milliseconds,
            Finish = finish,
            AuditSequence = receipt.Sequence,
        }).ConfigureAwait(false);
        return error;
    }

    /// <summary>The request as the interface reads it. Its seed is written into it, so that it can be asked again.</summary>
    private static (JsonObject Body, ChatRequest Request) Read(Turn turn, LoadedModel model)
    {
        JsonObject body = turn.Settings.Request(model.Name, turn.Messages);
        using JsonDocument json = JsonDocument.Parse(body.ToJsonString());
        var fields = new Fields(json.RootElement.Clone());
        fields.Need("model");
        ChatRequest request = ChatCompletions.Read(fields, model);
        fields.Done();
        body["seed"] = request.Options.Seed;
        return (body, request);
    }

    private static Verdict Compare(MessageRow before, ChatAnswer now, LoadedModel model, string? finish)
    {
        if (finish == "stopped") return new Verdict(false, "It was stopped before it could be compared.");
        string text = before.Content, reasoning = before.Reasoning ?? "";
        // An answer that was stopped is compared as far as it went.
        bool cut = before.Finish is "stopped" or "failed";
        bool equal = cut
            ? StorableText.Of(now.Text).StartsWith(text, StringComparison.Ordinal) && StorableText.Of(now.Reasoning).StartsWith(reasoning, StringComparison.Ordinal)
            : StorableText.Of(now.Text) == text && StorableText.Of(now.Reasoning) == reasoning;
        int bytes = System.Text.Encoding.UTF8.GetByteCount(text) + System.Text.Encoding.UTF8.GetByteCount(reasoning);
        return equal
            ? new Verdict(true, $"Asked again with seed {before.Seed}: the same {bytes:N0} bytes{(cut ? ", as far as it went" : "")}.")
            : model.Remote is not null ? new Verdict(false, $"Asked again with seed {before.Seed}: the answer is not the same. The model is another server's, which promises no equal bytes.")
            : new Verdict(false, $"Asked again with seed {before.Seed}: the answer is not the same. Please report this, with the model's digest {Short(model.Digest)}.");
    }

    private static string Short(string? digest) => digest is { Length: > 16 } ? digest[..16] : digest ?? "unknown";
}
