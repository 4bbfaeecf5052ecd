using System.Globalization;
using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Writes Hugging Face's <c>tokenizer.json</c>: tokens by id, merges by rank, special tokens last. Written by hand because a library's
/// choice of which characters to escape follows its Unicode tables, and these bytes are part of what a run is identified by.
/// </summary>
internal static class TokenizerJsonWriter
{
    public static byte[] Write(Tokenizer tokenizer)
    {
        TokenizerParts parts = tokenizer.Parts;
        TokenizerFile file = parts.File ?? new TokenizerFile();
        var json = new StringBuilder();
        json.Append("{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": ");
        AppendList(json, '[', ']', "    ", tokenizer.SpecialTokens.Select(AddedToken));
        json.Append(",\n  \"normalizer\": ").Append(file.Normalizer ?? "null").Append(",\n  \"pre_tokenizer\": ");
        if (file.PreTokenizer is { } written) json.Append(written);
        else AppendPreTokenizer(json, tokenizer.PreTokenizer);
        json.Append(",\n  \"post_processor\": ").Append(file.PostProcessor ?? "null")
            .Append(",\n  \"decoder\": ").Append(file.Decoder ?? ByteLevel(useRegex: true)).Append(",\n  \"model\": {\n");
        if (file.Scores is { } scores) AppendUnigram(json, file, scores);
        else AppendBpe(json, parts, file);
        json.Append("\n  }\n}\n");
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    private static void AppendBpe(StringBuilder json, TokenizerParts parts, TokenizerFile file)
    {
        IReadOnlyList<string?> names = file.Names ?? Names(parts);
        json.Append("    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": ")
            .Append(file.Unknown is { } unknown ? Quote(names[unknown]!) : "null")
            .Append(",\n    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n    \"fuse_unk\": ")
            .Append(Flag(file.FusesUnknown)).Append(",\n    \"byte_fallback\": ").Append(Flag(file.UsesBytes))
            .Append(",\n    \"ignore_merges\": ").Append(Flag(parts.IgnoresMerges)).Append(",\n    \"vocab\": ");
        IEnumerable<int> ids = Enumerable.Range(0, names.Count).Where(id => names[id] is not null);
        AppendList(json, '{', '}', "      ", ids.Select(id => $"{Quote(names[id]!)}: {id}"));
        json.Append(",\n    \"merges\": ");
        AppendList(json, '[', ']', "      ", parts.Merges.Select(m => file.Names is null
            ? Quote($"{names[m.Left]} {names[m.Right]}")
            : $"[{Quote(names[m.Left]!)}, {Quote(names[m.Right]!)}]")); // the tokens may hold spaces
    }

    private static void AppendUnigram(StringBuilder json, TokenizerFile file, IReadOnlyList<double> scores)
    {
        json.Append("    \"type\": \"Unigram\",\n    \"unk_id\": ").Append(file.Unknown?.ToString(CultureInfo.InvariantCulture) ?? "null")
            .Append(",\n    \"byte_fallback\": ").Append(Flag(file.UsesBytes)).Append(",\n    \"vocab\": ");
        AppendList(json, '[', ']', "      ", file.Names!.Select((name, id) =>
            $"[{Quote(name!)}, {scores[id].ToString("R", CultureInfo.InvariantCulture)}]"));
    }

    private static string?[] Names(TokenizerParts parts)
    {
        var names = new string?[parts.Vocabulary.Count];
        for (int id = 0; id < names.Length; id++)
            if (parts.Vocabulary[id] is { } bytes) names[id] = ByteAlphabet.Write(bytes);
        foreach (SpecialToken token in parts.SpecialTokens)
            if (token.Id < names.Length && names[token.Id] is not null) names[token.Id] = token.Content;
        return names;
    }

    private static void AppendPreTokenizer(StringBuilder json, PreTokenizer preTokenizer)
    {
        if (preTokenizer == PreTokenizer.Gpt2)
        {
            json.Append(ByteLevel(useRegex: true));
            return;
        }
        json.Append("{\n    \"type\": \"Sequence\",\n    \"pretokenizers\": ");
        IEnumerable<string> splits = preTokenizer.Scanners.Select(s =>
            $"{{\"type\": \"Split\", \"pattern\": {{\"Regex\": {Quote(s.Pattern)}}}, \"behavior\": \"Isolated\", \"invert\": false}}");
        AppendList(json, '[', ']', "      ", splits.Append(ByteLevel(useRegex: false)));
        json.Append("\n  }");
    }

    private static string ByteLevel(bool useRegex) =>
        $"{{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, \"use_regex\": {Flag(useRegex)}}}";

    private static string AddedToken(SpecialToken token) =>
        $"{{\"id\": {token.Id}, \"content\": {Quote(token.Content)}, \"single_word\": {Flag(token.WholeWord)}, "
        + $"\"lstrip\": {Flag(token.StripsLeft)}, \"rstrip\": {Flag(token.StripsRight)}, "
        + $"\"normalized\": {Flag(token.Normalized)}, \"special\": {Flag(token.Hidden)}}}";

    private static void AppendList(StringBuilder json, char open, char close, string indent, IEnumerable<string> entries)
    {
        json.Append(open);
        string separator = "\n";
        foreach (string entry in entries)
        {
            json.Append(separator).Append(indent).Append(entry);
            separator = ",\n";
        }
        if (separator != "\n") json.Append('\n').Append(indent.AsSpan(2));
        json.Append(close);
    }

    private static string Flag(bool value) => value ? "true" : "false";

    /// <summary>A JSON string that escapes only what JSON demands.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (char c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c < ' ') quoted.Append($"\\u{(int)c:x4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }
}
