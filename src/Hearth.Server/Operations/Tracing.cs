using System.Diagnostics;

namespace Hearth.Server.Operations;

/// <summary>
/// Spans of answers, named as OpenTelemetry's semantic conventions for generative AI have them (gen_ai.*, semantic conventions 1.37). They never hold what
/// was asked or answered.
/// </summary>
public static class Tracing
{
    /// <summary>The name of the source.</summary>
    public const string SourceName = "Hearth";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins a span.</summary>
    /// <param name="operation"><c>chat</c>, <c>text_completion</c> or <c>embeddings</c>.</param>
    /// <param name="model">The model's name.</param>
    /// <returns>Null when nobody listens.</returns>
    public static Activity? Begin(string operation, string model)
    {
        Activity? span = Source.StartActivity($"{operation} {model}", ActivityKind.Server);
        span?.SetTag("gen_ai.operation.name", operation);
        span?.SetTag("gen_ai.provider.name", "hearth");
        span?.SetTag("gen_ai.request.model", model);
        return span;
    }

    /// <summary>Says how it was sampled.</summary>
    /// <param name="span">The span.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="temperature">The temperature.</param>
    /// <param name="maxTokens">The most tokens.</param>
    public static void Sampling(this Activity? span, long seed, double temperature, int maxTokens)
    {
        span?.SetTag("gen_ai.request.seed", seed);
        span?.SetTag("gen_ai.request.temperature", temperature);
        span?.SetTag("gen_ai.request.max_tokens", maxTokens);
    }

    /// <summary>Says how it ended.</summary>
    /// <param name="span">The span.</param>
    /// <param name="id">The response's id.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="answerTokens">Tokens of the answer.</param>
    /// <param name="finish">Why the answer ended.</param>
    public static void Ended(this Activity? span, string id, int promptTokens, int answerTokens, string finish)
    {
        span?.SetTag("gen_ai.response.id", id);
        span?.SetTag("gen_ai.usage.input_tokens", promptTokens);
        span?.SetTag("gen_ai.usage.output_tokens", answerTokens);
        span?.SetTag("gen_ai.response.finish_reasons", new[] { finish });
    }

    /// <summary>Says that it failed.</summary>
    /// <param name="span">The span.</param>
    /// <param name="error">Why; its message is not told, as it may quote what was asked.</param>
    public static void Failed(this Activity? span, Exception error)
    {
        span?.SetStatus(ActivityStatusCode.Error);
        span?.SetTag("error.type", error.GetType().FullName);
    }
}
