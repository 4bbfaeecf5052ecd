using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Hearth.Models.Formats;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Turns text into tokens and back: text is normalised, special tokens are found, what lies between them is cut into pieces, and a model
/// turns each piece into tokens. The model is byte-level byte-pair encoding, SentencePiece's byte-pair encoding or a unigram model,
/// whichever the file says. Safe for use by several threads.
/// </summary>
public sealed class Tokenizer
{
    private const int LongestCachedPiece = 64;  // characters
    private const int MostCachedPieces = 1 << 16;

    private readonly byte[]?[] _bytes;          // by id; null where no token has the id
    private readonly bool[] _hidden;            // by id
    private readonly TokenModel _model;
    private readonly Normalizer? _normalizer;
    private readonly AddedTokens _added;
    private readonly Dictionary<string, int> _specialIds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <summary>Byte-level byte-pair encoding of checked parts.</summary>
    /// <param name="vocabulary">The bytes of byte-pair encoding's tokens, by id; null where no such token has the id.</param>
    /// <param name="merges">By rank; all ids are in the vocabulary.</param>
    /// <param name="specialTokens">Distinct in id and content; ids may be those of vocabulary entries.</param>
    /// <param name="preTokenizer">Cuts the text.</param>
    /// <param name="ignoreMerges">A piece that is a token is never built by merges.</param>
    internal Tokenizer(IReadOnlyList<byte[]?> vocabulary, IReadOnlyList<Merge> merges, IReadOnlyList<SpecialToken> specialTokens,
        PreTokenizer preTokenizer, bool ignoreMerges = false)
        : this(new TokenizerParts(vocabulary, merges, specialTokens, preTokenizer) { IgnoresMerges = ignoreMerges })
    {
    }

    internal Tokenizer(TokenizerParts parts)
    {
        Parts = parts;
        IReadOnlyList<SpecialToken> special = parts.SpecialTokens;
        _bytes = new byte[]?[special.Aggregate(parts.Vocabulary.Count, (size, t) => Math.Max(size, t.Id + 1))];
        _hidden = new bool[_bytes.Length];
        var isSpecial = new bool[_bytes.Length];
        for (int id = 0; id < parts.Vocabulary.Count; id++) _bytes[id] = parts.Vocabulary[id];
        foreach (SpecialToken token in special)
        {
            _bytes[token.Id] = Encoding.UTF8.GetBytes(parts.Shown(token.Content));
            _hidden[token.Id] = token.Hidden;
            isSpecial[token.Id] = true;
            _specialIds.Add(token.Content, token.Id);
        }
        _model = parts.Model ?? new ByteBpe(parts.Vocabulary, parts.Merges, parts.IgnoresMerges, isSpecial);
        _normalizer = parts.Normalizer;
        _added = new AddedTokens(special, parts.NormalizesTokens ? _normalizer : null, _normalizer is not null);
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The kind of model that makes tokens, in words.</summary>
    public string Kind => Parts.Model switch
    {
        null => "byte-level BPE",
        Unigram => "unigram",
        _ => "SentencePiece BPE",
    };

    /// <summary>One more than the highest id: the number of rows an embedding needs. A few ids may have no token.</summary>
    public int VocabularySize => _bytes.Length;

    /// <summary>The tokens that are found in a text as a whole, in ascending order of id.</summary>
    public IReadOnlyList<SpecialToken> SpecialTokens => Parts.SpecialTokens;

    /// <summary>The rules of byte-pair encoding, by rank; none for a unigram model.</summary>
    public IReadOnlyList<Merge> Merges => Parts.Merges;

    /// <summary>Cuts text into the pieces that tokens stay within.</summary>
    public PreTokenizer PreTokenizer => Parts.PreTokenizer;

    /// <summary>What the model's makers put before every text, such as a token for its beginning; empty where they put nothing.</summary>
    public IReadOnlyList<int> Opening => Parts.Opening;

    /// <summary>What the model's makers put after every text.</summary>
    public IReadOnlyList<int> Closing => Parts.Closing;

    internal TokenizerParts Parts { get; }

    /// <summary>Reads a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">The file is missing, malformed or not supported; the message names the key.</exception>
    public static Tokenizer Load(string path) => TokenizerJsonReader.Load(path);

    /// <summary>Reads the content of a Hugging Face <c>tokenizer.json</c>.</summary>
    /// <param name="json">The content, UTF-8.</param>
    /// <param name="name">What errors call the file.</param>
    /// <exception cref="ModelFileException">The content is malformed or not supported; the message names the key.</exception>
    public static Tokenizer Parse(ReadOnlyMemory<byte> json, string name = "tokenizer.json") => TokenizerJsonReader.Parse(json, name);

    /// <summary>Reads the tokenizer of a GGUF file; the file may be closed afterwards.</summary>
    /// <param name="metadata">The file's keys and values.</param>
    /// <exception cref="ModelFileException">A key is missing, malformed or not supported; the message names it.</exception>
    public static Tokenizer FromGguf(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return GgufTokenizerReader.Read(metadata);
    }

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

    /// <summary>Reads a SentencePiece <c>.model</c> file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">The file is missing, malformed or not supported; the message names the field.</exception>
    public static Tokenizer LoadSentencePiece(string path) => SentencePieceReader.Load(path);

    /// <summary>Reads the content of a SentencePiece <c>.model</c> file.</summary>
    /// <param name="model">The content.</param>
    /// <param name="name">What errors call the file.</param>
    /// <exception cref="ModelFileException">The content is malformed or not supported; the message names the field.</exception>
    public static Tokenizer ParseSentencePiece(ReadOnlySpan<byte> model, string name = "tokenizer.model") =>
        SentencePieceReader.Parse(model, name);

    /// <summary>The tokens of a text. Nothing is added at its beginning or end: see <see cref="EncodeWhole"/>.</summary>
    /// <param name="text">The text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="parseSpecial">
    /// Special tokens written in the text become their ids. Leave it off for text from people one does not trust: then the characters of
    /// all tokens that are <see cref="SpecialToken.OnRequest"/> are ordinary text.
    /// </param>
    /// <exception cref="UnencodableTextException">The vocabulary has nothing for one of the text's bytes or characters.</exception>
    public int[] Encode(string text, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<int>((text.Length / 3) + 1);
        int start = 0;
        while (_added.Raw(parseSpecial)?.Find(text, start) is { } found)
        {
            EncodeStretch(text.AsSpan(start, found.Start - start), start == 0, parseSpecial, tokens);
            tokens.Add(found.Token.Id);
            start = found.End;
        }
        EncodeStretch(text.AsSpan(start), start == 0, parseSpecial, tokens);
        return [.. tokens];
    }

    /// <summary>The tokens of a whole text: <see cref="Opening"/>, <see cref="Encode"/>, <see cref="Closing"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">As for <see cref="Encode"/>.</param>
    /// <exception cref="UnencodableTextException">The vocabulary has nothing for one of the text's bytes or characters.</exception>
    public int[] EncodeWhole(string text, bool parseSpecial = false) => [.. Opening, .. Encode(text, parseSpecial), .. Closing];

    /// <summary>The text of some tokens. Bytes that are not valid UTF-8 come out as U+FFFD.</summary>
    /// <param name="tokens">Ids.</param>
    /// <param name="showSpecial">Writes hidden special tokens out too.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> tokens, bool showSpecial = false)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (int token in tokens) bytes.Write(Shown(token, showSpecial));
        return Encoding.UTF8.GetString(WithoutFirstSpace(bytes.WrittenSpan));
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

    /// <summary>The bytes a text begins with, less the space that was put before it when it was encoded.</summary>
    internal ReadOnlySpan<byte> WithoutFirstSpace(ReadOnlySpan<byte> bytes) =>
        Parts.DropsFirstSpace && bytes.Length > 0 && bytes[0] == ' ' ? bytes[1..] : bytes;

    private void EncodeStretch(ReadOnlySpan<char> text, bool atStart, bool parseSpecial, List<int> tokens)
    {
        if (text.IsEmpty) return;
        if (_normalizer is null)
        {
            EncodeOrdinary(text, tokens);
            return;
        }
        string normal = _normalizer.Apply(text.ToString(), atStart);
        int start = 0;
        while (_added.Normalized(parseSpecial)?.Find(normal, start) is { } found)
        {
            EncodeOrdinary(normal.AsSpan(start, found.Start - start), tokens);
            tokens.Add(found.Token.Id);
            start = found.End;
        }
        EncodeOrdinary(normal.AsSpan(start), tokens);
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
        int first = tokens.Count;
        _model.Encode(piece, tokens);
        if (!cacheable) return;

        if (Interlocked.Increment(ref _cacheCount) > MostCachedPieces)
        {
            _cache.Clear();
            _cacheCount = 0;
        }
        _cached.TryAdd(piece, [.. tokens[first..]]);
    }
}
