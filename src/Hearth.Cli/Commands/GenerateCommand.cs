using System.CommandLine;
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
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("generate", "Continue a text.") { model, prompt, special, threads, json };
        sampling.AddTo(command);
        command.Example("hearth generate factbook \"France is in\" --max-tokens 32", "hearth generate factbook \"<|user|>Capital of Chile?<|end|><|assistant|>\" --special --json");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            string text = parsed.GetValue(prompt) is "-" ? Console.In.ReadToEnd() : parsed.GetValue(prompt)!;
            using var pool = new WorkerPool(parsed.GetValue(threads));
            Tokenizer tokenizer = bundle.Tokenizer;
            int[] tokens = tokenizer.Encode(text, parseSpecial: parsed.GetValue(special));
            int[] opening = Opening(bundle);
            if (opening.Length > 0 && (tokens.Length == 0 || !parsed.GetValue(special))) tokens = [.. opening, .. tokens];
            GenerationOptions options = sampling.Read(parsed, bundle);
            var decoder = new StreamingDecoder(tokenizer);
            var said = new List<GeneratedToken>();
            foreach (GeneratedToken token in new Generator(bundle.Model, pool).Stream(tokens, options, Common.Stopping))
            {
                said.Add(token);
                string part = decoder.Push(token.Id);
                if (!parsed.GetValue(json)) Console.Out.Write(part);
            }
            if (parsed.GetValue(json))
            {
                Common.PrintJson(new
                {
                    text = tokenizer.Decode([.. said.Select(t => t.Id)]),
                    tokens = said.Select(t => t.Id),
                    logProbabilities = said.Select(t => t.LogProbability),
                    promptTokens = tokens,
                });
            }
            else
            {
                Console.Out.WriteLine(decoder.Flush());
            }
            return Common.Stopping.IsCancellationRequested ? Common.Interrupted : Common.Done;
        });
        return command;
    }

    /// <summary>What stands before a text: what the tokenizer says, or what Hearth's own models were trained with.</summary>
    private static int[] Opening(ModelBundle bundle) => bundle.Tokenizer.Opening.Count > 0
        ? [.. bundle.Tokenizer.Opening]
        : bundle.Chat is Models.Chat.ChatFormat own ? [own.EndOfTextToken] : [];
}

/// <summary>Options that say how tokens are chosen.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<int> _maxTokens;
    private readonly Option<double> _temperature = new("--temperature") { Description = "0 takes the most likely token each time; larger is more varied." };
    private readonly Option<long> _seed = new("--seed") { Description = "Another seed draws other tokens; the same seed the same." };

    public SamplingOptions(int maxTokens)
    {
        _maxTokens = new Option<int>("--max-tokens") { Description = "The most tokens to generate.", DefaultValueFactory = _ => maxTokens };
        _maxTokens.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && int.TryParse(r.Tokens[0].Value, out int n) && n < 0) r.AddError($"--max-tokens is {n}, expected 0 or more.");
        });
        _temperature.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && double.TryParse(r.Tokens[0].Value, out double t) && !(t is >= 0 and <= 100)) r.AddError($"--temperature is {r.Tokens[0].Value}, expected 0 to 100.");
        });
    }

    public void AddTo(Command command)
    {
        command.Add(_maxTokens);
        command.Add(_temperature);
        command.Add(_seed);
    }

    public GenerationOptions Read(ParseResult parsed, ModelBundle bundle) => new()
    {
        MaxTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature),
        Seed = parsed.GetValue(_seed),
        StopTokens = bundle.EndTokens,
    };
}
