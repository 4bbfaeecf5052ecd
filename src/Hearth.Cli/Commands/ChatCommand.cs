using System.CommandLine;
using System.Text;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth chat</c>: a conversation on the terminal.</summary>
internal static class ChatCommand
{
    private const string Help = "/reset forgets the conversation, /system TEXT sets what the system says, /quit ends.";

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        var system = new Option<string?>("--system") { Description = "A message from the system to begin with.", HelpName = "TEXT" };
        var noThinking = new Option<bool>("--no-thinking") { Description = "Asks the model not to reason before it answers, and shows no reasoning." };
        var effort = new Option<string?>("--effort") { Description = "How much to reason: low, medium or high, for models that ask." };
        effort.AcceptOnlyFromAmong("low", "medium", "high");
        var budget = new Option<int?>("--reasoning-tokens") { Description = "The most tokens of reasoning.", HelpName = "N" };
        var sampling = new SamplingOptions(maxTokens: 256);
        Option<int> threads = Common.Threads();
        var command = new Command("chat", "Talk with a model. " + Help) { model, system, noThinking, effort, budget, threads };
        sampling.AddTo(command);
        command.Example("hearth chat factbook", "hearth chat ./runs/novels --temperature 0.8 --seed 7", "hearth chat qwen3.gguf --no-thinking");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            using var pool = new WorkerPool(parsed.GetValue(threads));
            Talk(bundle, sampling.Generator(parsed, bundle, pool), parsed.GetValue(system), new ChatRequest(new ChatPrompt([])
            {
                Thinking = parsed.GetValue(noThinking) ? false : null,
                ReasoningEffort = parsed.GetValue(effort),
            })
            {
                Options = sampling.Read(parsed, bundle),
                Shape = sampling.Shape(parsed),
                Stops = sampling.Stops(parsed),
                ReasoningBudget = parsed.GetValue(budget),
            });
            return Common.Done;
        });
        return command;
    }

    /// <summary>Asks and answers until /quit, the end of input or Ctrl-C.</summary>
    /// <param name="bundle">The model.</param>
    /// <param name="generator">Runs it.</param>
    /// <param name="system">What the system says; null for nothing.</param>
    /// <param name="how">How to answer; its prompt has no messages.</param>
    private static void Talk(ModelBundle bundle, Generator generator, string? system, ChatRequest how)
    {
        using var tokens = new SequentialGenerator(generator);
        var engine = new ChatEngine(bundle, tokens);
        if (!engine.CanChat) throw new UsageException($"{bundle.Folder}: the model has no chat template, so it can not be told a conversation. Use `hearth generate`, or a model with one.");
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
                conversation.Add(Answer(bundle, engine, conversation, how).GetAwaiter().GetResult());
            }
        }
    }

    /// <summary>Streams the answer to the conversation so far; the oldest exchanges are left out when they no longer fit the context.</summary>
    private static async Task<ChatMessage> Answer(ModelBundle bundle, ChatEngine engine, List<ChatMessage> conversation, ChatRequest how)
    {
        int context = bundle.Model.Config.MaxPositionEmbeddings, begin = conversation.FindIndex(m => m.Role != "system");
        ChatPrompt Prompt() => how.Prompt with { Messages = [.. conversation] };
        while (conversation.Count > begin + 1 && engine.Encode(Prompt()).Length > context / 2) conversation.RemoveRange(begin, 2);
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        try
        {
            await foreach (ChatUpdate update in engine.AnswerAsync(how with { Prompt = Prompt() }, Common.Stopping).ConfigureAwait(false))
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
                Console.Out.Flush();
            }
        }
        catch (ContextException e)
        {
            Console.Out.Write(e.Message);
        }
        catch (OperationCanceledException)                                       // Ctrl-C ends the answer; what was said stands
        {
        }
        Console.WriteLine();
        return new ChatMessage("assistant", text.ToString()) { Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null };
    }

    /// <summary>Reasoning is for people who look on: faint on a terminal, and not in a file.</summary>
    private static void Dim(string text)
    {
        if (!Console.IsOutputRedirected) Console.Out.Write($"\u001b[2m{text}\u001b[0m");
    }
}
