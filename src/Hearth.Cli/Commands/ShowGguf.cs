using Hearth.Models.Formats.Gguf;
using Hearth.Numerics.Quantization;

namespace Hearth.Cli.Commands;

/// <summary>What <c>hearth model show</c> prints of a GGUF file.</summary>
internal static class ShowGguf
{
    private const string Tokens = "tokenizer.ggml.tokens";

    /// <summary>True when a person means a GGUF file.</summary>
    public static bool Is(string given) => given.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(given);

    public static int Run(string path, bool json)
    {
        using GgufModel model = GgufModel.Open(path);
        GgufMetadata metadata = model.Metadata;
        GgufTensor[] tensors = [.. model.Files.SelectMany(f => f.Tensors)];
        var types = tensors.GroupBy(t => t.Type).OrderByDescending(g => g.Sum(t => t.ByteCount)).ThenBy(g => g.Key)
            .Select(g => new { type = g.Key.ToString(), tensors = g.Count(), parameters = g.Sum(Numbers),
                bytes = g.Sum(t => t.ByteCount) }).ToArray();
        string architecture = metadata.Text("general.architecture", "unknown"), name = metadata.Text("general.name", "");
        long parameters = tensors.Sum(Numbers), bytes = tensors.Sum(t => t.ByteCount);
        long? vocabulary = metadata.Has(Tokens) ? metadata.Length(Tokens) : null;
        if (json)
        {
            Common.PrintJson(new
            {
                architecture, name, files = model.Files.Count, parameters, bytes, vocabulary, types,
                metadata = metadata.Keys.Select(k => new { key = k, type = metadata.TypeOf(k).ToString(), value = metadata.Describe(k) }),
                tensors = tensors.OrderBy(t => t.Name, StringComparer.Ordinal)
                    .Select(t => new { name = t.Name, type = t.Type.ToString(), shape = t.Shape, bytes = t.ByteCount }),
            });
            return Common.Done;
        }
        Line("file", model.Files.Count == 1 ? path : $"{path} and {model.Files.Count - 1} more");
        Line("architecture", architecture);
        if (name.Length > 0) Line("name", metadata.Describe("general.name"));
        Line("parameters", $"{parameters:N0}");
        Line("bytes", $"{bytes:N0}, {(parameters == 0 ? 0 : bytes * 8.0 / parameters):F2} bits for each parameter");
        if (vocabulary is not null) Line("vocabulary", $"{vocabulary:N0}");
        foreach (var t in types) Line(t.type, $"{t.tensors:N0} tensors, {t.parameters:N0} parameters, {t.bytes:N0} bytes");
        Console.WriteLine();
        foreach (string key in metadata.Keys) Console.WriteLine($"{Printable(key)} = {metadata.Describe(key)}");
        return Common.Done;

        static long Numbers(GgufTensor t) => t.ByteCount / BlockFormat.Of(t.Type).Bytes * BlockFormat.Of(t.Type).Elements;

        static void Line(string label, string value) => Console.WriteLine($"{label,-14} {value}");

        static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}
