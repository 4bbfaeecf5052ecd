using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Tests.Architectures;
using Hearth.Models.Tests.Generation;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Microsoft.Extensions.AI;
using Shouldly;
using Xunit;
using Message = Microsoft.Extensions.AI.ChatMessage;

namespace Hearth.Models.Tests.Chat;

/// <summary>Conversations through the engine and through Microsoft.Extensions.AI, with a small model of random weights and with given answers.</summary>
public sealed class ChatEngineTests
{
    private const string Template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<assistant>{% if enable_thinking %}<think>\n{% endif %}{% endif %}{# tools <tool_call> #}";

    private static readonly Tokenizer Bytes = ByteTokenizer.Create("</s>", "<think>", "</think>", "<tool_call>", "</tool_call>");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schema_holds_for_the_answer_of_a_model_of_random_weights_and_not_for_its_reasoning()
    {
        using var pool = new WorkerPool(1);
        using var generator = new SequentialGenerator(new Generator(Model, pool));
        var engine = new ChatEngine(Bundle(), generator);
        var shape = Grammar.FromJsonSchema("""{"type":"object","properties":{"yes":{"type":"boolean"},"n":{"enum":[1,22,333]}},"required":["yes","n"]}""");
        for (int seed = 0; seed < 6; seed++)
        {
            var request = new ChatRequest(new ChatPrompt([new("user", "Well?")]) { Thinking = seed % 2 == 0 })
            {
                Options = new GenerationOptions { MaxTokens = 90, Temperature = 1.5, Seed = seed },
                Shape = shape,
                ReasoningBudget = 12,
            };
            List<ChatUpdate> updates = await All(engine.AnswerAsync(request, Cancel));
            var finish = updates[^1].ShouldBeOfType<FinishUpdate>();
            finish.Reason.ShouldBe(FinishReason.Stop);
            finish.Usage.ReasoningTokens.ShouldBeInRange(seed % 2 == 0 ? 10 : 0, 24);
            JsonObject json = JsonNode.Parse(Text(updates))!.AsObject();
            json["yes"]!.GetValueKind().ShouldBeOneOf(JsonValueKind.True, JsonValueKind.False);
            updates.Count(u => u is TokenUpdate).ShouldBe(finish.Usage.AnswerTokens);
            (await All(engine.AnswerAsync(request, Cancel))).ShouldBe(updates);                       // again: the same
        }
    }

    [Fact]
    public async Task A_tool_that_must_be_called_is_called_with_arguments_that_fit()
    {
        using var pool = new WorkerPool(1);
        using var generator = new SequentialGenerator(new Generator(Model, pool));
        var engine = new ChatEngine(Bundle(), generator);
        Tool[] tools = [new("pick", "Picks.", """{"type":"object","properties":{"colour":{"enum":["red","blue"]}},"required":["colour"]}"""), new("other")];
        var request = new ChatRequest(new ChatPrompt([new("user", "Pick")]) { Tools = tools })
        {
            Options = new GenerationOptions { MaxTokens = 120, Temperature = 1.2, Seed = 3 },
            ToolName = "pick",
        };
        List<ChatUpdate> updates = await All(engine.AnswerAsync(request, Cancel));
        updates.OfType<ToolCallUpdate>().ShouldHaveSingleItem().Name.ShouldBe("pick");
        JsonNode.Parse(string.Concat(updates.OfType<ToolArgumentsUpdate>().Select(a => a.Text)))!["colour"]!.GetValue<string>().ShouldBeOneOf("red", "blue");
        updates[^1].ShouldBeOfType<FinishUpdate>().Reason.ShouldBe(FinishReason.ToolCalls);
        await Should.ThrowAsync<ChatException>(() => All(engine.AnswerAsync(request with { ToolName = "none" }, Cancel)));
    }

    [Fact]
    public async Task Stop_strings_and_limits_end_the_text_and_say_so()
    {
        var engine = new ChatEngine(Bundle(), new Replay("one two three"));
        var request = new ChatRequest(new ChatPrompt([new("user", "Count")])) { Stops = [" thr", "xyz"] };
        List<ChatUpdate> stopped = await All(engine.AnswerAsync(request, Cancel));
        Text(stopped).ShouldBe("one two");
        stopped[^1].ShouldBeOfType<FinishUpdate>().StopString.ShouldBe(" thr");
        List<ChatUpdate> cut = await All(engine.AnswerAsync(request with { Stops = [], Options = new GenerationOptions { MaxTokens = 5 } }, Cancel));
        Text(cut).ShouldBe("one t");
        cut[^1].ShouldBeOfType<FinishUpdate>().Reason.ShouldBe(FinishReason.Length);
        (await Should.ThrowAsync<ChatException>(() => All(new ChatEngine(Bundle() with { Chat = null }, new Replay("")).AnswerAsync(request, Cancel))))
            .Message.ShouldContain("template");
    }

    [Fact]
    public async Task The_chat_client_streams_text_reasoning_and_usage_and_calls_functions()
    {
        var replay = new Replay("<think>Hm.</think>I look.<tool_call>{\"name\": \"temperature\", \"arguments\": {\"city\": \"Bonn\"}}</tool_call>", "21 degrees in Bonn.");
        var engine = new ChatEngine(Bundle(), replay);
        using IChatClient client = new ChatClientBuilder(new HearthChatClient(engine, "tiny")).UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create(Temperature, "temperature")] };
        ChatResponse response = await client.GetResponseAsync([new Message(ChatRole.User, "How warm is it in Bonn?")], options, Cancel);
        response.Text.ShouldEndWith("21 degrees in Bonn.");
        response.Messages.SelectMany(m => m.Contents).OfType<TextReasoningContent>().ShouldHaveSingleItem().Text.ShouldBe("Hm.");
        response.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Single().Result!.ToString().ShouldBe("Bonn: 21");
        replay.Prompts[1].ShouldContain("Bonn: 21");
        response.Usage!.InputTokenCount.ShouldNotBeNull().ShouldBeGreaterThan(0);
        response.FinishReason.ShouldBe(ChatFinishReason.Stop);
        client.GetService<ChatClientMetadata>()!.DefaultModelId.ShouldBe("tiny");
        await Should.ThrowAsync<ChatException>(() => client.GetResponseAsync("x", new ChatOptions { AdditionalProperties = new() { ["best_of"] = 2 } }, Cancel));
        await Should.ThrowAsync<ChatException>(() => client.GetResponseAsync(new Message(ChatRole.User, [new DataContent("data:image/png;base64,AA==")]), cancellationToken: Cancel));
    }

    [Fact]
    public async Task Embeddings_have_length_one_and_the_same_bits_every_time()
    {
        using var pool = new WorkerPool(2);
        using var generator = new SequentialGenerator(new Generator(Model, pool) { PrefillRows = 7 });
        using var embeddings = new HearthEmbeddingGenerator(Bytes, generator, "tiny", Model.Config.HiddenSize);
        GeneratedEmbeddings<Embedding<float>> both = await embeddings.GenerateAsync(["a text of some length", "another"], cancellationToken: Cancel);
        both.Count.ShouldBe(2);
        both[0].Vector.ToArray().Sum(x => (double)x * x).ShouldBe(1, 1e-5);
        using var one = new WorkerPool(1);
        new Generator(Model, one).Embed(Bytes.EncodeWhole("a text of some length")).ShouldBe(both[0].Vector.ToArray());
        both.Usage!.InputTokenCount.ShouldBe(28);
    }

    [Description("Degrees in a city.")]
    private static string Temperature(string city) => $"{city}: 21";

    private static LanguageModel Model { get; } = TinyModels.Create(((LlamaConfig)TinyModels.All["llama, grouped heads, qk norm, tied"]) with { VocabularySize = Bytes.VocabularySize, MaxPositionEmbeddings = 512 });

    private static ModelBundle Bundle() => new("tiny", Model, Bytes)
    {
        Chat = new TemplateFormat(Bytes, new Models.Chat.Templates.TemplateFile("t.jinja", Template, [])),
        EndTokens = [Bytes.Special("</s>")!.Value],
    };

    private static async Task<List<ChatUpdate>> All(IAsyncEnumerable<ChatUpdate> updates)
    {
        var all = new List<ChatUpdate>();
        await foreach (ChatUpdate update in updates) all.Add(update);
        return all;
    }

    private static string Text(List<ChatUpdate> updates) => string.Concat(updates.OfType<TextUpdate>().Select(u => u.Text));

    /// <summary>Gives the tokens of prepared answers, one after the other.</summary>
    private sealed class Replay(params string[] answers) : ITokenGenerator
    {
        private int _next;

        public List<string> Prompts { get; } = [];

        public async IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancel = default)
        {
            Prompts.Add(Bytes.Decode(prompt, showSpecial: true));
            await Task.Yield();
            foreach (int token in Bytes.Encode(answers[_next++ % answers.Length], parseSpecial: true).Take(options.MaxTokens)) yield return new GeneratedToken(token, 0);
        }

        public Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default) => throw new NotSupportedException();

        public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default) => throw new NotSupportedException();
    }
}
