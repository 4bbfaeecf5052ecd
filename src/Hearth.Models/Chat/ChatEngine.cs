using System.Runtime.CompilerServices;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
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
public sealed class ChatEngine(ModelBundle bundle, ITokenGenerator generator) : IChatModel
{
    /// <summary>Laid out once for a tokenizer, however many engines there are.</summary>
    private static readonly ConditionalWeakTable<Tokenizer, Lazy<TokenVocabulary>> Vocabularies = [];

    private readonly Tokenizer _tokenizer = bundle.Tokenizer;
    private readonly Lazy<TokenVocabulary> _vocabulary = Vocabularies.GetValue(bundle.Tokenizer, t => new Lazy<TokenVocabulary>(() => new TokenVocabulary(t)));

    /// <summary>The model's tokenizer.</summary>
    public Tokenizer Tokenizer => _tokenizer;

    /// <summary>Whether the model can be told a conversation.</summary>
    public bool CanChat => bundle.Chat is not null;

    private string Template => Format.Template;

    private IChatFormat Format => bundle.Chat
        ?? throw new ChatException("The model has no chat template, so it can not be told a conversation. Use completions, or a model with one.");

    /// <summary>A constraint over this model's tokens.</summary>
    /// <param name="grammar">What a text must be like.</param>
    public TokenConstraint Constrain(Grammar grammar) => new(grammar, _vocabulary.Value);

    /// <inheritdoc/>
    public int[] Encode(ChatPrompt prompt) => Format.Encode(prompt);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatUpdate> AnswerAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        int[] tokens = Encode(request.Prompt);
        var begin = new BeginUpdate("hearth-" + Digest.Of(string.Join(" ", tokens))[..16], tokens.Length);
        bool harmony = ReasoningReader.Detect(_tokenizer) == ReasoningFormat.Harmony;
        Grammar? grammar = AnswerGrammar.Of(request, _tokenizer, Template);
        bool began = harmony ? HarmonyReader.Reasons(request) && (grammar is not null || request.ReasoningBudget is not null) : EndsInThinking(tokens);
        if (harmony && began) tokens = [.. tokens, .. _tokenizer.Encode(HarmonyReader.Analysis, parseSpecial: true)];
        GenerationOptions options = request.Options with
        {
            StopTokens = harmony ? [.. bundle.EndTokens, .. HarmonyReader.Stops.Select(_tokenizer.Special).OfType<int>()] : bundle.EndTokens,
            VocabularyLimit = _tokenizer.VocabularySize,
            Constraint = grammar is null ? null : Constrain(grammar),
            Reasoning = harmony ? began ? Marks(request, HarmonyReader.AnalysisEnd, "", began) : null : Marks(request, MarkedReader.ThinkEnd, "\n", began),
        };
        IReadOnlyList<Tool> tools = request.ToolChoice == ToolChoice.None ? [] : request.Prompt.Tools;
        var reader = AnswerReader.Create(_tokenizer, Template, tools, began);
        reader.Prompt = tokens;
        var stops = new StopStrings(request.Stops);
        var updates = new List<ChatUpdate>();
        int count = 0, reasoning = 0;
        bool begun = false;
        await foreach (GeneratedToken token in generator.GenerateAsync(tokens, options, cancel).ConfigureAwait(false))
        {
            if (!begun) yield return begin;
            begun = true;
            count++;
            AnswerPart before = reader.Part;
            reader.Push(token.Id, updates);
            AnswerPart part = before == AnswerPart.Reasoning ? before : reader.Part;
            if (part == AnswerPart.Reasoning) reasoning++;
            yield return new TokenUpdate(token, part);
            foreach (ChatUpdate update in Certain(updates, stops)) yield return update;
            updates.Clear();
            if (stops.Found is not null) break;
        }
        if (!begun) yield return begin;
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
                if (update is ToolCallUpdate && stops.Flush() is { Length: > 0 } held) yield return new TextUpdate(held);
                yield return update;
                continue;
            }
            string certain = stops.Push(text);
            if (certain.Length > 0) yield return new TextUpdate(certain);
            if (stops.Found is not null) yield break;
        }
    }

    private ReasoningMarks? Marks(ChatRequest request, string end, string before, bool began)
    {
        int? begin = request.Prompt.Thinking == false ? null : _tokenizer.Special(MarkedReader.ThinkBegin);
        return !began && begin is null ? null : new ReasoningMarks(_tokenizer.Encode(end, parseSpecial: true))
        {
            Began = began,
            Begin = begin,
            MostTokens = request.ReasoningBudget,
            Closing = _tokenizer.Encode(before + end, parseSpecial: true),
        };
    }

    /// <summary>Whether a prompt ends in an open mark of reasoning, as templates do that write it themselves.</summary>
    private bool EndsInThinking(int[] prompt) =>
        _tokenizer.Decode(prompt.AsSpan(Math.Max(0, prompt.Length - 16)), showSpecial: true).TrimEnd().EndsWith(MarkedReader.ThinkBegin, StringComparison.Ordinal);
}
