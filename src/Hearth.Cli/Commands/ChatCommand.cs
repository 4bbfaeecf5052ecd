using System.CommandLine;
using System.Text;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Remote;
using Hearth.Numerics;
using Hearth.Server.Tools;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth chat</c>: a conversation on the terminal.</summary>
internal static class ChatCommand
{
    private const string Help = "/reset forgets the conversation, /system TEXT sets what the system says, /quit ends.";

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, a .gguf file, or a remote model's name." };
        var system = new Option<string?>("--system") { Description = "A message from the system to begin with.", HelpName = "TEXT" };
        var noThinking = new Option<bool>("--no-thinking") { Description = "Asks the model not to reason before it answers, and shows no reasoning." };
        var effort = new Option<string?>("--effort") { Description = "How much to reason: low, medium or high, for models that ask." };
        effort.AcceptOnlyFromAmong("low", "medium", "high");
        var budget = new Option<int?>("--reasoning-tokens") { Description = "The most tokens of reasoning.", HelpName = "N" };
        var tools = new Option<bool>("--tools") { Description = "Offers the allowed tools of `hearth mcp list`; each call is shown and asked about." };
        var sampling = new SamplingOptions(maxTokens: 256);
        Option<int> threads = Common.Threads();
        var command = new Command("chat", "Talk with a model. " + Help) { model, system, noThinking, effort, budget, tools, threads };
        sampling.AddTo(command);
        command.Example("hearth chat factbook", "hearth chat ./runs/novels --temperature 0.8 --seed 7", "hearth chat qwen3.gguf --no-thinking", "hearth chat qwen3.gguf --tools");
        command.SetAction(async (parsed, cancel) =>
        {
            string given = parsed.GetValue(model)!;
            var how = new ChatRequest(new ChatPrompt([])
            {
                Thinking = parsed.GetValue(noThinking) ? false : null,
                ReasoningEffort = parsed.GetValue(effort),
            })
            {
                Shape = sampling.Shape(parsed),
                Stops = sampling.Stops(parsed),
                ReasoningBudget = parsed.GetValue(budget),
            };
            await using ToolService? service = parsed.GetValue(tools) ? new ToolService(Places.Home) : null;
            IToolCalls? offered = service?.Begin(isAdmin: true);
            using var remotes = new RemoteModels(Places.Home);
            if (!Path.Exists(given) && remotes.Open(given) is { } remote)
            {
                await Talk(remote, null, parsed.GetValue(system), how with { Options = sampling.ReadRemote(parsed) }, offered);
                return Common.Done;
            }
            ModelBundle bundle = Places.Model(given);
            using var pool = new WorkerPool(parsed.GetValue(threads));
            await Talk(bundle, sampling.Generator(parsed, bundle, pool), parsed.GetValue(system), how with { Options = sampling.Read(parsed, bundle) }, offered);
            return Common.Done;
        });
        return command;
    }

    /// <summary>Asks and answers until /quit, the end of input or Ctrl-C.</summary>
    /// <param name="bundle">The model.</param>
    /// <param name="generator">Runs it.</param>
    /// <param name="system">What the system says; null for nothing.</param>
    /// <param name="how">How to answer; its prompt has no messages.</param>
    /// <param name="tools">Tools that are offered; null for none.</param>
    private static async Task Talk(ModelBundle bundle, Generator generator, string? system, ChatRequest how, IToolCalls? tools = null)
    {
        using var tokens = new SequentialGenerator(generator);
        var engine = new ChatEngine(bundle, tokens);
        if (!engine.CanChat) throw new UsageException($"{bundle.Folder}: the model has no chat template, so it can not be told a conversation. Use `hearth generate`, or a model with one.");
        await Talk(engine, bundle.Model.Config.MaxPositionEmbeddings, system, how, tools);
    }

    private static async Task Talk(IChatModel model, int? context, string? system, ChatRequest how, IToolCalls? tools)
    {
        bool terminal = !Console.IsInputRedirected;
        List<ChatMessage> conversation = system is null ? [] : [new ChatMessage("system", system)];
        if (terminal) Console.WriteLine("Ask something. " + Help);
        while (!Common.Stopping.IsCancellationRequested)
        {
            if (terminal) Console.Write("> ");
            string? line = Console.In.ReadLine()?.Trim();
            if (line is null or "/quit" or "/exit") return;
            if (line.Length == 0) continue;
            string command = line.Split(' ')[0];
            if (command is "/reset" or "/new")
            {
                conversation.RemoveAll(m => m.Role != "system");
            }
            else if (command == "/system")
            {
                conversation.Clear();
                if (line[command.Length..].Trim() is { Length: > 0 } said) conversation.Add(new ChatMessage("system", said));
            }
            else if (line[0] == '/')
            {
                Console.WriteLine($"There is no {command}; {Help}");
            }
            else
            {
                conversation.Add(new ChatMessage("user", line));
                await Answer(model, context, conversation, how, tools);
            }
        }
    }

    /// <summary>Streams the answer to the conversation so far, and adds it; the oldest exchanges are left out when they no longer fit the context.</summary>
    private static async Task Answer(IChatModel model, int? context, List<ChatMessage> conversation, ChatRequest how, IToolCalls? tools)
    {
        ChatPrompt Prompt() => how.Prompt with { Messages = [.. conversation] };
        while (context is not null && Second(conversation) is { } second && model.Encode(Prompt()).Length > context / 2)
            conversation.RemoveRange(conversation.FindIndex(m => m.Role != "system"), second - conversation.FindIndex(m => m.Role != "system"));
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        bool whole = false;
        ChatRequest request = how with { Prompt = Prompt() };
        try
        {
            IAsyncEnumerable<ChatUpdate> updates = tools is null ? model.AnswerAsync(request, Common.Stopping) : ToolTurn.RunAsync(model, request, tools, Confirm, Common.Stopping);
            await foreach (ChatUpdate update in updates.ConfigureAwait(false))
            {
                if (update is ReasoningUpdate thought)
                {
                    reasoning.Append(thought.Text);
                    if (how.Prompt.Thinking != false) Dim(thought.Text);
                }
                else if (update is TextUpdate said)
                {
                    if (text.Length == 0 && reasoning.Length > 0 && how.Prompt.Thinking != false) Console.Out.WriteLine();
                    text.Append(said.Text);
                    Console.Out.Write(said.Text);
                }
                else if (update is CalledUpdate called)
                {
                    Dim($"{(called.Result.IsError ? "failed" : "came")}: {Short(called.Result.Text)}\n");
                }
                else if (update is SaidUpdate { Message: var message })
                {
                    conversation.Add(message);
                    whole = message.Role == "assistant" && message.ToolCalls.Count == 0;
                    text.Clear();
                    reasoning.Clear();
                }
                Console.Out.Flush();
            }
            foreach (string problem in tools?.Problems ?? []) Console.Error.WriteLine($"hearth: {problem}");
        }
        catch (Exception e) when (e is ContextException or RemoteException)
        {
            Console.Out.Write(e.Message);
        }
        catch (OperationCanceledException)                                       // Ctrl-C ends the answer; what was said stands
        {
        }
        Console.WriteLine();
        if (!whole) conversation.Add(new ChatMessage("assistant", text.ToString()) { Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null });
    }

    /// <summary>Where the second exchange begins; null when there is one only.</summary>
    private static int? Second(List<ChatMessage> conversation)
    {
        int first = conversation.FindIndex(m => m.Role == "user");
        return first >= 0 && conversation.FindIndex(first + 1, m => m.Role == "user") is >= 0 and var second ? second : null;
    }

    /// <summary>Shows a call and asks; no answer is no.</summary>
    private static Task<ToolDecision> Confirm(PendingCall call, CancellationToken cancel)
    {
        Console.Out.WriteLine($"\nThe model wants to call {call.Tool.FullName} (server {call.Tool.Server}) with");
        Console.Out.WriteLine(call.Arguments);
        while (!cancel.IsCancellationRequested)
        {
            Console.Out.Write("Call it? y, n, or a for always in this conversation: ");
            Console.Out.Flush();
            string? said = Console.In.ReadLine();
            if (said is null || Console.IsInputRedirected) Console.Out.WriteLine();      // nobody pressed Enter
            switch (said?.Trim().ToLowerInvariant())
            {
                case "y" or "yes": return Task.FromResult(ToolDecision.Yes);
                case "a" or "always": return Task.FromResult(ToolDecision.Always);
                case null or "n" or "no": return Task.FromResult(ToolDecision.No);
                default: break;
            }
        }
        return Task.FromResult(ToolDecision.No);
    }

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= 200 ? line : line[..200] + "...";
    }

    /// <summary>Reasoning is for people who look on: faint on a terminal, and not in a file.</summary>
    private static void Dim(string text)
    {
        if (!Console.IsOutputRedirected) Console.Out.Write($"\u001b[2m{text}\u001b[0m");
    }
}
