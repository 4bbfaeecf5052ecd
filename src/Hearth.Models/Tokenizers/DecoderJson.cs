using System.Text;
using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>How a tokenizer.json turns tokens into text.</summary>
/// <param name="IsByteLevel">Tokens are written bytes.</param>
/// <param name="UsesBytes">Tokens such as <c>&lt;0x0A&gt;</c> are bytes.</param>
/// <param name="Replacements">Texts replaced in every token.</param>
/// <param name="DropsFirstSpace">A space at the beginning goes.</param>
internal sealed record DecoderPlan(bool IsByteLevel, bool UsesBytes, IReadOnlyList<(string From, string To)> Replacements, bool DropsFirstSpace)
{
    /// <summary>The bytes a token adds to a text.</summary>
    public byte[] BytesOf(string name)
    {
        int value = UsesBytes ? Fallback.ByteOf(name) : -1;
        if (value >= 0) return [(byte)value];
        foreach ((string from, string to) in Replacements) name = name.Replace(from, to, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(name);
    }
}

/// <summary>Reads the <c>decoder</c> and <c>post_processor</c> of a tokenizer.json.</summary>
internal static class DecoderJson
{
    private const int MostSteps = 16;
    private const int MostTokens = 16;

    public static DecoderPlan Read(JsonField node)
    {
        bool isByteLevel = false, usesBytes = false, drops = false, fused = false;
        var replacements = new List<(string, string)>();
        List<JsonField> steps = node["type"].Text() == "Sequence" ? node["decoders"].Items(MostSteps) : [node];
        foreach (JsonField step in steps)
        {
            string type = step["type"].Text();
            switch (type)
            {
                case "ByteLevel":
                    isByteLevel = true;
                    break;
                case "ByteFallback":
                    usesBytes = true;
                    break;
                case "Fuse":
                    fused = true;
                    break;
                case "Replace":
                    replacements.Add((Literal(step["pattern"]["String"]), step["content"].Text()));
                    break;
                case "Metaspace":
                    replacements.Add((PreTokenizerJson.Mark(step), " "));
                    drops |= PreTokenizerJson.Rule(step) != PrefixRule.Never;
                    break;
                case "Strip":
                    bool first = fused && step["content"].Text() == " " && step["start"].Number(1) == 1 && step["stop"].Number(1) == 0;
                    if (!first) throw step.Bad("strips something other than one space at the beginning of the text, which is not supported");
                    drops = true;
                    break;
                default:
                    throw TokenizerJsonReader.Unsupported(step["type"], type);
            }
        }
        return new DecoderPlan(isByteLevel, usesBytes, replacements, drops);
    }

    /// <summary>What stands before and after a text.</summary>
    /// <param name="node">The post-processor.</param>
    /// <param name="highest">The highest id there is.</param>
    public static (List<int> Opening, List<int> Closing) ReadAdditions(JsonField node, int highest)
    {
        var opening = new List<int>();
        var closing = new List<int>();
        if (!node.IsMissing) AddAdditions(node, highest, opening, closing, MostSteps);
        return (opening, closing);
    }

    private static void AddAdditions(JsonField node, int highest, List<int> opening, List<int> closing, int most)
    {
        string type = node["type"].Text();
        if (most == 0) throw node.Bad("is nested too deep");
        switch (type)
        {
            case "ByteLevel":
                break;
            case "Sequence":
                foreach (JsonField step in node["processors"].Items(MostSteps)) AddAdditions(step, highest, opening, closing, most - 1);
                break;
            case "RobertaProcessing" or "BertProcessing":
                opening.Insert(0, Pair(node["cls"], highest));
                closing.Add(Pair(node["sep"], highest));
                break;
            case "TemplateProcessing":
                AddTemplate(node, highest, opening, closing);
                break;
            default:
                throw TokenizerJsonReader.Unsupported(node["type"], type);
        }
        if (opening.Count + closing.Count > 2 * MostTokens) throw node.Bad($"adds more than {2 * MostTokens} tokens to every text");
    }

    private static void AddTemplate(JsonField node, int highest, List<int> opening, List<int> closing)
    {
        bool passed = false;
        var before = new List<int>();
        foreach (JsonField part in node["single"].Items(MostTokens))
        {
            if (!part["Sequence"].IsMissing)
            {
                if (passed) throw node["single"].Bad("holds the text twice");
                passed = true;
                continue;
            }
            JsonField token = node["special_tokens"][part["SpecialToken"]["id"].Text()];
            (passed ? closing : before).AddRange(token["ids"].Items(MostTokens).Select(i => i.Number(highest)));
        }
        if (!passed) throw node["single"].Bad("does not hold the text");
        opening.InsertRange(0, before);
    }

    private static int Pair(JsonField node, int highest)
    {
        List<JsonField> parts = node.Items(2);
        return parts.Count == 2 ? parts[1].Number(highest) : throw node.Bad("is not a token and its id");
    }

    private static string Literal(JsonField node) => node.Text() is { Length: > 0 } text ? text : throw node.Bad("is empty");
}
