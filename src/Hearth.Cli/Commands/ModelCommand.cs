using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model</c>: what can be done with a model's files.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Fetch models, look into them, sign, verify, write in another form.")
    {
        ListCommand.Create(), ShowCommand.Create(), PullCommand.Create(), ExportCommand.Create(), QuantizeCommand.Create(), DequantizeCommand.Create(), Tokenize(),
        Logits(), ModelTemplateCommand.Create(), ModelSignCommand.Create(), ModelVerifyCommand.Create(), ModelRemoteCommand.Create(),
    };

    private static Argument<string> Model() => new("MODEL") { Description = "A model's folder or name." };

    private static Command Tokenize()
    {
        Argument<string> model = Model();
        var decode = new Option<bool>("--decode") { Description = "Read token ids from standard input and print their text." };
        var special = new Option<bool>("--special") { Description = "Read special tokens in the text; show them when decoding." };
        Option<bool> json = Common.Json();
        var command = new Command("tokenize", "Turn text from standard input into tokens, or tokens into text.") { model, decode, special, json };
        command.Example("echo -n \"Hello\" | hearth model tokenize factbook --json", "echo \"72 301\" | hearth model tokenize factbook --decode");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            using var reader = new StreamReader(Console.OpenStandardInput(), new System.Text.UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);
            string input = reader.ReadToEnd();
            if (parsed.GetValue(decode))
            {
                int[] ids = Tokens(input, bundle.Tokenizer.VocabularySize, "standard input");
                string text = bundle.Tokenizer.Decode(ids, showSpecial: parsed.GetValue(special));
                if (parsed.GetValue(json)) Common.PrintJson(new { text });
                else Console.Out.Write(text);
                return Common.Done;
            }
            int[] tokens = bundle.Tokenizer.Encode(input, parseSpecial: parsed.GetValue(special));
            if (parsed.GetValue(json)) Common.PrintJson(new { tokens });
            else Console.WriteLine(string.Join(' ', tokens));
            return Common.Done;
        });
        return command;
    }

    private static Command Logits()
    {
        Argument<string> model = Model();
        var tokens = new Option<string>("--tokens") { Description = "Token ids, separated by commas.", Required = true, HelpName = "1,2,3" };
        var output = new Option<string>("--out") { Description = "The file: little-endian float32, [positions, vocabulary].", Required = true, HelpName = "FILE" };
        Option<int> threads = Common.Threads();
        var command = new Command("logits", "Write the logits at every position of some tokens.") { model, tokens, output, threads };
        command.Example("hearth model logits factbook --tokens 1,2,3 --out logits.f32");
        command.SetAction(parsed =>
        {
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            int[] ids = Tokens(parsed.GetValue(tokens)!, bundle.Model.Config.VocabularySize, "--tokens");
            if (ids.Length == 0) throw new UsageException("--tokens is empty, expected at least one token id.");
            using var pool = new WorkerPool(parsed.GetValue(threads));
            Tensor logits = bundle.Model.Logits(new Tape(pool, recording: false), new SequenceBatch(ids));
            AtomicFile.Write(parsed.GetValue(output)!, stream =>
            {
                var bytes = new byte[logits.Columns * sizeof(float)];
                for (int row = 0; row < logits.Rows; row++)
                {
                    for (int i = 0; i < logits.Columns; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), logits.Data[(row * logits.Columns) + i]);
                    stream.Write(bytes);
                }
            });
            return Common.Done;
        });
        return command;
    }

    private static int[] Tokens(string text, int vocabulary, string where)
    {
        string[] parts = text.Split([' ', ',', '\n', '\r', '\t', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        return [.. parts.Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < vocabulary
            ? id
            : throw new UsageException($"{where}: '{p}' is not a token of this model, expected 0 to {vocabulary - 1}."))];
    }
}
