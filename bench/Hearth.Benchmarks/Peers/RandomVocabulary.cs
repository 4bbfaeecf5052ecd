using Hearth.Models.Formats.Gguf;

namespace Hearth.Benchmarks.Peers;

/// <summary>
/// A byte-level vocabulary as large as a real one, with as many merges: tokens are words over sixteen capital letters, so that a text in small
/// letters is a token a byte.
/// </summary>
internal static class RandomVocabulary
{
    private const int Special = 256;
    private const string Letters = "ABCDEFGHIJKLMNOP";

    /// <summary>Adds the keys of a tokenizer.</summary>
    /// <param name="values">The file's keys.</param>
    /// <param name="size">Tokens.</param>
    /// <param name="cuts">The name of the rules that cut texts.</param>
    /// <param name="waysToMerge">1 or 2: a word comes of all but its last letter, and of all but its first.</param>
    public static void AddTo(GgufKeyValues values, int size, string cuts, int waysToMerge)
    {
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(Byte)], merges = [];
        (int from, int to) = ('A', 'A' + Letters.Length);                        // the words of one length
        while (tokens.Count < size - Special)
        {
            int next = tokens.Count;
            for (int i = from; i < to; i++)
            {
                foreach (char letter in Letters.AsSpan(0, Math.Min(Letters.Length, size - Special - tokens.Count)))
                {
                    string word = tokens[i] + letter;
                    tokens.Add(word);
                    merges.Add($"{tokens[i]} {letter}");
                    if (waysToMerge > 1 && word.Length > 2) merges.Add($"{word[0]} {word[1..]}");
                }
            }
            (from, to) = (next, tokens.Count);
        }
        tokens.AddRange(Enumerable.Range(0, Special).Select(i => $"<|special {i}|>"));
        values.Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", cuts).Add("tokenizer.ggml.tokens", [.. tokens]);
        values.Add("tokenizer.ggml.token_type", [.. Enumerable.Range(0, size).Select(i => i < size - Special ? 1 : 3)]).Add("tokenizer.ggml.merges", [.. merges]);
        values.Add("tokenizer.ggml.bos_token_id", (uint)(size - 1)).Add("tokenizer.ggml.eos_token_id", (uint)(size - 1));
    }

    /// <summary>The letter of a byte, as byte-level vocabularies write it: printable ones of Latin-1 are themselves, the others follow from 256 on.</summary>
    private static string Byte(int value)
    {
        static bool IsShown(int b) => b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
        return ((char)(IsShown(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !IsShown(b)))).ToString();
    }
}
