using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hearth.Models.Chat;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.OpenAi;

/// <summary><c>POST /v1/chat/completions</c> (OpenAI API reference, "Chat Completions").</summary>
internal static class ChatCompletions
{
    private const int MostChoices = 16;

    public static async Task<IResult> Post(HttpContext context)
    {
        Fields fields = await Fields.Of(context.Request).ConfigureAwait(false);
        JsonNode asked = fields.Whole();
        LoadedModel model = await Asked.Model(context, fields.Need("model")).ConfigureAwait(false);
        ChatRequest request = Read(fields, model);
        int choices = fields.Whole("n", 1, MostChoices) ?? 1;
        bool stream = fields.Flag("stream") ?? false, usage = Asked.WantsUsage(fields);
        fields.Done();
        string id = Asked.Id("chatcmpl-");
        long created = Asked.Now(context);
        var answers = new ChatAnswer[choices];
        for (int i = 0; i < choices; i++) answers[i] = new ChatAnswer(model, request with { Options = request.Options.With(i) }, i);
        if (stream)
        {
            await Stream(context, model, answers, id, created, usage, asked).ConfigureAwait(false);
            return Results.Empty;
        }
        await Task.WhenAll(answers.Select(a => a.Run(_ => default, context.RequestAborted))).ConfigureAwait(false);
        foreach (ChatAnswer answer in answers) await Asked.Record(context, model, answer.Seed, asked, answer.Message(), answer.Usage).ConfigureAwait(false);
        return Json.Answer(new JsonObject
        {
            ["id"] = id,
            ["object"] = "chat.completion",
            ["created"] = created,
            ["model"] = model.Name,
            ["choices"] = new JsonArray([.. answers.Select(a => a.Choice())]),
            ["usage"] = Usage(answers),
            ["system_fingerprint"] = Asked.Fingerprint(model),
            ["seed"] = request.Options.Seed,
        });
    }

    /// <summary>What a request asks for. The caller reads what is left and calls <see cref="Fields.Done"/>.</summary>
    public static ChatRequest Read(Fields fields, LoadedModel model)
    {
        if (fields.Flag("store") == true) throw new ApiException(400, "The field 'store' may only be false here; /v1/responses keeps answers.", "store", "unknown_parameter");
        fields.Accept("metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier", "verbosity");
        List<ChatMessage> messages = Messages.Read(fields);
        ContextBound.Require(model, "messages", messages.Sum(m => (long)m.Content.Length));
        (ToolChoice choice, string? name) = Messages.Choice(fields);
        string? effort = fields.OneOf("reasoning_effort", "none", "minimal", "low", "medium", "high");
        bool? thinking = effort == "none" ? false : null;
        if (fields.Object("chat_template_kwargs") is { } variables)
        {
            thinking = variables.Flag("enable_thinking") ?? variables.Flag("thinking") ?? thinking;
            effort ??= variables.Text("reasoning_effort");
            variables.Done();
        }
        thinking = fields.Flag("enable_thinking") ?? thinking;
        bool top = fields.Flag("logprobs") ?? false;
        int alternatives = fields.Whole("top_logprobs", 0, 20) ?? 0;
        if (alternatives > 0 && !top) throw new ApiException(400, "The field 'top_logprobs' needs 'logprobs' to be true.", "top_logprobs");
        if (fields.Texts("modalities", 4) is { } kinds && kinds.Any(k => k != "text")) throw new ApiException(400, "The field 'modalities' may only hold text here.", "modalities");
        bool open = fields.Flag("continue_final_message") ?? false;
        bool ask = fields.Flag("add_generation_prompt") ?? !open;
        return new ChatRequest(new ChatPrompt(messages)
        {
            Tools = Messages.Tools(fields),
            Thinking = thinking,
            ReasoningEffort = effort == "minimal" ? "low" : effort == "none" ? null : effort,
            ContinueLast = open,
            AskForAnswer = ask,
        })
        {
            Options = Sampling.Read(fields, model, Asked.MaxTokens(fields, int.MaxValue)) with { Alternatives = alternatives },
            Stops = fields.Texts("stop", 16) ?? [],
            Shape = Sampling.Shape(fields),
            ToolChoice = choice,
            ToolName = name,
            ParallelCalls = fields.Flag("parallel_tool_calls") ?? true,
            ReasoningBudget = Asked.ThinkingBudget(fields),
            LogProbabilities = top,
        };
    }

    public static JsonObject Usage(IReadOnlyCollection<ChatAnswer> answers)
    {
        int prompt = answers.Max(a => a.Usage.PromptTokens), answer = answers.Sum(a => a.Usage.AnswerTokens);
        return new JsonObject
        {
            ["prompt_tokens"] = prompt,
            ["completion_tokens"] = answer,
            ["total_tokens"] = prompt + answer,
            ["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = answers.Sum(a => a.Usage.ReasoningTokens) },
        };
    }

    private static async Task Stream(HttpContext context, LoadedModel model, ChatAnswer[] answers, string id, long created, bool usage, JsonNode asked)
    {
        JsonObject Chunk(JsonArray choices) => new()
        {
            ["id"] = id,
            ["object"] = "chat.completion.chunk",
            ["created"] = created,
            ["model"] = model.Name,
            ["system_fingerprint"] = Asked.Fingerprint(model),
            ["choices"] = choices,
        };

        var events = new EventStream(context);
        Channel<JsonObject> chunks = Channel.CreateUnbounded<JsonObject>();
        Task work = Task.Run(async () =>
        {
            try
            {
                await Task.WhenAll(answers.Select(a => a.Run(choice => chunks.Writer.WriteAsync(Chunk([choice])), context.RequestAborted))).ConfigureAwait(false);
                chunks.Writer.Complete();
            }
            catch (Exception e)
            {
                chunks.Writer.Complete(e);
            }
        });
        bool began = false;
        try
        {
            await foreach (JsonObject chunk in chunks.Reader.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
            {
                began = true;
                await events.Send(chunk).ConfigureAwait(false);
            }
            await work.ConfigureAwait(false);
            foreach (ChatAnswer answer in answers) await Asked.Record(context, model, answer.Seed, asked, answer.Message(), answer.Usage).ConfigureAwait(false);
            foreach (ChatAnswer answer in answers) await events.Send(Chunk([answer.Last()])).ConfigureAwait(false);
            if (usage)
            {
                JsonObject last = Chunk([]);
                last["usage"] = Usage(answers);
                last["seed"] = answers[0].Seed;
                await events.Send(last).ConfigureAwait(false);
            }
            await events.Send("[DONE]").ConfigureAwait(false);
        }
        catch (Exception e) when (began && e is not OperationCanceledException)
        {
            await events.Send(ApiErrors.Body(ApiErrors.Of(e, context), anthropic: false)).ConfigureAwait(false);
        }
    }
}
