using System.Diagnostics;
using System.Globalization;
using Hearth.Models.Chat;
using Hearth.Server.Tools;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Mcp;

/// <summary>Tools of other programs: which are offered, what is asked, and what becomes of servers that fail. The peer is the official SDK's server.</summary>
public sealed class ToolTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("hearth-tools-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Only_allowed_tools_are_offered_and_a_call_gives_what_the_tool_says()
    {
        await using ToolService service = Service(NodePeer.Server("add", "fail", "picture", "steer", "no-such"));
        IToolCalls tools = service.Begin(isAdmin: true);
        IReadOnlyList<Tool> offered = await tools.OfferAsync(Cancel);
        offered.Select(t => t.Name).ShouldBe(["peer__add", "peer__fail", "peer__picture", "peer__steer"]);
        offered[0].Parameters!.ShouldContain("\"a\"");
        (await service.ToolsAsync(service.Servers.List()[0], Cancel)).Count.ShouldBe(9);
        (await Call(tools, "peer__add", """{"a":2,"b":40}""")).ShouldBe(new ToolResult("42", false));
        (await Call(tools, "peer__fail")).ShouldBe(new ToolResult("it is broken", true));
        (await Call(tools, "peer__picture")).Text.ShouldBe("[image: only text is read here]");
        (await Call(tools, "peer__steer")).Text.ShouldBe("[2Jred \u202e");
        (await Call(tools, "peer__add", """{"a":"x"}""")).IsError.ShouldBeTrue();
        (await Call(tools, "peer__crash")).Text.ShouldBe("There is no tool 'peer__crash'.");
        (await Call(tools, "peer__add", "{\"a\":1")).Text.ShouldBe("The arguments are no JSON object.");
        (await Call(tools, "peer__add", """{"a":1,"a":2,"b":3}""")).Text.ShouldBe("The arguments are no JSON object.");
    }

    [Fact]
    public async Task A_call_is_made_only_when_a_person_says_so_and_always_holds_for_one_tool_of_one_conversation()
    {
        await using ToolService service = Service(NodePeer.Server("add", "number"));
        IToolCalls tools = service.Begin(isAdmin: true);
        await tools.OfferAsync(Cancel);
        var asked = new List<PendingCall>();
        ToolDecision say = ToolDecision.No;
        Task<ToolDecision> Confirm(PendingCall call, CancellationToken cancel)
        {
            asked.Add(call);
            return Task.FromResult(say);
        }

        var add = new ToolCall("1", "peer__add", """{"a":1,"b":2}""");
        (await tools.CallAsync(add, Confirm, Cancel)).ShouldBe(new ToolResult("The user did not allow this call.", true));
        asked[0].Tool.Description.ShouldBe("Adds two numbers.");
        asked[0].Arguments.ShouldBe("{\n  \"a\": 1,\n  \"b\": 2\n}");
        say = ToolDecision.Always;
        (await tools.CallAsync(add, Confirm, Cancel)).Text.ShouldBe("3");
        (await tools.CallAsync(add, Confirm, Cancel)).Text.ShouldBe("3");
        asked.Count.ShouldBe(2);
        say = ToolDecision.No;
        (await tools.CallAsync(add with { Name = "peer__number", Arguments = "{}" }, Confirm, Cancel)).IsError.ShouldBeTrue();
        IToolCalls other = service.Begin(isAdmin: true);
        await other.OfferAsync(Cancel);
        (await other.CallAsync(add, Confirm, Cancel)).IsError.ShouldBeTrue();
        asked.Count.ShouldBe(4);
        (await service.Begin(isAdmin: false).OfferAsync(Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Calls_are_bounded_in_time_size_and_number()
    {
        await using ToolService service = Service(NodePeer.Server("sleep", "flood", "add") with { TimeoutSeconds = 2 });
        IToolCalls tools = service.Begin(isAdmin: true);
        await tools.OfferAsync(Cancel);
        (await Call(tools, "peer__sleep")).Text.ShouldBe("The tool server 'peer' has not answered 'sleep' within 2 s.");
        ToolResult much = await Call(tools, "peer__flood", """{"size":1000000}""");
        much.Text.Length.ShouldBeInRange(32_000, 32_100);
        much.Text.ShouldEndWith("[cut here: 1,000,000 characters came]");
        (await Call(tools, "peer__flood", """{"size":6000000}""")).Text.ShouldContain("has not answered 'flood': ");
        (await Call(tools, "peer__add", """{"a":1,"b":1}""")).Text.ShouldBe("2");                    // it was started again
        for (int i = 0; i < 12; i++) (await Call(tools, "peer__add", """{"a":1,"b":1}""")).Text.ShouldBe("2");
        (await Call(tools, "peer__add", """{"a":1,"b":1}""")).Text.ShouldContain("No more than 16 calls");
        tools.BeginTurn();
        (await Call(tools, "peer__add", """{"a":1,"b":1}""")).Text.ShouldBe("2");
    }

    [Fact]
    public async Task A_crash_is_a_sentence_and_the_program_ends_with_us_and_knows_no_secret()
    {
        Environment.SetEnvironmentVariable("HEARTH_TEST_SECRET", "hush");
        int process;
        await using (ToolService service = Service(NodePeer.Server("crash", "number", "environment")))
        {
            IToolCalls tools = service.Begin(isAdmin: true);
            await tools.OfferAsync(Cancel);
            (await Call(tools, "peer__crash")).Text.ShouldContain("It ended with exit code 7: no more.");
            (await Call(tools, "peer__environment")).Text.ShouldNotContain("HEARTH_TEST_SECRET");
            process = int.Parse((await Call(tools, "peer__number")).Text, CultureInfo.InvariantCulture);
            Process.GetProcessById(process).HasExited.ShouldBeFalse();
        }
        Should.Throw<ArgumentException>(() => Process.GetProcessById(process));
    }

    [Fact]
    public async Task A_server_with_an_address_gets_its_key_and_a_wrong_one_is_a_sentence()
    {
        using Process http = NodePeer.Start([NodePeer.Script("server.mjs"), "--http"]);
        string url = $"http://127.0.0.1:{await http.StandardOutput.ReadLineAsync(Cancel)}/mcp";
        Environment.SetEnvironmentVariable("HEARTH_TEST_TOOL_KEY", "tool-key");
        Environment.SetEnvironmentVariable("HEARTH_TEST_WRONG_KEY", "wrong-and-secret");
        ToolServerSpec server = new() { Name = "web", Url = url, KeyVariable = "HEARTH_TEST_TOOL_KEY", Tools = ["add", "flood"], ForUsers = true };
        await using ToolService service = Service(server, server with { Name = "wrong", KeyVariable = "HEARTH_TEST_WRONG_KEY" });
        IToolCalls tools = service.Begin(isAdmin: false);
        (await tools.OfferAsync(Cancel)).Select(t => t.Name).ShouldBe(["web__add", "web__flood"]);
        string problem = tools.Problems.ShouldHaveSingleItem();
        problem.ShouldStartWith("The tool server 'wrong' does not speak the Model Context Protocol");
        problem.ShouldNotContain("wrong-and-secret");
        (await Call(tools, "web__add", """{"a":20,"b":22}""")).Text.ShouldBe("42");
        (await Call(tools, "web__flood", """{"size":9000000}""")).IsError.ShouldBeTrue();
        (await Call(tools, "web__add", """{"a":20,"b":22}""")).Text.ShouldBe("42");
        http.StandardInput.Close();
        await http.WaitForExitAsync(Cancel);
        (await Call(tools, "web__add", """{"a":20,"b":22}""")).Text.ShouldContain("The tool server 'web' has not answered 'add'");
    }

    [Theory]
    [InlineData("echo broken >&2; exit 3", "It ended with exit code 3: broken.")]
    [InlineData("head -c 9000000 /dev/zero | tr '\\0' x; sleep 30", "A line has more than 4,194,304 bytes")]
    public async Task A_program_that_serves_no_tools_is_a_sentence(string script, string told)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("There is no sh here.");
        await using ToolService service = Service(new ToolServerSpec { Name = "odd", Command = "sh", Args = ["-c", script], Tools = ["x"] });
        IToolCalls tools = service.Begin(isAdmin: true);
        (await tools.OfferAsync(Cancel)).ShouldBeEmpty();
        tools.Problems.ShouldHaveSingleItem().ShouldContain(told);
    }

    [Fact]
    public async Task What_can_not_be_a_server_is_refused_and_a_damaged_list_is_named()
    {
        var servers = new ToolServers(_home);
        ToolServerSpec good = new() { Name = "a", Command = "cat" };
        foreach (ToolServerSpec bad in (ToolServerSpec[])
        [
            good with { Name = "../a" }, good with { Command = null }, good with { Url = "https://x.example" }, good with { Env = ["A=secret"] },
            good with { Command = null, Url = "http://tools.example/mcp", KeyVariable = "K" }, good with { Command = null, Url = "file:///etc/passwd" }, good with { TimeoutSeconds = 0 },
        ])
        {
            Should.Throw<ToolException>(() => servers.Add(bad));
        }
        servers.Add(good);
        servers.List().ShouldHaveSingleItem().Command.ShouldBe("cat");
        await File.WriteAllTextAsync(Path.Combine(_home, ToolServers.FileName), """{"servers":[{"name":"a","command":"cat","run":"always"}]}""", Cancel);
        Should.Throw<ToolException>(() => servers.List()).Message.ShouldContain("run");
        await using var none = new ToolService(_home);
        new ToolServers(Path.Combine(_home, "none")).List().ShouldBeEmpty();
        await using ToolService missing = Service(new ToolServerSpec { Name = "gone", Command = "hearth-no-such-program", Tools = ["x"] });
        IToolCalls tools = missing.Begin(isAdmin: true);
        await tools.OfferAsync(Cancel);
        tools.Problems.ShouldHaveSingleItem().ShouldContain("can not be started: hearth-no-such-program");
    }

    [Fact]
    public async Task A_turn_asks_the_model_again_with_what_its_tools_said()
    {
        await using ToolService service = Service(NodePeer.Server("add"));
        var model = new Scripted(("peer__add", """{"a":1,"b":2}"""), ("peer__add", """{"a":3,"b":4}"""), ("", "Seven."));
        var updates = new List<ChatUpdate>();
        int asked = 0;
        await foreach (ChatUpdate update in ToolTurn.RunAsync(model, new ChatRequest(new ChatPrompt([new ChatMessage("user", "Add")])), service.Begin(isAdmin: true),
            (_, _) => Task.FromResult(asked++ == 0 ? ToolDecision.No : ToolDecision.Yes), Cancel)) updates.Add(update);
        updates.OfType<SaidUpdate>().Select(s => $"{s.Message.Role}: {s.Message.Content}").ShouldBe(
            ["assistant: ", "tool: The user did not allow this call.", "assistant: ", "tool: 7", "assistant: Seven."]);
        model.Asked[^1].Prompt.Messages.Count.ShouldBe(5);
        model.Asked[0].Prompt.Tools.ShouldHaveSingleItem().Name.ShouldBe("peer__add");
        var endless = new Scripted([.. Enumerable.Repeat(("peer__add", """{"a":1,"b":2}"""), 20)]);
        await foreach (ChatUpdate _ in ToolTurn.RunAsync(endless, new ChatRequest(new ChatPrompt([new ChatMessage("user", "Add")])), service.Begin(isAdmin: true), (_, _) => Task.FromResult(ToolDecision.Yes), Cancel))
        {
        }
        endless.Asked.Count.ShouldBe(ToolTurn.MostRounds);
        endless.Asked[^1].ToolChoice.ShouldBe(ToolChoice.None);
    }

    private ToolService Service(params ToolServerSpec[] servers)
    {
        string home = Directory.CreateDirectory(Path.Combine(_home, Guid.NewGuid().ToString("N"))).FullName;
        var list = new ToolServers(home);
        foreach (ToolServerSpec server in servers) list.Add(server);
        return new ToolService(home);
    }

    private static Task<ToolResult> Call(IToolCalls tools, string name, string arguments = "{}") =>
        tools.CallAsync(new ToolCall("1", name, arguments), (_, _) => Task.FromResult(ToolDecision.Yes), Cancel);

    /// <summary>A model that calls tools, or says something, as it was told.</summary>
    private sealed class Scripted(params (string Tool, string Text)[] answers) : IChatModel
    {
        public List<ChatRequest> Asked { get; } = [];

        public int[] Encode(ChatPrompt prompt) => [];

        public async IAsyncEnumerable<ChatUpdate> AnswerAsync(ChatRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
        {
            (string tool, string text) = answers[Asked.Count];
            Asked.Add(request);
            await Task.Yield();
            yield return new BeginUpdate("x", 1);
            if (tool.Length == 0) yield return new TextUpdate(text);
            else
            {
                yield return new ToolCallUpdate(0, $"call{Asked.Count}", tool);
                yield return new ToolArgumentsUpdate(0, text);
            }
            yield return new FinishUpdate(tool.Length == 0 ? FinishReason.Stop : FinishReason.ToolCalls, new ChatUsage(1, 1, 0), null);
        }
    }
}
