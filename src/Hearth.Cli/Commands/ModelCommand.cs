using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model</c>: looks into a model, signs it, verifies it.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Look into a model, sign it, verify it, write it in another form.")
    {
        Show(), Tokenize(), Logits(), ModelTemplateCommand.Create(), ModelSignCommand.Create(), ModelVerifyCommand.Create(), ExportCommand.Create(),
        DequantizeCommand.Create(),
    };

    private static Argument<string> Model() => new("MODEL") { Description = "A model's folder or name." };

    private static Command Show()
    {
        Argument<string> model = Model();
        Option<bool> json = Common.Json();
        var command = new Command("show", "Print a model's architecture, sizes, digests and origin.") { model, json };
        command.Example("hearth model show factbook", "hearth model show model.gguf");
        command.SetAction(parsed =>
        {
            if (ShowGguf.Is(parsed.GetValue(model)!)) return ShowGguf.Run(parsed.GetValue(model)!, parsed.GetValue(json));
            ModelBundle bundle = Places.Model(parsed.GetValue(model)!);
            ModelConfig c = bundle.Model.Config;
            RunFolder run = RunFolder.OfModel(bundle.Folder);
            string head = run.Exists ? LedgerFile.Read(run.Ledger).Head : "";
            IReadOnlyList<Material> documents = run.Exists ? Materials.Read(run.Materials) : [];
            string[] licences = [.. documents.Select(d => d.Licence).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            string digest = Digest.OfFile(Path.Combine(bundle.Folder, ModelBundle.WeightsName));
            BundlePapers papers = BundlePapers.Of(bundle.Folder);
            long cache = 2L * c.NumHiddenLayers * c.NumKeyValueHeads * c.HeadDim * c.MaxPositionEmbeddings * sizeof(float);
            if (parsed.GetValue(json))
            {
                Common.PrintJson(new
                {
                    architecture = c.GetType().Name.Replace("Config", "", StringComparison.Ordinal),
                    parameters = bundle.Model.Parameters.Count,
                    layers = c.NumHiddenLayers,
                    hiddenSize = c.HiddenSize,
                    heads = c.NumAttentionHeads,
                    keyValueHeads = c.NumKeyValueHeads,
                    headSize = c.HeadDim,
                    intermediateSize = c.IntermediateSize,
                    context = c.MaxPositionEmbeddings,
                    vocabulary = bundle.Tokenizer.VocabularySize,
                    weightsDigest = digest,
                    ledgerHead = head,
                    documents = documents.Count,
                    licences,
                    memoryBytes = (bundle.Model.Parameters.Count * 2 * sizeof(float)) + cache,
                    licence = papers.Licence,
                    papers = papers.Papers,
                    signature = papers.Signature,
                    opennessClass = papers.Openness?.Numeral,
                    opennessMissing = papers.Openness?.MissingForNext.Select(c => c.Name),
                });
                return Common.Done;
            }
            Line("folder", bundle.Folder);
            Line("architecture", c.GetType().Name.Replace("Config", "", StringComparison.Ordinal));
            Line("parameters", bundle.Model.Parameters.Count.ToString("N0", CultureInfo.InvariantCulture));
            Line("layers", $"{c.NumHiddenLayers}, hidden size {c.HiddenSize}, feed-forward {c.IntermediateSize}");
            Line("attention", $"{c.NumAttentionHeads} heads of {c.HeadDim}, {c.NumKeyValueHeads} for keys and values");
            Line("context", $"{c.MaxPositionEmbeddings:N0} tokens; vocabulary {bundle.Tokenizer.VocabularySize:N0}");
            Line("memory", $"about {MemoryPlan.Show((bundle.Model.Parameters.Count * 2 * sizeof(float)) + cache)} with a full context");
            Line("weights", digest);
            foreach ((string name, string value) in papers.Lines()) Line(name, value);
            if (!run.Exists) return Common.Done;
            Line("ledger head", head);
            Line("documents", $"{documents.Count:N0}, {string.Join("; ", licences)}");
            Line("reproduce", $"hearth reproduce {bundle.Folder}");
            return Common.Done;
        });
        return command;

        static void Line(string name, string value) => Console.WriteLine($"{name,-14} {value}");
    }

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
