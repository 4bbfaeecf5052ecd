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
        var json = new StringBuilder();
        json.Append("{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": ");
        AppendList(json, '[', ']', "    ", tokenizer.SpecialTokens.Select(AddedToken));
        json.Append(",\n  \"normalizer\": null,\n  \"pre_tokenizer\": ");
        AppendPreTokenizer(json, tokenizer.PreTokenizer);
        json.Append(",\n  \"post_processor\": null,\n  \"decoder\": ").Append(ByteLevel(useRegex: true));
        json.Append(",\n  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n")
            .Append("    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n")
            .Append("    \"byte_fallback\": false,\n    \"ignore_merges\": ").Append(Flag(tokenizer.IgnoresMerges))
            .Append(",\n    \"vocab\": ");
        string?[] names = Names(tokenizer);
        IEnumerable<int> ids = Enumerable.Range(0, names.Length).Where(id => names[id] is not null);
        AppendList(json, '{', '}', "      ", ids.Select(id => $"{Quote(names[id]!)}: {id}"));
        json.Append(",\n    \"merges\": ");
        AppendList(json, '[', ']', "      ", tokenizer.Merges.Select(m => Quote($"{names[m.Left]} {names[m.Right]}")));
        json.Append("\n  }\n}\n");
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    private static string?[] Names(Tokenizer tokenizer)
    {
        var names = new string?[tokenizer.Vocabulary.Count];
        for (int id = 0; id < names.Length; id++)
            if (tokenizer.Vocabulary[id] is { } bytes) names[id] = ByteAlphabet.Write(bytes);
        foreach (SpecialToken token in tokenizer.SpecialTokens)
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
        $"{{\"id\": {token.Id}, \"content\": {Quote(token.Content)}, \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
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
