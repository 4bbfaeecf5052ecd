using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Numerics;

namespace Hearth.Cli;

/// <summary>What all commands share: options, exit codes, how an error is shown, how an answer for programs is written.</summary>
internal static class Common
{
    /// <summary>It worked.</summary>
    public const int Done = 0;

    /// <summary>A check said no.</summary>
    public const int No = 1;

    /// <summary>The command was used wrongly.</summary>
    public const int WrongUse = 2;

    /// <summary>An input is missing or broken.</summary>
    public const int Broken = 3;

    /// <summary>Stopped by Ctrl-C, as shells report it.</summary>
    public const int Interrupted = 130;

    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an error came from.", Recursive = true };

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly CancellationTokenSource Stop = new();

    private static readonly Dictionary<Command, string[]> Examples = [];

    /// <summary>Asked to end by Ctrl-C or SIGTERM. The first request ends in good order, the second at once.</summary>
    public static CancellationToken Stopping => Stop.Token;

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object, for programs." };

    public static Option<int> Threads()
    {
        var option = new Option<int>("--threads") { Description = "Threads to use. The result does not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount };
        option.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && int.TryParse(r.Tokens[0].Value, out int n) && n is < 1 or > 1024) r.AddError($"--threads is {r.Tokens[0].Value}, expected 1 to 1024.");
        });
        return option;
    }

    /// <summary>Adds examples to a command's help.</summary>
    public static Command Example(this Command command, params string[] examples)
    {
        Examples[command] = examples;
        return command;
    }

    public static void PrintJson(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonOptions));

    public static int Run(RootCommand root, string[] args)
    {
        Console.OutputEncoding = Console.InputEncoding = new UTF8Encoding(false);       // whatever the locale: other programs read and write this
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, AskToStop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, AskToStop);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        ParseResult parsed = root.Parse(args);
        if (parsed.Action is not HelpWithExamples && Mistake(parsed) is { } mistake)
        {
            Console.Error.WriteLine($"hearth: {mistake}");
            Console.Error.WriteLine($"Try `hearth {string.Join(' ', CommandPath(parsed))}--help`.");
            return WrongUse;
        }
        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (HearthException e)
        {
            Console.Error.WriteLine($"hearth: {(parsed.GetValue(Verbose) ? e.ToString() : e.Message)}");
            return e is UsageException ? WrongUse : Broken;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            Console.Error.WriteLine($"hearth: {(parsed.GetValue(Verbose) ? e.ToString() : e.Message)}");
            return Broken;
        }
    }

    /// <summary>What is wrong with how the command was given, in one line; null when nothing is.</summary>
    private static string? Mistake(ParseResult parsed)
    {
        if (!parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash))
        {
            // The parser takes an option that it does not know for an argument when there is room for one.
            IEnumerable<Token> arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens);
            if (arguments.FirstOrDefault(t => t.Value is ['-', _, ..]) is { } unknown)
            {
                return $"There is no option '{unknown.Value}'. If it is not meant as one, put -- before it.";
            }
        }
        if (parsed.Errors is not [.., { Message: var message }]) return null;
        int type = message.IndexOf(" as expected type", StringComparison.Ordinal);
        if (type < 0) return message;
        return message[..type] + (message.AsSpan(type).Contains("Int", StringComparison.Ordinal) ? ", expected a whole number." : ", expected a number.");
    }

    private static IEnumerable<string> CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } c; at = at.Parent) names.Push(c.Command.Name);
        return names.Append("");
    }

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            if (!Examples.TryGetValue(parseResult.CommandResult.Command, out string[]? examples)) return code;
            Console.WriteLine("Examples:");
            foreach (string example in examples) Console.WriteLine($"  {example}");
            Console.WriteLine();
            return code;
        }
    }

    private static void AskToStop(PosixSignalContext context)
    {
        if (Stop.IsCancellationRequested) return;
        context.Cancel = true;
        Stop.Cancel();
    }
}

/// <summary>A command was given something it can not use.</summary>
/// <param name="message">What was given, what is expected, and what to do next.</param>
internal sealed class UsageException(string message) : HearthException(message);
