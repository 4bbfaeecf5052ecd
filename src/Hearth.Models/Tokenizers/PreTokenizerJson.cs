using Hearth.Models.Tokenizers.Normalizers;

namespace Hearth.Models.Tokenizers;

/// <summary>What a tokenizer.json's <c>pre_tokenizer</c> comes to.</summary>
/// <param name="Cuts">Cuts the text.</param>
/// <param name="Rewrites">Rewrites the text before it is cut.</param>
/// <param name="IsByteLevel">Tokens are made of bytes.</param>
/// <param name="IsPlain">It is what Hearth's own writer would write.</param>
internal sealed record PreTokenizerPlan(PreTokenizer Cuts, IReadOnlyList<Normalizer> Rewrites, bool IsByteLevel, bool IsPlain);

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json: steps that rewrite the text come first, then steps that cut it.</summary>
internal sealed class PreTokenizerJson
{
    private const int MostSteps = 16;

    private readonly List<PreTokenizer> _cuts = [];
    private readonly List<Normalizer> _rewrites = [];
    private bool _isByteLevel;
    private bool _isPlain = true;
    private bool _splitsWords;

    public static PreTokenizerPlan Read(JsonField node)
    {
        var reader = new PreTokenizerJson();
        if (node.IsMissing) return new PreTokenizerPlan(PreTokenizer.Whole, [], IsByteLevel: false, IsPlain: false);
        reader.Add(node, MostSteps);
        if (reader._splitsWords) throw node.Bad("drops white space, which is supported only before a Metaspace that marks every word");
        PreTokenizer cuts = reader._cuts.Count switch
        {
            0 => PreTokenizer.Whole,
            1 => reader._cuts[0],
            _ => new PreTokenizerSequence(reader._cuts),
        };
        return new PreTokenizerPlan(cuts, reader._rewrites, reader._isByteLevel, reader._isPlain && reader._isByteLevel && reader._cuts.Count > 0);
    }

    private void Add(JsonField node, int most)
    {
        string type = node["type"].Text();
        if (most == 0 || _cuts.Count + _rewrites.Count > 2 * MostSteps) throw node.Bad($"has more than {MostSteps} steps");
        switch (type)
        {
            case "Sequence":
                List<JsonField> steps = node["pretokenizers"].Items(MostSteps);
                if (steps.Count == 0) throw node["pretokenizers"].Bad("is empty");
                foreach (JsonField step in steps) Add(step, most - 1);
                break;
            case "ByteLevel":
                AddByteLevel(node);
                break;
            case "Split":
                AddSplit(node);
                break;
            case "Digits":
                AddPattern(node["individual_digits"].Flag(false) ? @"\p{N}" : @"\p{N}+");
                break;
            case "Punctuation":
                _isPlain = false;
                _cuts.Add(Step(PatternScanner.For(@"[!-/:-@\[-`{-~\p{P}]"), node["behavior"], invert: false));
                break;
            case "Metaspace":
                AddMetaspace(node);
                break;
            case "WhitespaceSplit":
                if (_cuts.Count + _rewrites.Count > 0) throw TokenizerJsonReader.Unsupported(node["type"], type);
                _splitsWords = true;
                break;
            default:
                throw TokenizerJsonReader.Unsupported(node["type"], type);
        }
    }

    private void AddByteLevel(JsonField node)
    {
        if (_isByteLevel) throw node.Bad("is the second ByteLevel");
        bool cuts = node["use_regex"].Flag(true);
        if (cuts && _cuts.Count > 0) _isPlain = false;
        if (node["add_prefix_space"].Flag(true))
        {
            if (_cuts.Count > 0) throw node["add_prefix_space"].Bad("is true after steps that cut the text, which is not supported");
            _rewrites.Add(new PrefixNormalizer(" ", PrefixRule.Always, unlessThere: true));
            _isPlain = false;
        }
        _isByteLevel = true;
        if (cuts) _cuts.Add(PreTokenizer.Gpt2);
    }

    private void AddSplit(JsonField node)
    {
        PatternScanner scanner = NormalizerJson.Pattern(node["pattern"]);
        if (_isByteLevel || scanner is LiteralScanner) _isPlain = false;
        PreTokenizer step = Step(scanner, node["behavior"], node["invert"].Flag(false));
        if (step != scanner) _isPlain = false;
        _cuts.Add(step);
    }

    private static PreTokenizer Step(PatternScanner scanner, JsonField behavior, bool invert)
    {
        string name = behavior.IsMissing ? "Isolated" : behavior.Text();
        switch (name)
        {
            case "Isolated": return scanner;
            case "Removed" when invert && scanner.MatchesEverything: return scanner;
            case "MergedWithPrevious": return new SplitStep(scanner, MatchPlace.WithPrevious, invert);
            case "MergedWithNext": return new SplitStep(scanner, MatchPlace.WithNext, invert);
            case "Contiguous": return new SplitStep(scanner, MatchPlace.Together, invert);
        }
        throw behavior.Bad($"is '{JsonField.Shorten(name)}' {(invert ? "with" : "without")} invert, which is not supported");
    }

    private void AddPattern(string pattern)
    {
        _isPlain = false;
        _cuts.Add(PatternScanner.For(pattern));
    }

    private void AddMetaspace(JsonField node)
    {
        if (_cuts.Count > 0 || _isByteLevel) throw node.Bad("stands after steps that cut the text, which is not supported");
        string mark = Mark(node);
        PrefixRule rule = Rule(node);
        _isPlain = false;
        if (_splitsWords)
        {
            if (rule != PrefixRule.Always) throw node["prepend_scheme"].Bad("is not 'always' after WhitespaceSplit, which is not supported");
            _rewrites.Add(new MarkWordsNormalizer(mark));
            _splitsWords = false;
        }
        _rewrites.Add(new ReplaceNormalizer(" ", mark));
        _rewrites.Add(new PrefixNormalizer(mark, rule, unlessThere: true));
        if (node["split"].Flag(true)) _cuts.Add(new SplitStep(new LiteralScanner(mark), MatchPlace.WithNext, invert: false));
    }

    /// <summary>A Metaspace's character for a space.</summary>
    public static string Mark(JsonField metaspace)
    {
        string mark = metaspace["replacement"].IsMissing ? SentencePieceNormalizer.Mark.ToString() : metaspace["replacement"].Text();
        return mark.Length is 1 or 2 ? mark : throw metaspace["replacement"].Bad("is not one character");
    }

    /// <summary>When a Metaspace puts its character before a text.</summary>
    public static PrefixRule Rule(JsonField metaspace)
    {
        JsonField scheme = metaspace["prepend_scheme"];
        if (!metaspace["add_prefix_space"].Flag(true)) return PrefixRule.Never;
        return (scheme.IsMissing ? "always" : scheme.Text()) switch
        {
            "always" => PrefixRule.Always,
            "first" => PrefixRule.First,
            "never" => PrefixRule.Never,
            var other => throw TokenizerJsonReader.Unsupported(scheme, other),
        };
    }
}
