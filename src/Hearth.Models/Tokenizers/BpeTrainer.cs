using System.Runtime.InteropServices;
using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Learns byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909, algorithm 1): again and again the pair of neighbouring
/// tokens that occurs most often becomes a token; of equally frequent pairs the one with the smallest (left id, right id).
/// </summary>
public static class BpeTrainer
{
    /// <summary>
    /// A tokenizer for some documents. The first ids are bytes, in the order of the characters that write them in the file; then one for
    /// each new token that a merge makes; then the special tokens. The result depends on how often each piece occurs and on the options,
    /// not on the order of the documents.
    /// </summary>
    /// <param name="documents">Texts; special tokens written in them count as ordinary text.</param>
    /// <param name="options">What to train.</param>
    /// <returns>
    /// A tokenizer of the size asked for. When no pair is left that occurs twice it is smaller: compare
    /// <see cref="Tokenizer.VocabularySize"/> with what was asked.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The size is too small for the bytes and special tokens, or a special token is empty, too long, repeated, not valid Unicode or a
    /// single byte's name.
    /// </exception>
    public static Tokenizer Train(IEnumerable<string> documents, BpeTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(options);
        CheckSpecialTokens(options.SpecialTokens);
        (List<byte[]> words, List<long> counts) = CountWords(documents, options);

        byte[][] alphabet = [.. Alphabet(words, options.IncludeAllBytes).Select(b => new[] { b })];
        int size = options.VocabularySize - options.SpecialTokens.Count;
        if (size < alphabet.Length)
        {
            throw new ArgumentException($"A vocabulary of {options.VocabularySize:N0} can not hold {alphabet.Length} bytes and "
                + $"{options.SpecialTokens.Count} special tokens. "
                + $"Ask for {alphabet.Length + options.SpecialTokens.Count:N0} or more.", nameof(options));
        }

        IEnumerable<byte[]> reserved = options.SpecialTokens.Select(ByteAlphabet.Read).OfType<byte[]>();
        var learner = new MergeLearner(alphabet, reserved, words, counts);
        learner.Learn(size);
        int firstSpecial = learner.Tokens.Count;
        SpecialToken[] special = [.. options.SpecialTokens.Select((content, i) => new SpecialToken(firstSpecial + i, content))];
        return new Tokenizer([.. learner.Tokens], [.. learner.Merges], special, options.PreTokenizer);
    }

    private static (List<byte[]> Words, List<long> Counts) CountWords(IEnumerable<string> documents, BpeTrainingOptions options)
    {
        PreTokenizer preTokenizer = options.SplitLines
            ? new PreTokenizerSequence(PreTokenizer.Lines, options.PreTokenizer)
            : options.PreTokenizer;
        var counted = new Dictionary<string, long>(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counted.GetAlternateLookup<ReadOnlySpan<char>>();
        var ends = new List<int>();
        foreach (string document in documents)
        {
            ends.Clear();
            preTokenizer.Split(document, ends);
            int start = 0;
            foreach (int end in ends)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, document.AsSpan(start, end - start), out _)++;
                start = end;
            }
        }
        return ([.. counted.Keys.Select(Encoding.UTF8.GetBytes)], [.. counted.Values]);
    }

    private static IEnumerable<byte> Alphabet(List<byte[]> words, bool all)
    {
        var seen = new bool[256];
        if (all) Array.Fill(seen, true);
        foreach (byte[] word in words)
            foreach (byte b in word) seen[b] = true;
        return ByteAlphabet.InCharacterOrder.Where(b => seen[b]);
    }

    private static void CheckSpecialTokens(IReadOnlyList<string> tokens)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string token in tokens)
        {
            string? problem =
                token.Length is 0 or > SpecialToken.LongestContent
                    ? $"has {token.Length} characters, expected 1 to {SpecialToken.LongestContent}"
                : !seen.Add(token) ? "is listed twice"
                : token.EnumerateRunes().Any(r => r == Rune.ReplacementChar) ? "holds a character that is not valid Unicode"
                : ByteAlphabet.Read(token)?.Length == 1 ? "is how a single byte is written"
                : null;
            if (problem is not null) throw new ArgumentException($"Special token '{token}' {problem}.", nameof(tokens));
        }
    }
}
