using System.CommandLine;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth chat</c>: a conversation on the terminal.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        var system = new Option<string?>("--system") { Description = "A message from the system to begin with.", HelpName = "TEXT" };
        var sampling = new SamplingOptions(maxTokens: 256);
        Option<int> threads = Common.Threads();
        var command = new Command("chat", "Talk with a model. /new forgets the conversation, /quit ends.") { model, system, threads };
        sampling.AddTo(command);
        command.Example("hearth chat factbook", "hearth chat ./runs/novels --temperature 0.8 --seed 7");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            using var pool = new WorkerPool(parsed.GetValue(threads));
            Talk(bundle, sampling.Generator(parsed, bundle, pool), sampling.Read(parsed, bundle), parsed.GetValue(system), sampling.Stops(parsed));
            return Common.Done;
        });
        return command;
    }

    /// <summary>Asks and answers until /quit, the end of input or Ctrl-C.</summary>
    public static void Talk(ModelBundle bundle, Generator generator, GenerationOptions options, string? system = null, string[]? stops = null)
    {
        IChatFormat chat = bundle.Chat ?? throw new UsageException($"{bundle.Folder}: the model has no chat template, so it can not be told a conversation. Use `hearth generate`, or a model with one.");
        bool terminal = !Console.IsInputRedirected;
        List<ChatMessage> conversation = system is null ? [] : [new ChatMessage("system", system)];
        int begin = conversation.Count;
        if (terminal) Console.WriteLine("Ask something. /new forgets the conversation, /quit ends.");
        while (!Common.Stopping.IsCancellationRequested)
        {
            if (terminal) Console.Write("> ");
            string? line = Console.In.ReadLine()?.Trim();
            if (line is null or "/quit" or "/exit") return;
            if (line.Length == 0) continue;
            if (line == "/new")
            {
                conversation.RemoveRange(begin, conversation.Count - begin);
                continue;
            }
            if (line[0] == '/')
            {
                Console.WriteLine($"There is no {line.Split(' ')[0]}; there are /new and /quit.");
                continue;
            }
            conversation.Add(new ChatMessage("user", line));
            conversation.Add(new ChatMessage("assistant", Answer(bundle, generator, chat, conversation, begin, options, stops ?? [])));
        }
    }

    /// <summary>Streams the answer to the conversation so far; the oldest exchanges are left out when they no longer fit the context.</summary>
    private static string Answer(ModelBundle bundle, Generator generator, IChatFormat chat, List<ChatMessage> conversation, int begin,
        GenerationOptions options, string[] stops)
    {
        int context = bundle.Model.Config.MaxPositionEmbeddings;
        int[] prompt = chat.Encode(conversation, askForAnswer: true);
        while (prompt.Length > context / 2 && conversation.Count > begin + 1)
        {
            conversation.RemoveRange(begin, 2);
            prompt = chat.Encode(conversation, askForAnswer: true);
        }
        var stream = new TextStream(bundle.Tokenizer, stops);
        var text = new System.Text.StringBuilder();
        void Show(string part)
        {
            text.Append(part);
            Console.Out.Write(part);
            Console.Out.Flush();
        }

        try
        {
            foreach (GeneratedToken token in generator.Stream(prompt, options, Common.Stopping))
            {
                Show(stream.Push(token.Id));
                if (stream.Stop is not null) break;
            }
            Show(stream.Flush());
        }
        catch (ContextException e)
        {
            Show(e.Message);
        }
        Console.WriteLine();
        return text.ToString();
    }
}
