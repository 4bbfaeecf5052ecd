using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Microsoft.Extensions.AI;
using Answer = Microsoft.Extensions.AI.ChatResponseUpdate;
using Message = Microsoft.Extensions.AI.ChatMessage;

namespace Hearth.Models.Chat;

/// <summary>A model as an <see cref="IChatClient"/> of Microsoft.Extensions.AI: text, reasoning, tools, answers held to a schema.</summary>
/// <param name="engine">Answers: a <see cref="ChatEngine"/>, or a remote model.</param>
/// <param name="name">The model's name.</param>
/// <param name="defaults">How tokens are chosen where the caller's options do not say; the likeliest tokens when null.</param>
public sealed class HearthChatClient(IChatModel engine, string name, GenerationOptions? defaults = null) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("hearth", defaultModelId: name);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<Message> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var updates = new List<Answer>();
        await foreach (Answer update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false)) updates.Add(update);
        return updates.ToChatResponse();
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Answer> GetStreamingResponseAsync(IEnumerable<Message> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatRequest request = Request(messages, options ?? new ChatOptions());
        var calls = new List<(string Id, string Name, StringBuilder Arguments)>();
        string id = "";
        await foreach (ChatUpdate update in engine.AnswerAsync(request, cancellationToken).ConfigureAwait(false))
        {
            switch (update)
            {
                case BeginUpdate begin: id = begin.Id; break;
                case TextUpdate text: yield return Update(new TextContent(text.Text)); break;
                case ReasoningUpdate reasoning: yield return Update(new TextReasoningContent(reasoning.Text)); break;
                case ToolCallUpdate call: calls.Add((call.Id, call.Name, new StringBuilder())); break;
                case ToolArgumentsUpdate arguments: calls[arguments.Index].Arguments.Append(arguments.Text); break;
                case FinishUpdate finish:
                    foreach ((string callId, string tool, StringBuilder arguments) in calls) yield return Update(Call(callId, tool, arguments.ToString()));
                    Answer last = Update(new UsageContent(new UsageDetails
                    {
                        InputTokenCount = finish.Usage.PromptTokens,
                        OutputTokenCount = finish.Usage.AnswerTokens,
                        TotalTokenCount = finish.Usage.PromptTokens + finish.Usage.AnswerTokens,
                        ReasoningTokenCount = finish.Usage.ReasoningTokens,
                    }));
                    last.FinishReason = finish.Reason switch
                    {
                        FinishReason.Length => ChatFinishReason.Length,
                        FinishReason.ToolCalls => ChatFinishReason.ToolCalls,
                        _ => ChatFinishReason.Stop,
                    };
                    yield return last;
                    break;
                default: break;
            }
        }

        Answer Update(AIContent content) => new(ChatRole.Assistant, [content]) { ModelId = name, ResponseId = id, MessageId = id };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(engine) ? engine
            : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static FunctionCallContent Call(string id, string name, string arguments) => FunctionCallContent.CreateFromParsedArguments(
        arguments, id, name, json => JsonSerializer.Deserialize<Dictionary<string, object?>>(json.Length == 0 ? "{}" : json));

    private ChatRequest Request(IEnumerable<Message> messages, ChatOptions options)
    {
        if (options.AdditionalProperties?.Keys.FirstOrDefault() is { } unknown) throw new ChatException($"The option '{unknown}' is not known. Leave it out.");
        if (options.ModelId is { } model && model != name) throw new ChatException($"The model '{model}' was asked for, and this client has '{name}'.");
        List<ChatMessage> said = [.. messages.SelectMany(Read)];
        if (options.Instructions is { Length: > 0 } instructions) said.Insert(0, new ChatMessage("system", instructions));
        GenerationOptions usual = defaults ?? new GenerationOptions { MaxTokens = int.MaxValue };
        return new ChatRequest(new ChatPrompt(said)
        {
            Tools = [.. (options.Tools ?? []).Select(Read)],
            ReasoningEffort = options.Reasoning?.Effort switch
            {
                Microsoft.Extensions.AI.ReasoningEffort.Low => "low",
                Microsoft.Extensions.AI.ReasoningEffort.Medium => "medium",
                Microsoft.Extensions.AI.ReasoningEffort.High => "high",
                _ => null,
            },
            Thinking = options.Reasoning?.Effort == Microsoft.Extensions.AI.ReasoningEffort.None ? false : null,
        })
        {
            Options = usual with
            {
                MaxTokens = options.MaxOutputTokens ?? usual.MaxTokens,
                Temperature = options.Temperature ?? usual.Temperature,
                TopP = options.TopP ?? usual.TopP,
                TopK = options.TopK ?? usual.TopK,
                FrequencyPenalty = options.FrequencyPenalty ?? usual.FrequencyPenalty,
                PresencePenalty = options.PresencePenalty ?? usual.PresencePenalty,
                Seed = options.Seed ?? usual.Seed,
            },
            Stops = [.. options.StopSequences ?? []],
            Shape = options.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: { } schema } => Grammar.FromJsonSchema(schema.GetRawText()),
                ChatResponseFormatJson => Grammar.JsonObject,
                _ => null,
            },
            ToolChoice = options.ToolMode switch
            {
                NoneChatToolMode => ToolChoice.None,
                RequiredChatToolMode => ToolChoice.Required,
                _ => ToolChoice.Auto,
            },
            ToolName = (options.ToolMode as RequiredChatToolMode)?.RequiredFunctionName,
            ParallelCalls = options.AllowMultipleToolCalls ?? true,
        };
    }

    private static Tool Read(AITool tool) => tool is AIFunctionDeclaration function
        ? new Tool(function.Name, function.Description, function.JsonSchema.GetRawText())
        : throw new ChatException($"The tool '{tool.Name}' is a {tool.GetType().Name}; functions are the tools that a model here can call.");

    /// <summary>A message, or several where it holds the results of several tools.</summary>
    private static IEnumerable<ChatMessage> Read(Message message)
    {
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var calls = new List<ToolCall>();
        var results = new List<ChatMessage>();
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextContent t: text.Append(t.Text); break;
                case TextReasoningContent r: reasoning.Append(r.Text); break;
                case FunctionCallContent c: calls.Add(new ToolCall(c.CallId, c.Name, JsonSerializer.Serialize(c.Arguments ?? new Dictionary<string, object?>()))); break;
                case FunctionResultContent r: results.Add(new ChatMessage("tool", Text(r.Result)) { ToolCallId = r.CallId }); break;
                case UsageContent: break;
                default: throw new ChatException($"A message holds {content.GetType().Name}; text, reasoning, calls of tools and their results can be told to this model.");
            }
        }
        if (results.Count > 0) return results;
        return [new ChatMessage(message.Role.Value, text.ToString()) { Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null, ToolCalls = calls, Name = message.AuthorName }];
    }

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => JsonSerializer.Serialize(result),
    };
}
