using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tests.Generation;
using Hearth.Models.Tokenizers;
using Json.Schema;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat;

/// <summary>Answers that are held to tools and shapes, in each family's form, whatever the model would rather say.</summary>
public sealed class HeldAnswerTests
{
    private const string Harmony = "tools <|channel|>";

    private static readonly Tool[] Tools =
    [
        new("get_weather", "Weather.", """{"type":"object","properties":{"city":{"enum":["Bonn","Köln"],"type":"string"},"days":{"type":"integer","minimum":1,"maximum":12},"note":{"type":"string","maxLength":3}},"required":["city","days"]}""") { Strict = true },
        new("b", "B.", """{"type":"object","properties":{"on":{"type":"boolean"}},"required":["on"]}"""),
    ];

    private static readonly string[] Marks = ["<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>",
        "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<minimax:tool_call>", "</minimax:tool_call>", "<|tool_call|>", "<think>", "</think>", "</s>"];

    /// <summary>What each family's template has in it.</summary>
    public static TheoryData<string> Families => ["tools <tool_call>", "tools [TOOL_CALLS]", "tools [TOOL_CALLS] [ARGS]", "tools <tool_call> <function=", "tools <minimax:tool_call>",
        "tools <｜tool▁calls▁begin｜>", "tools <｜tool▁calls▁begin｜> ```json", "tools <|tool_call|>", "tools \"parameters\": ipython", "no place for them", Harmony];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Tools_that_must_be_called_are_called_with_arguments_that_fit_their_schemas(string family)
    {
        foreach (ChatEngine engine in Engines(family))
        {
            for (int seed = 0; seed < 8; seed++)
            {
                ChatRequest request = Request(seed) with { ToolChoice = ToolChoice.Required, ParallelCalls = seed % 2 == 0, ToolName = seed == 5 ? "b" : null };
                List<ChatUpdate> updates = await All(engine, request);
                var finish = updates[^1].ShouldBeOfType<FinishUpdate>(family);
                ToolCallUpdate[] calls = [.. updates.OfType<ToolCallUpdate>()];
                finish.Reason.ShouldBe(FinishReason.ToolCalls, family);
                if (!request.ParallelCalls || family == Harmony) calls.Length.ShouldBe(1);
                if (request.ToolName is { } name) calls.ShouldHaveSingleItem().Name.ShouldBe(name);
                foreach (ToolCallUpdate call in calls) RequireFit(call, updates, family);
                calls.Select(c => c.Id).Distinct().Count().ShouldBe(calls.Length);
                string.Concat(updates.OfType<TextUpdate>().Select(t => t.Text)).Trim().ShouldBe("", family);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Calls_of_strict_tools_that_the_model_makes_by_itself_fit_too(string family)
    {
        int called = 0, spoken = 0;
        foreach (ChatEngine engine in Engines(family))
        {
            for (int seed = 0; seed < 30; seed++)
            {
                List<ChatUpdate> updates = await All(engine, Request(seed));
                foreach (ToolCallUpdate call in updates.OfType<ToolCallUpdate>()) RequireFit(call, updates, family);
                called += updates.OfType<ToolCallUpdate>().Count();
                spoken += updates.OfType<TextUpdate>().Any() ? 1 : 0;
            }
        }
        called.ShouldBeGreaterThan(0);
        spoken.ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task With_tools_and_a_shape_an_answer_is_a_call_or_has_the_shape(string family)
    {
        foreach (ChatEngine engine in Engines(family))
        {
            for (int seed = 0; seed < 6; seed++)
            {
                List<ChatUpdate> updates = await All(engine, Request(seed) with { Shape = Grammar.FromJsonSchema("""{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}""") });
                string text = string.Concat(updates.OfType<TextUpdate>().Select(t => t.Text));
                if (!updates.OfType<ToolCallUpdate>().Any()) JsonNode.Parse(text)!["ok"]!.GetValue<bool>();
                else foreach (ToolCallUpdate call in updates.OfType<ToolCallUpdate>()) RequireFit(call, updates, family);
            }
        }
    }

    [Fact]
    public async Task A_budget_of_reasoning_holds_in_every_form_and_reasoning_does_not_end_the_answer()
    {
        foreach (string family in (string[])["tools <tool_call>", Harmony])
        {
            ChatEngine engine = Engines(family)[^1];
            for (int seed = 0; seed < 5; seed++)
            {
                var shape = Grammar.FromRegex("yes|no");
                List<ChatUpdate> updates = await All(engine, Request(seed) with { Shape = shape, ToolChoice = ToolChoice.None, ReasoningBudget = 9 });
                string.Concat(updates.OfType<TextUpdate>().Select(t => t.Text)).ShouldBeOneOf("yes", "no");
                updates[^1].ShouldBeOfType<FinishUpdate>().Usage.ReasoningTokens.ShouldBeInRange(family == Harmony ? 1 : 0, 14);
            }
        }
    }

    private static void RequireFit(ToolCallUpdate call, List<ChatUpdate> updates, string family)
    {
        string arguments = string.Concat(updates.OfType<ToolArgumentsUpdate>().Where(a => a.Index == call.Index).Select(a => a.Text));
        Tool tool = Tools.Single(t => t.Name == call.Name);
        JsonSchema.FromText(tool.Parameters!).Evaluate(JsonNode.Parse(arguments)).IsValid.ShouldBeTrue($"{family}: {arguments}");
        call.Id.Length.ShouldBe(9);
    }

    private static ChatRequest Request(int seed) => new(new ChatPrompt([new("user", "Go")]) { Tools = Tools })
    {
        Options = new GenerationOptions { Seed = seed, MaxTokens = 2000 },
    };

    /// <summary>One whose marks are text, and one whose marks are tokens of their own.</summary>
    private static ChatEngine[] Engines(string family)
    {
        Tokenizer[] tokenizers = family == Harmony
            ? [ByteTokenizer.Create("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|call|>", "<|return|>", "<|constrain|>")]
            : [ByteTokenizer.Create("</s>"), ByteTokenizer.Create(Marks)];
        return [.. tokenizers.Select(tokenizer => new ChatEngine(
            new ModelBundle("fake", ChatEngineTests.Model, tokenizer)
            {
                Chat = new TemplateFormat(tokenizer, new TemplateFile("t.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}{# " + family + " #}", [])),
                EndTokens = [tokenizer.Special("</s>") ?? tokenizer.Special("<|return|>")!.Value],
            }, new Wandering(tokenizer)))];
    }

    private static async Task<List<ChatUpdate>> All(ChatEngine engine, ChatRequest request)
    {
        var all = new List<ChatUpdate>();
        await foreach (ChatUpdate update in engine.AnswerAsync(request, Cancel)) all.Add(update);
        return all;
    }

    /// <summary>Takes any token that is allowed, those that end things more often.</summary>
    private sealed class Wandering(Tokenizer tokenizer) : ITokenGenerator
    {
        private const string DeepSeek = "<｜tool▁calls▁begin｜>";

        private static readonly string[] Intentions = ["\n</parameter>\n", "<tool_call>", "<minimax:tool_call>", "[TOOL_CALLS]", DeepSeek, "<|tool_call|>", "\"}", "}", "1}", "[ARGS]"];

        public async IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancel = default)
        {
            await Task.Yield();
            var random = new Random((int)options.Seed);
            var intended = new Queue<int>();
            ConstraintState state = options.Constraint!.Begin();
            ReasoningState? reasoning = options.Reasoning is null ? null : new ReasoningState(options.Reasoning);
            for (int count = 0; count < options.MaxTokens && !state.IsComplete; count++)
            {
                int next;
                if (reasoning?.Inside == true)
                {
                    next = reasoning.Forced ?? (random.Next(20) == 0 ? options.Reasoning!.End[0] : 'a' + random.Next(26));
                }
                else
                {
                    TokenMask mask = state.Mask();
                    if (mask.MayEnd && random.Next(12) == 0) yield break;
                    int[] allowed = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(i => !options.StopTokens.Contains(i) && (mask.Bits.Span[i / 64] >> (i % 64) & 1) != 0)];
                    if (allowed.Length == 0) yield break;
                    if (intended.Count == 0 && random.Next(3) > 0) intended = new Queue<int>(tokenizer.Encode(Intentions[random.Next(Intentions.Length)], parseSpecial: true));
                    int[] special = [.. allowed.Where(i => i > 255 || "<\"}".Contains((char)i, StringComparison.Ordinal))];
                    if (intended.TryDequeue(out next) && allowed.Contains(next)) { }
                    else if (special.Length > 0 && random.Next(2) > 0) next = special[random.Next(special.Length)];
                    else next = allowed[random.Next(allowed.Length)];
                }
                yield return new GeneratedToken(next, 0);
                if (reasoning is null || !reasoning.Takes(next)) state.Accept(next).ShouldBeTrue();
            }
        }

        public Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default) => throw new NotSupportedException();

        public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default) => throw new NotSupportedException();
    }
}
