using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Server.Api;

/// <summary>An answer that was given, for those who have to be able to show later what was said.</summary>
/// <param name="Key">The id of the key that asked.</param>
/// <param name="Owner">The key's name.</param>
/// <param name="Route">The interface.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Digest">The model's digest.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Request">All of the request that the answer depends on; whoever keeps it changes a copy.</param>
/// <param name="Answer">The answer.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
public sealed record AnswerRecord(string Key, string Owner, string Route, string Model, string Digest, long Seed, JsonNode Request, JsonNode Answer, int PromptTokens, int AnswerTokens);

/// <summary>Keeps records of answers.</summary>
public interface IAnswerLog
{
    /// <summary>Keeps a record; completes when it is durable. The client's last bytes wait for it.</summary>
    /// <param name="record">The record.</param>
    Task AppendAsync(AnswerRecord record);
}

/// <summary>What every route that asks a model does first and last.</summary>
internal static class Asked
{
    /// <summary>The model that a request names; it stays in memory until the request has ended.</summary>
    public static async Task<LoadedModel> Model(HttpContext context, string name)
    {
        Caller caller = context.Caller();
        caller.RequireModel(name);
        LoadedModel model = await context.RequestServices.GetRequiredService<IModelHost>().GetAsync(name, caller.Id, context.RequestAborted).ConfigureAwait(false);
        context.Response.RegisterForDispose(model.Lease);
        return model;
    }

    /// <summary>Keeps a record of an answer, and counts its tokens.</summary>
    public static Task Record(HttpContext context, LoadedModel model, long seed, JsonNode request, JsonNode answer, ChatUsage usage) =>
        Record(context.RequestServices, context.Caller(), context.Request.Path, model, seed, request, answer, usage);

    /// <summary>Keeps a record of an answer, and counts its tokens, whatever way it was asked for.</summary>
    public static async Task Record(IServiceProvider services, Caller caller, string route, LoadedModel model, long seed, JsonNode request, JsonNode answer, ChatUsage usage)
    {
        await services.GetRequiredService<IAnswerLog>().AppendAsync(new AnswerRecord(
            caller.Id, caller.Name, route, model.Name, model.Digest, seed, request, answer, usage.PromptTokens, usage.AnswerTokens)).ConfigureAwait(false);
        await services.GetRequiredService<UsageMeter>().CountAsync(caller, usage.PromptTokens + usage.AnswerTokens).ConfigureAwait(false);
    }

    /// <summary>Counts tokens of whoever asks, where there is no answer to keep.</summary>
    public static Task Count(HttpContext context, int tokens) => context.RequestServices.GetRequiredService<UsageMeter>().CountAsync(context.Caller(), tokens);

    /// <summary>What answers depend on beside the request: the weights and the arithmetic.</summary>
    public static string Fingerprint(LoadedModel model) => model.Remote is not null ? "remote" : $"hearth-{Numerics.NumericsVersion.Current}-{model.Digest[..16]}";

    /// <summary>Seconds since 1970.</summary>
    public static long Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds();

    /// <summary>A new id.</summary>
    public static string Id(string kind) => kind + Guid.CreateVersion7().ToString("N");

    /// <summary>Whether a stream is to end with what it took.</summary>
    public static bool WantsUsage(Fields fields)
    {
        if (fields.Object("stream_options") is not { } options) return false;
        bool usage = options.Flag("include_usage") ?? false;
        options.Accept("include_obfuscation", "continuous_usage_stats").Done();
        return usage;
    }

    /// <summary>The most tokens of an answer, by the names that interfaces gave it.</summary>
    public static int MaxTokens(Fields fields, int usual, int least = 1) =>
        fields.Whole("max_completion_tokens", least, int.MaxValue) ?? fields.Whole("max_tokens", least, int.MaxValue) ?? usual;

    /// <summary>The most tokens of reasoning, by the names that other servers gave it; null for any number.</summary>
    public static int? ThinkingBudget(Fields fields) => fields.Whole("thinking_budget", 0, int.MaxValue) ?? fields.Whole("reasoning_budget", 0, int.MaxValue);

    /// <summary>The options of one of several answers: answer i is the one that seed + i gives alone.</summary>
    public static GenerationOptions With(this GenerationOptions options, int choice) => choice == 0 ? options : options with { Seed = options.Seed + choice };
}
