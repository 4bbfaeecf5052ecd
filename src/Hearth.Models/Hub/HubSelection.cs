using System.Text.RegularExpressions;

namespace Hearth.Models.Hub;

/// <summary>Which files of a model are fetched: what Hearth needs to run it, and nothing that can run code.</summary>
public static partial class HubSelection
{
    private const int MostListed = 40;

    private static readonly string[] Pickles = [".bin", ".pth", ".pt"];

    /// <summary>What goes with a model in GGUF files of its own: the part that sees pictures, and statistics for quantising.</summary>
    private static readonly string[] Asides = ["mmproj", "imatrix"];

    private static readonly string[] Beside =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", "NOTICE",
    ];

    /// <summary>Chooses the files.</summary>
    /// <param name="address">The model, for messages.</param>
    /// <param name="files">All files of it.</param>
    /// <param name="wanted">Says of a path whether it is asked for; null to choose what the model needs.</param>
    /// <exception cref="HubException">There is nothing to run, or a choice between several quantisations is left to make.</exception>
    public static IReadOnlyList<HubFile> Choose(HubAddress address, IReadOnlyList<HubFile> files, Func<string, bool>? wanted)
    {
        HubFile[] card = [.. files.Where(f => f.Path == "README.md")];
        if (wanted is not null)
        {
            HashSet<string> groups = [.. files.Where(f => wanted(f.Path)).Select(Group)];
            HubFile[] asked = [.. files.Where(f => groups.Contains(Group(f)))];                 // all parts of a split file
            return asked.Length > 0 ? [.. asked.Union(card).OrderBy(f => f.Path, StringComparer.Ordinal)]
                : throw new HubException($"{address}: no file matches. It has: {Names(files)}.");
        }
        HubFile[] weights = [.. files.Where(f => Weights().IsMatch(f.Path))];
        if (weights.Any(f => f.Path == "model.safetensors")) weights = [.. weights.Where(f => f.Path == "model.safetensors")];
        if (weights.Length > 0 && files.Any(f => f.Path == "config.json"))
        {
            return [.. files.Where(f => Beside.Contains(f.Path, StringComparer.Ordinal)).Union(weights)
                .OrderBy(f => f.Path, StringComparer.Ordinal)];
        }
        var models = files.Where(f => IsGguf(f) && !Asides.Any(a => f.Name.Contains(a, StringComparison.OrdinalIgnoreCase)))
            .GroupBy(Group, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        if (models.Count == 1) return [.. models[0].Union(card).OrderBy(f => f.Path, StringComparer.Ordinal)];
        if (models.Count > 1)
        {
            string choices = string.Join(", ", models.Take(MostListed).Select(g => $"{Formats.Show.Name(g.Key)} ({Size(g.Sum(f => f.Bytes ?? 0))})"));
            throw new HubException($"{address} has the model in {models.Count} forms. Choose one with --file, such as --file Q4_K_M: {choices}"
                + (models.Count > MostListed ? ", ..." : "."));
        }
        throw new HubException(files.Any(f => Pickles.Any(p => f.Name.EndsWith(p, StringComparison.Ordinal)))
            ? $"{address} has its weights as pickles only, which can run code when they are read; Hearth does not read them. Look for the model as safetensors or GGUF."
            : $"{address} has neither a .gguf file nor config.json with model.safetensors. It has: {Names(files)}.");
    }

    /// <summary>What a pattern over names asks for, letter case aside; one without * and ? may stand anywhere in a name.</summary>
    /// <param name="pattern">The pattern; null to choose what the model needs.</param>
    public static Func<string, bool>? Wanted(string? pattern)
    {
        if (pattern is null) return null;
        string upper = pattern.ToUpperInvariant();
        bool isPattern = upper.AsSpan().IndexOfAny('*', '?') >= 0;
        return path => isPattern ? Formats.Glob.Matches(upper, path.ToUpperInvariant()) : path.Contains(pattern, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A length for people.</summary>
    /// <param name="bytes">The length.</param>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):0.00} GB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):0.0} MB",
        >= 1L << 10 => $"{bytes / (double)(1L << 10):0.0} kB",
        _ => $"{bytes} bytes",
    };

    private static bool IsGguf(HubFile file) => file.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>A file's path; the parts of a split file have the path of the first.</summary>
    private static string Group(HubFile file) => SplitPart().Replace(file.Path, "-00001-of-${count}.${kind}");

    private static string Names(IReadOnlyList<HubFile> files) =>
        files.Count == 0 ? "no files" : string.Join(", ", files.Take(MostListed).Select(f => Formats.Show.Name(f.Path))) + (files.Count > MostListed ? ", ..." : "");

    [GeneratedRegex(@"^model(-[0-9]{5}-of-[0-9]{5})?\.safetensors(\.index\.json)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Weights();

    [GeneratedRegex(@"-[0-9]{5}-of-(?<count>[0-9]{5})\.(?<kind>gguf|safetensors)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SplitPart();
}
