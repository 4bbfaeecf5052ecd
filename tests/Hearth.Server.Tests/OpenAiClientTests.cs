using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests;

/// <summary>The official OpenAI client for .NET, as it comes, against a running server.</summary>
public sealed class OpenAiClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_streams_the_same_text_that_it_gives_whole()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ChatClient chat = Client(server).GetChatClient(TinyBundle.Name);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 24, Temperature = 0.9f, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };
#pragma warning disable OPENAI001
        options.Seed = 11;
#pragma warning restore OPENAI001
        ChatCompletion whole = (await chat.CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("What is the capital?")], options, Cancel)).Value;
        whole.Content[0].Text.ShouldNotBeEmpty();
        whole.Usage.OutputTokenCount.ShouldBeInRange(1, 24);
        whole.ContentTokenLogProbabilities.Count.ShouldBe(whole.Usage.OutputTokenCount);
        whole.ContentTokenLogProbabilities[0].TopLogProbabilities.Count.ShouldBe(2);
        string text = "";
        ChatFinishReason? reason = null;
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync([new SystemChatMessage("Be brief."), new UserChatMessage("What is the capital?")], options, Cancel))
        {
            text += string.Concat(update.ContentUpdate.Select(c => c.Text));
            reason ??= update.FinishReason;
        }
        text.ShouldBe(whole.Content[0].Text);
        reason.ShouldBe(whole.FinishReason);
    }

    [Fact]
    public async Task A_json_schema_holds_and_a_tool_that_must_be_called_is_called()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ChatClient chat = Client(server).GetChatClient(TinyBundle.Name);
        var schema = new ChatCompletionOptions
        {
            Temperature = 1,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("pick", BinaryData.FromString("""{"type":"object","properties":{"colour":{"enum":["red","blue"]}},"required":["colour"],"additionalProperties":false}"""), jsonSchemaIsStrict: true),
        };
        ChatCompletion picked = (await chat.CompleteChatAsync([new UserChatMessage("Pick")], schema, Cancel)).Value;
        JsonNode.Parse(picked.Content[0].Text)!["colour"]!.GetValue<string>().ShouldBeOneOf("red", "blue");
        picked.FinishReason.ShouldBe(ChatFinishReason.Stop);

        var tools = new ChatCompletionOptions { Temperature = 1, ToolChoice = ChatToolChoice.CreateFunctionChoice("count") };
        tools.Tools.Add(ChatTool.CreateFunctionTool("count", "Counts.", BinaryData.FromString("""{"type":"object","properties":{"to":{"type":"integer","minimum":1,"maximum":99}},"required":["to"]}""")));
        ChatCompletion called = (await chat.CompleteChatAsync([new UserChatMessage("Count")], tools, Cancel)).Value;
        called.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        ChatToolCall call = called.ToolCalls.ShouldHaveSingleItem();
        call.FunctionName.ShouldBe("count");
        JsonNode.Parse(call.FunctionArguments)!["to"]!.GetValue<int>().ShouldBeInRange(1, 99);
        List<ChatMessage> next = [new UserChatMessage("Count"), new AssistantChatMessage(called), new ToolChatMessage(call.Id, "1 2 3")];
        (await chat.CompleteChatAsync(next, new ChatCompletionOptions { MaxOutputTokenCount = 4 }, Cancel)).Value.Usage.InputTokenCount.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task Embeddings_and_models_and_errors_are_as_the_client_expects_them()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        OpenAIClient client = Client(server);
        OpenAIEmbeddingCollection embeddings = (await client.GetEmbeddingClient(TinyBundle.Name).GenerateEmbeddingsAsync(["one", "two"], cancellationToken: Cancel)).Value;
        embeddings[1].ToFloats().ToArray().Sum(x => (double)x * x).ShouldBe(1, 1e-5);
        (await client.GetOpenAIModelClient().GetModelsAsync(Cancel)).Value.ShouldHaveSingleItem().Id.ShouldBe(TinyBundle.Name);
        ClientResultException missing = await Should.ThrowAsync<ClientResultException>(() => client.GetChatClient("none").CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Cancel));
        missing.Status.ShouldBe(404);
        missing.Message.ShouldContain("'none'");
    }

    private static OpenAIClient Client(TestServer server) => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });
}
