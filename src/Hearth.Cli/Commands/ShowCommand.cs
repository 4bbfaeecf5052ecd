using System.CommandLine;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Hub;
using Hearth.Training.Papers;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model show</c>: what a model's files say of it.</summary>
internal static class ShowCommand
{
    private const int MostContext = ModelOverview.MostContext;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        var context = new Option<int?>("--context")
        {
            Description = "Tokens of a sequence whose memory is told; by default what the model was made for, at most 4,096.", HelpName = "N",
        };
        context.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && int.TryParse(r.Tokens[0].Value, out int n) && n is < 1 or > MostContext)
                r.AddError($"--context is {r.Tokens[0].Value}, expected 1 to {MostContext:N0}.");
        });
        var digests = new Option<bool>("--digests") { Description = "Compute the SHA-256 of every file of weights, however large." };
        Option<bool> json = Common.Json();
        var command = new Command("show", "Print a model's architecture, sizes, digests, origin, and the memory it needs.") { model, context, digests, json };
        command.Example("hearth model show factbook", "hearth model show model.gguf --context 8192");
        command.SetAction(parsed =>
        {
            var facts = new ModelOverview(Places.GgufOrFolder(parsed.GetValue(model)!), parsed.GetValue(context), parsed.GetValue(digests));
            if (parsed.GetValue(json)) Common.PrintJson(Plain(facts));
            else Tell(facts);
            return Common.Done;
        });
        return command;
    }

    private static object Plain(ModelOverview f)
    {
        BundlePapers? papers = f.Papers;
        ModelConfig? c = f.Config;
        return new
        {
            architecture = f.Summary.Architecture,
            name = f.Metadata.FirstOrDefault(x => x.Key == "general.name").Value?.Trim('\''),
            parameters = f.Summary.Parameters,
            bytes = f.Summary.Bytes,
            files = f.Summary.Files,
            type = f.Summary.Type,
            types = f.Summary.Types.Select(t => new { type = t.Type, tensors = t.Tensors, parameters = t.Parameters, bytes = t.Bytes }),
            layers = c?.NumHiddenLayers,
            hiddenSize = c?.HiddenSize,
            heads = c?.NumAttentionHeads,
            keyValueHeads = c?.NumKeyValueHeads,
            headSize = c?.HeadDim,
            intermediateSize = c?.IntermediateSize,
            context = c?.MaxPositionEmbeddings,
            vocabulary = f.Tokenizer?.VocabularySize ?? c?.VocabularySize,
            tokenizer = f.Tokenizer?.Kind,
            template = f.Template,
            problems = f.Problems,
            memory = f.Memory is not { } m ? null : new { context = m.Context, weightsBytes = m.Weights, cacheBytes = m.Caches.ToDictionary(x => x.Type.ToString(), x => x.Bytes) },
            memoryBytes = f.Memory is { } need ? need.Weights + need.Caches[0].Bytes : (long?)null,
            weightsDigest = f.Digests.Count == 1 ? f.Digests[0].Sha256 : null,
            digests = f.Digests.Select(d => new { file = d.Name, sha256 = d.Sha256 }),
            licence = f.Licence,
            origin = f.Summary.Origin is { } o ? new { repository = o.Repository, revision = o.Revision, commit = o.Commit, url = o.Page } : null,
            signature = f.Signature,
            ledgerHead = f.LedgerHead,
            documents = f.Documents.Count,
            licences = f.DocumentLicences,
            papers = papers?.Papers,
            opennessClass = papers?.Openness?.Numeral,
            opennessMissing = papers?.Openness?.MissingForNext.Select(x => x.Name),
            metadata = f.Metadata.Select(k => new { key = k.Key, type = k.Type, value = k.Value }),
            tensors = f.Summary.IsGguf ? f.Summary.Tensors.Select(t => new { name = t.Name, type = t.Type, shape = t.Shape, bytes = t.Bytes }) : null,
        };
    }

    private static void Tell(ModelOverview f)
    {
        ModelSummary s = f.Summary;
        Line(s.IsGguf ? "file" : "folder", s.Files == 1 || !s.IsGguf ? s.Path : $"{s.Path} and {s.Files - 1} more");
        Line("architecture", s.Architecture);
        Line("parameters", $"{s.Parameters:N0}, {s.Type}");
        Line("bytes", $"{s.Bytes:N0}, {(s.Parameters == 0 ? 0 : s.Bytes * 8.0 / s.Parameters):F2} bits for each parameter");
        foreach (var t in s.Types) Line("  " + t.Type, $"{t.Tensors:N0} tensors, {t.Parameters:N0} parameters, {t.Bytes:N0} bytes");
        if (f.Config is { } c)
        {
            Line("layers", $"{c.NumHiddenLayers}, hidden size {c.HiddenSize}, feed-forward {c.IntermediateSize}");
            Line("attention", $"{c.NumAttentionHeads} heads of {c.HeadDim}, {c.NumKeyValueHeads} for keys and values");
            Line("context", $"{c.MaxPositionEmbeddings:N0} tokens");
            ModelMemory memory = f.Memory!;
            string caches = string.Join(", ", memory.Caches.Select(x => $"{HubSelection.Size(x.Bytes)} ({x.Type})"));
            Line("memory", $"{HubSelection.Size(memory.Weights)} of weights, and with {memory.Context:N0} tokens a cache of {caches}");
        }
        if (f.Tokenizer is { } tokenizer) Line("tokenizer", $"{tokenizer.Kind}, vocabulary {tokenizer.VocabularySize:N0}");
        Line("template", f.Template ?? "none");
        foreach (string problem in f.Problems) Line("problem", problem);
        foreach ((string name, string sha256) in f.Digests) Line(f.Digests.Count == 1 ? "weights" : "digest", f.Digests.Count == 1 ? sha256 : $"{sha256}  {name}");
        if (s.Origin is { } origin) Line("origin", $"{origin.Repository}@{origin.Revision}, {origin.Page}");
        if (f.Papers is { } papers)
        {
            foreach ((string name, string value) in papers.Lines()) Line(name, value);
        }
        else
        {
            Line("licence", f.Licence ?? "not stated");
            Line("signature", f.Signature ?? "none");
        }
        if (f.LedgerHead.Length > 0)
        {
            Line("ledger head", f.LedgerHead);
            Line("documents", $"{f.Documents.Count:N0}, {string.Join("; ", f.DocumentLicences)}");
            Line("reproduce", $"hearth reproduce {s.Path}");
        }
        if (f.Metadata.Count > 0) Console.WriteLine();
        foreach ((string key, _, string value) in f.Metadata) Console.WriteLine($"{string.Concat(key.Select(k => char.IsControl(k) ? '?' : k))} = {value}");

        static void Line(string label, string value) => Console.WriteLine($"{label,-14} {value}");
    }
}
