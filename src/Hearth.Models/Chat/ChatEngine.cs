using System.Runtime.CompilerServices;
using Hearth.Models.Bundles;
using Hearth.Models.Chat.Tools;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>
/// Answers conversations: tells the model by its template, holds the answer to what was asked for, and takes it apart into text, reasoning and
/// calls of tools as it comes. The same request gives the same updates. Safe for use by several threads when the generator is.
/// </summary>
/// <param name="bundle">The model's tokenizer, template and end tokens.</param>
/// <param name="generator">Continues the prompts.</param>
public sealed class ChatEngine(ModelBundle bundle, ITokenGenerator generator)
{
    private const string ThinkBegin = "<think>", ThinkEnd = "</think>";

    private readonly Tokenizer _tokenizer = bundle.Tokenizer;
    private readonly Lazy<TokenVocabulary> _vocabulary = new(() => new TokenVocabulary(bundle.Tokenizer));

    /// <summary>Whether the model can be told a conversation.</summary>
    public bool CanChat => bundle.Chat is not null;

    /// <summary>A constraint over this model's tokens.</summary>
    /// <param name="grammar">What a text must be like.</param>
    public TokenConstraint Constrain(Grammar grammar) => new(grammar, _vocabulary.Value);

    /// <summary>The prompt of a conversation.</summary>
    /// <param name="prompt">What the model is told.</param>
    /// <returns>Its tokens.</returns>
    /// <exception cref="ChatException">The model has no template, or no place for a message.</exception>
    public int[] Encode(ChatPrompt prompt) => (bundle.Chat
        ?? throw new ChatException("The model has no chat template, so it can not be told a conversation. Use completions, or a model with one.")).Encode(prompt);

    /// <summary>Answers a conversation.</summary>
    /// <param name="request">The conversation and how to answer.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <returns>The answer's pieces; a <see cref="FinishUpdate"/> last.</returns>
    /// <exception cref="ChatException">The model can not be told this.</exception>
    /// <exception cref="ContextException">The conversation leaves no room for an answer.</exception>
    public async IAsyncEnumerable<ChatUpdate> AnswerAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        int[] tokens = Encode(request.Prompt);
        bool began = EndsInThinking(tokens);
        IReadOnlyList<Tool> tools = request.ToolChoice == ToolChoice.None ? [] : request.Prompt.Tools;
        GenerationOptions options = Options(request, tools, began);
        var reader = AnswerReader.Create(_tokenizer, bundle.Chat!.Template, tools, began, options.Constraint is not null);
        var stops = new StopStrings(request.Stops);
        var updates = new List<ChatUpdate>();
        int count = 0, reasoning = 0;
        await foreach (GeneratedToken token in generator.GenerateAsync(tokens, options, cancel).ConfigureAwait(false))
        {
            count++;
            reader.Push(token.Id, updates);
            if (reader.InReasoning) reasoning++;
            yield return new TokenUpdate(token);
            foreach (ChatUpdate update in Certain(updates, stops)) yield return update;
            updates.Clear();
            if (stops.Found is not null) break;
        }
        if (stops.Found is null)
        {
            reader.Flush(updates);
            foreach (ChatUpdate update in Certain(updates, stops)) yield return update;
            if (stops.Found is null && stops.Flush() is { Length: > 0 } held) yield return new TextUpdate(held);
        }
        bool full = stops.Found is null && (count >= options.MaxTokens || tokens.Length + count >= bundle.Model.Config.MaxPositionEmbeddings);
        FinishReason reason = full ? FinishReason.Length : reader.Calls > 0 ? FinishReason.ToolCalls : FinishReason.Stop;
        yield return new FinishUpdate(reason, new ChatUsage(tokens.Length, count, reasoning), stops.Found);
    }

    /// <summary>Updates whose text can not become a stop string.</summary>
    private static IEnumerable<ChatUpdate> Certain(List<ChatUpdate> updates, StopStrings stops)
    {
        foreach (ChatUpdate update in updates)
        {
            if (update is not TextUpdate { Text: var text })
            {
                yield return update;
                continue;
            }
            string certain = stops.Push(text);
            if (certain.Length > 0) yield return new TextUpdate(certain);
            if (stops.Found is not null) yield break;
        }
    }

    private GenerationOptions Options(ChatRequest request, IReadOnlyList<Tool> tools, bool began)
    {
        Grammar? shape = request.Shape;
        if (tools.Count > 0 && (request.ToolChoice == ToolChoice.Required || request.ToolName is not null))
        {
            IReadOnlyList<Tool> callable = request.ToolName is { } name ? [.. tools.Where(t => t.Name == name)] : tools;
            if (callable.Count == 0) throw new ChatException($"The tool '{request.ToolName}' must be called, and it is not among the tools.");
            shape = ToolGrammar.Of(ToolFormat.Of(bundle.Chat!.Template), callable, request.ParallelCalls && request.ToolName is null);
        }
        return request.Options with
        {
            StopTokens = bundle.EndTokens,
            VocabularyLimit = _tokenizer.VocabularySize,
            Constraint = shape is null ? request.Options.Constraint : Constrain(shape),
            Reasoning = Marks(request, began),
        };
    }

    private ReasoningMarks? Marks(ChatRequest request, bool began)
    {
        if (ReasoningReader.Detect(_tokenizer) == ReasoningFormat.Harmony)
        {
            int[] end = _tokenizer.Encode("<|channel|>final<|message|>", parseSpecial: true);
            int[] closing = _tokenizer.Encode("<|end|><|start|>assistant<|channel|>final<|message|>", parseSpecial: true);
            return new ReasoningMarks(end) { Began = true, MostTokens = request.ReasoningBudget, Closing = closing };
        }
        int? begin = _tokenizer.Special(ThinkBegin);
        if (!began && begin is null) return null;
        return new ReasoningMarks(_tokenizer.Encode(ThinkEnd, parseSpecial: true))
        {
            Began = began,
            Begin = request.Prompt.Thinking == false ? null : begin,
            MostTokens = request.ReasoningBudget,
            Closing = _tokenizer.Encode("\n" + ThinkEnd, parseSpecial: true),
        };
    }

    /// <summary>Whether a prompt ends in an open mark of reasoning, as templates do that write it themselves.</summary>
    private bool EndsInThinking(int[] prompt) =>
        _tokenizer.Decode(prompt.AsSpan(Math.Max(0, prompt.Length - 16)), showSpecial: true).TrimEnd().EndsWith(ThinkBegin, StringComparison.Ordinal);
}
