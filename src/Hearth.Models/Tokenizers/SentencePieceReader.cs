using System.Buffers.Binary;
using System.Text;
using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Reads SentencePiece's <c>.model</c> files: a Protocol Buffers message (sentencepiece_model.proto) of pieces, trainer and normaliser
/// settings. Fields that say nothing of encoding are passed over.
/// </summary>
internal static class SentencePieceReader
{
    private const int LongestFile = 64 << 20;
    private const int MostPieces = 1 << 20;
    private const int UnigramType = 1, BpeType = 2;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Tokenizer Load(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > LongestFile)
                throw new ModelFileException(path, $"the file has {stream.Length:N0} bytes, at most {LongestFile:N0} are read. Is it a SentencePiece model?");
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return Parse(content, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"the tokenizer can not be read: {e.Message} Give the path of a SentencePiece model.", e);
        }
    }

    public static Tokenizer Parse(ReadOnlySpan<byte> content, string file)
    {
        var pieces = new List<string>();
        var scores = new List<float>();
        var types = new List<PieceType>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int modelType = UnigramType;
        bool byteFallback = false, suffix = false;
        (byte[] Map, bool Prefix, bool SingleSpaces, bool Escape) rules = ([], true, true, true);
        var message = new ProtoReader(content, file, "the model");
        while (message.Next(out int field))
        {
            switch (field)
            {
                case 1:
                    if (pieces.Count == MostPieces) throw message.Bad($"more than {MostPieces:N0} pieces");
                    ReadPiece(message.Message($"piece {pieces.Count}"), pieces, scores, types);
                    if (!seen.Add(pieces[^1])) throw message.Bad($"piece {pieces.Count - 1}, '{JsonField.Shorten(pieces[^1])}', a second time");
                    break;
                case 2:
                    (modelType, byteFallback, suffix) = ReadTrainer(message.Message("trainer_spec"));
                    break;
                case 3:
                    rules = ReadNormalizer(message.Message("normalizer_spec"));
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        if (pieces.Count == 0) throw message.Bad("no pieces");
        long characters = pieces.Sum(p => (long)p.Length), most = SentencePieceVocabulary.MostCharacters(modelType == UnigramType);
        if (characters > most) throw message.Bad($"{characters:N0} characters in all pieces together, expected at most {most:N0}");
        if (modelType is not (UnigramType or BpeType)) throw message.Bad($"trainer_spec.model_type {modelType}, expected 1 (unigram) or 2 (bpe)");
        CharacterMap? map = rules.Map.Length == 0 ? null
            : CharacterMap.Read(rules.Map) ?? throw message.Bad("normalizer_spec.precompiled_charsmap that is cut short");
        return new SentencePieceVocabulary
        {
            Pieces = pieces, Scores = scores, Types = types,
            IsUnigram = modelType == UnigramType,
            UsesBytes = byteFallback,
            Rules = new SentencePieceRules(map, rules.Prefix, rules.SingleSpaces, rules.Escape, suffix),
            CharacterMapBytes = rules.Map,
        }.ToTokenizer();
    }

    private static void ReadPiece(ProtoReader message, List<string> pieces, List<float> scores, List<PieceType> types)
    {
        string piece = "";
        float score = 0;
        ulong type = (ulong)PieceType.Normal;
        while (message.Next(out int field))
        {
            if (field == 1) piece = Text(ref message);
            else if (field == 2) score = message.Single();
            else if (field == 3) type = message.Number();
            else message.Skip();
        }
        if (piece.Length is 0 or > SentencePieceVocabulary.LongestPiece)
            throw message.Bad($"{piece.Length:N0} characters, expected 1 to {SentencePieceVocabulary.LongestPiece}");
        if (!float.IsFinite(score)) throw message.Bad("a score that is not a number");
        if (type is < (ulong)PieceType.Normal or > (ulong)PieceType.Byte) throw message.Bad($"the type {type}, expected 1 to 6");
        pieces.Add(piece);
        scores.Add(score);
        types.Add((PieceType)type);
    }

    private static (int Type, bool ByteFallback, bool Suffix) ReadTrainer(ProtoReader message)
    {
        (int Type, bool ByteFallback, bool Suffix) trainer = (UnigramType, false, false);
        while (message.Next(out int field))
        {
            if (field == 3) trainer.Type = (int)Math.Min(message.Number(), int.MaxValue);
            else if (field == 24) trainer.Suffix = message.Number() != 0;
            else if (field == 35) trainer.ByteFallback = message.Number() != 0;
            else message.Skip();
        }
        return trainer;
    }

    private static (byte[] Map, bool Prefix, bool SingleSpaces, bool Escape) ReadNormalizer(ProtoReader message)
    {
        (byte[] Map, bool Prefix, bool SingleSpaces, bool Escape) rules = ([], true, true, true);
        while (message.Next(out int field))
        {
            if (field == 2) rules.Map = message.Bytes().ToArray();
            else if (field == 3) rules.Prefix = message.Number() != 0;
            else if (field == 4) rules.SingleSpaces = message.Number() != 0;
            else if (field == 5) rules.Escape = message.Number() != 0;
            else message.Skip();
        }
        return rules;
    }

    private static string Text(ref ProtoReader message)
    {
        try
        {
            return StrictUtf8.GetString(message.Bytes());
        }
        catch (DecoderFallbackException)
        {
            throw message.Bad("text that is not valid UTF-8");
        }
    }

    /// <summary>The fields of one message of the Protocol Buffers wire format.</summary>
    private ref struct ProtoReader(ReadOnlySpan<byte> content, string file, string place)
    {
        private readonly ReadOnlySpan<byte> _content = content;
        private readonly string _file = file, _place = place;
        private int _at;
        private int _wire;

        /// <summary>Goes to the next field; false at the end.</summary>
        public bool Next(out int field)
        {
            field = 0;
            if (_at == _content.Length) return false;
            ulong tag = Varint();
            if (tag >> 3 is 0 or > 0x1FFF_FFFF) throw Bad($"the field number {tag >> 3}");
            (field, _wire) = ((int)(tag >> 3), (int)(tag & 7));
            return true;
        }

        public ulong Number() => _wire == 0 ? Varint() : throw Bad("a field of another type, expected a whole number");

        public float Single()
        {
            if (_wire != 5) throw Bad("a field of another type, expected a single");
            return BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));
        }

        public ReadOnlySpan<byte> Bytes()
        {
            if (_wire != 2) throw Bad("a field of another type, expected bytes");
            ulong length = Varint();
            return Take(length > (ulong)(_content.Length - _at) ? -1 : (int)length);
        }

        public ProtoReader Message(string inside) => new(Bytes(), _file, inside);

        public void Skip()
        {
            if (_wire == 0) Varint();
            else if (_wire == 2) Bytes();
            else if (_wire is 1 or 5) Take(_wire == 1 ? sizeof(ulong) : sizeof(uint));
            else throw Bad($"the wire type {_wire}");
        }

        public readonly ModelFileException Bad(string found) =>
            new(_file, $"{_place} holds {found}. The file is not a SentencePiece model, is cut short or was altered.");

        private ReadOnlySpan<byte> Take(int length)
        {
            if (length < 0 || length > _content.Length - _at) throw Bad($"a field at byte {_at:N0} that goes on past its end");
            _at += length;
            return _content.Slice(_at - length, length);
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(1)[0];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80) return value;
            }
            throw Bad("a number of more than 64 bits");
        }
    }
}
