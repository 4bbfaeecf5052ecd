using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Hearth.Models.Formats;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Byte-level byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909; over bytes as in GPT-2): text is cut into pieces by a
/// pre-tokenizer, and each piece's UTF-8 bytes are merged by rank. Safe for use by several threads.
/// </summary>
public sealed class Tokenizer
{
    private const int LongestCachedPiece = 64;  // characters
    private const int MostCachedPieces = 1 << 16;

    private readonly byte[]?[] _bytes;          // by id; null where no token has the id
    private readonly bool[] _hidden;            // by id
    private readonly BpeModel _model;
    private readonly SpecialTokenFinder? _finder;
    private readonly Dictionary<string, int> _specialIds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <summary>A tokenizer of checked parts.</summary>
    /// <param name="vocabulary">The bytes of byte-pair encoding's tokens, by id; null where no such token has the id.</param>
    /// <param name="merges">By rank; all ids are in the vocabulary.</param>
    /// <param name="specialTokens">Distinct in id and content; ids may be those of vocabulary entries.</param>
    /// <param name="preTokenizer">Cuts the text.</param>
    /// <param name="ignoreMerges">A piece that is a token is never built by merges.</param>
    internal Tokenizer(IReadOnlyList<byte[]?> vocabulary, IReadOnlyList<Merge> merges, IReadOnlyList<SpecialToken> specialTokens,
        PreTokenizer preTokenizer, bool ignoreMerges = false)
    {
        Vocabulary = vocabulary;
        Merges = merges;
        SpecialTokens = specialTokens;
        PreTokenizer = preTokenizer;
        IgnoresMerges = ignoreMerges;
        _bytes = new byte[]?[specialTokens.Aggregate(vocabulary.Count, (size, t) => Math.Max(size, t.Id + 1))];
        _hidden = new bool[_bytes.Length];
        var isSpecial = new bool[_bytes.Length];
        for (int id = 0; id < vocabulary.Count; id++) _bytes[id] = vocabulary[id];
        foreach (SpecialToken token in specialTokens)
        {
            _bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
            _hidden[token.Id] = token.Hidden;
            isSpecial[token.Id] = true;
            _specialIds.Add(token.Content, token.Id);
        }
        _model = new BpeModel(vocabulary, merges, ignoreMerges, isSpecial);
        if (specialTokens.Count > 0) _finder = new SpecialTokenFinder(specialTokens);
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>One more than the highest id: the number of rows an embedding needs. A few ids may have no token.</summary>
    public int VocabularySize => _bytes.Length;

    /// <summary>The tokens that are not part of byte-pair encoding, in ascending order of id.</summary>
    public IReadOnlyList<SpecialToken> SpecialTokens { get; }

    /// <summary>The rules of byte-pair encoding, by rank.</summary>
    public IReadOnlyList<Merge> Merges { get; }

    internal IReadOnlyList<byte[]?> Vocabulary { get; }

    /// <summary>Cuts text into the pieces that tokens stay within.</summary>
    public PreTokenizer PreTokenizer { get; }

    internal bool IgnoresMerges { get; }

    /// <summary>Reads a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">The file is missing, malformed or not supported; the message names the key.</exception>
    public static Tokenizer Load(string path) => TokenizerJsonReader.Load(path);

    /// <summary>Reads the content of a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <param name="json">The content, UTF-8.</param>
    /// <param name="name">What errors call the file.</param>
    /// <exception cref="ModelFileException">The content is malformed or not supported; the message names the key.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name = "tokenizer.json") => TokenizerJsonReader.Parse(json, name);

    /// <summary>The tokenizer as a Hugging Face <c>tokenizer.json</c>: equal tokenizers give equal bytes.</summary>
    public byte[] ToJson() => TokenizerJsonWriter.Write(this);

    /// <summary>Writes <see cref="ToJson"/> to a file, whole or not at all.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="IOException">The disk is full or the folder can not be written.</exception>
    public void Save(string path)
    {
        byte[] json = ToJson();
        AtomicFile.Write(path, stream => stream.Write(json));
    }

    /// <summary>The tokens of a text. Nothing is added at its beginning or end.</summary>
    /// <param name="text">The text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="parseSpecial">
    /// Special tokens written in the text become their ids. Leave it off for text from people one does not trust: then their characters
    /// are ordinary text.
    /// </param>
    /// <exception cref="UnencodableTextException">The vocabulary was trained without all bytes and lacks one of the text's.</exception>
    public int[] Encode(string text, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<int>((text.Length / 3) + 1);
        int start = 0;
        while (parseSpecial && _finder?.Find(text, start, out int at) is { } special)
        {
            EncodeOrdinary(text.AsSpan(start, at - start), tokens);
            tokens.Add(special.Id);
            start = at + special.Content.Length;
        }
        EncodeOrdinary(text.AsSpan(start), tokens);
        return [.. tokens];
    }

    /// <summary>The text of some tokens. Bytes that are not valid UTF-8 come out as U+FFFD.</summary>
    /// <param name="tokens">Ids.</param>
    /// <param name="showSpecial">Writes hidden special tokens out too.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> tokens, bool showSpecial = false)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (int token in tokens) bytes.Write(Shown(token, showSpecial));
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The bytes a token stands for; a special token's are those of its name. Empty for an id that has no token.</summary>
    /// <param name="token">The id.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative, or <see cref="VocabularySize"/> or more.</exception>
    public ReadOnlySpan<byte> Bytes(int token)
    {
        if ((uint)token >= (uint)_bytes.Length)
            throw new ArgumentOutOfRangeException(nameof(token), token, $"Token ids go from 0 to {_bytes.Length - 1}.");
        return _bytes[token];
    }

    /// <summary>The id of a special token, or null when there is none of that name.</summary>
    /// <param name="content">How it is written.</param>
    public int? Special(string content) => _specialIds.TryGetValue(content, out int id) ? id : null;

    /// <summary>The bytes a token adds to decoded text.</summary>
    internal ReadOnlySpan<byte> Shown(int token, bool showSpecial)
    {
        ReadOnlySpan<byte> bytes = Bytes(token);
        return _hidden[token] && !showSpecial ? [] : bytes;
    }

    private void EncodeOrdinary(ReadOnlySpan<char> text, List<int> tokens)
    {
        var ends = new List<int>();
        PreTokenizer.Split(text, ends);
        int start = 0;
        foreach (int end in ends)
        {
            EncodePiece(text[start..end], tokens);
            start = end;
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> tokens)
    {
        bool cacheable = piece.Length <= LongestCachedPiece;
        if (cacheable && _cached.TryGetValue(piece, out int[]? known))
        {
            tokens.AddRange(known);
            return;
        }
        int first = tokens.Count, longest = Encoding.UTF8.GetMaxByteCount(piece.Length);
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(longest);
        int length = Encoding.UTF8.GetBytes(piece, utf8);
        _model.Encode(utf8.AsSpan(0, length), tokens);
        ArrayPool<byte>.Shared.Return(utf8);
        if (!cacheable) return;

        if (Interlocked.Increment(ref _cacheCount) > MostCachedPieces)
        {
            _cache.Clear();
            _cacheCount = 0;
        }
        _cached.TryAdd(piece, [.. tokens[first..]]);
    }
}
