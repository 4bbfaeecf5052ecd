using System.CommandLine;
using System.Text;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth generate</c>: continues a prompt and prints the text alone.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        var prompt = new Argument<string>("PROMPT") { Description = "The text to continue; - reads it from standard input." };
        var sampling = new SamplingOptions(maxTokens: 128);
        var special = new Option<bool>("--special") { Description = "Read special tokens such as <|user|> in the prompt." };
        var top = new Option<int>("--logprobs") { Description = "With --json: log-probabilities of so many likeliest tokens in each place, the prompt's too.", HelpName = "N" };
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("generate", "Continue a text.") { model, prompt, special, top, threads, json };
        sampling.AddTo(command);
        command.Example("hearth generate factbook \"France is in\" --max-tokens 32", "hearth generate factbook \"<|user|>Capital of Chile?<|end|><|assistant|>\" --special --json");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            string given = parsed.GetValue(prompt) is "-" ? Console.In.ReadToEnd() : parsed.GetValue(prompt)!;
            using var pool = new WorkerPool(parsed.GetValue(threads));
            Tokenizer tokenizer = bundle.Tokenizer;
            int[] tokens = tokenizer.Encode(given, parseSpecial: parsed.GetValue(special));
            int[] opening = Opening(bundle);
            if (opening.Length > 0 && (tokens.Length == 0 || !parsed.GetValue(special))) tokens = [.. opening, .. tokens];
            bool asJson = parsed.GetValue(json);
            GenerationOptions options = sampling.Read(parsed, bundle) with { Alternatives = asJson ? parsed.GetValue(top) : 0 };
            Generator generator = sampling.Generator(parsed, bundle, pool);
            var stream = new TextStream(tokenizer, sampling.Stops(parsed));
            var said = new List<GeneratedToken>();
            var text = new StringBuilder();
            void Say(string part)
            {
                text.Append(part);
                if (!asJson) Console.Out.Write(part);
            }

            foreach (GeneratedToken token in generator.Stream(tokens, options, Common.Stopping))
            {
                said.Add(token);
                Say(stream.Push(token.Id));
                if (stream.Stop is not null) break;
            }
            Say(stream.Flush());
            if (asJson)
            {
                Common.PrintJson(new
                {
                    text = text.ToString(),
                    tokens = said.Select(t => t.Id),
                    logProbabilities = said.Select(t => t.LogProbability),
                    alternatives = options.Alternatives > 0 ? said.Select(Alternatives) : null,
                    promptTokens = tokens,
                    promptLogProbabilities = options.Alternatives > 0 ? generator.Score(tokens, options.Alternatives).Select(t => new { logProbability = t.LogProbability, alternatives = Alternatives(t) }) : null,
                    stop = stream.Stop,
                });
            }
            else
            {
                Console.Out.WriteLine();
            }
            return Common.Stopping.IsCancellationRequested ? Common.Interrupted : Common.Done;
        });
        return command;
    }

    private static IEnumerable<object>? Alternatives(GeneratedToken token) => token.Alternatives?.Select(a => new { token = a.Id, logProbability = a.LogProbability });

    /// <summary>What stands before a text: what the tokenizer says, or what Hearth's own models were trained with.</summary>
    private static int[] Opening(ModelBundle bundle) => bundle.Tokenizer.Opening.Count > 0
        ? [.. bundle.Tokenizer.Opening]
        : bundle.Chat is Models.Chat.ChatFormat own ? [own.EndOfTextToken] : [];
}
