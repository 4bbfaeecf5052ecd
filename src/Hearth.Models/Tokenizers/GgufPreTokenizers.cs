using System.Collections.Concurrent;

namespace Hearth.Models.Tokenizers;

/// <summary>What a name in <c>tokenizer.ggml.pre</c> stands for.</summary>
/// <param name="Patterns">Applied one inside another's pieces.</param>
/// <param name="IgnoresMerges">A piece that is a token is never built by merges.</param>
/// <param name="AddsBos">A text begins with a token for that, unless the file says otherwise.</param>
internal sealed record GgufPreTokenizer(IReadOnlyList<string> Patterns, bool IgnoresMerges = false, bool AddsBos = false)
{
    private static readonly ConcurrentDictionary<string, PatternScanner> Scanners = new(StringComparer.Ordinal);

    /// <summary>The patterns' scanners.</summary>
    public PreTokenizer Cuts => Patterns.Count == 1 ? Scanner(Patterns[0]) : new PreTokenizerSequence([.. Patterns.Select(Scanner)]);

    private static PatternScanner Scanner(string pattern) => Scanners.GetOrAdd(pattern, PatternScanner.For);
}

/// <summary>
/// The pre-tokenizers that GGUF files name. The patterns are those of each model's own tokenizer.json; the names are those that
/// llama.cpp writes.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string Gpt2 = PatternScanner.Known[0].Pattern, Gpt4 = Gpt4Scanner.Cl100k.Pattern, Qwen2 = Gpt4Scanner.Qwen2.Pattern;
    private static readonly string Gpt4o = O200kScanner.Gpt4o.Pattern, Ideographs = new DeepSeekIdeographScanner().Pattern;
    private static readonly string DeepSeekWords = new DeepSeekWordScanner().Pattern;

    // Letters with upper and lower case, as the first DeepSeek models' pattern lists them. Escaped are those that NFC would change.
    private const string CasedLetters =
        "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1F7Dᾀ-ᾴᾶ-ᾼ\u1FBEῂ-ῄῆ-ῌῐ-\u1FD3ῖ-\u1FDBῠ-Ῥῲ-ῴῶ-ῼ"
        + "ℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212A-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃";

    private static readonly Dictionary<string, GgufPreTokenizer> Named = Build();

    /// <summary>The pre-tokenizer of a name, or null.</summary>
    public static GgufPreTokenizer? Find(string name) => Named.GetValueOrDefault(name);

    /// <summary>The names, sorted (ordinal).</summary>
    public static IReadOnlyList<string> Names => [.. Named.Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, GgufPreTokenizer> Build()
    {
        var named = new Dictionary<string, GgufPreTokenizer>(StringComparer.Ordinal);

        Add("default", [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"]);
        Add("gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de jina-v1-en jina-v2-code roberta-bpe gigachat a.x-4.0 mellum modern-bert exaone4 "
            + "mpt olmo jais trillion granite-docling", [Gpt2]);
        Add("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", [@"\p{N}", Gpt2]);
        Add("falcon", [@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"]);
        Add("llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", [Gpt4], ignoresMerges: true, addsBos: true);
        Add("dbrx smaug-bpe glm4 chatglm-bpe", [Gpt4]);
        Add("qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", [Qwen2]);
        Add("qwen35", [Gpt4Scanner.Qwen35.Pattern]);
        Add("ufakzeka", [Gpt4Scanner.NoContractions.Pattern]);
        Add("gpt-4o llama4 kanana2 talkie minimax-m2", [Gpt4o]);
        Add("granite-embed-multi-97m", [Gpt4o], ignoresMerges: true);
        Add("tekken", [O200kScanner.Tekken.Pattern], ignoresMerges: true, addsBos: true);
        Add("deepseek-v3 hunyuan-dense joyai-llm hy_v4", [@"\p{N}{1,3}", Ideographs, DeepSeekWords]);
        Add("deepseek-llm", ["[\r\n]", @"\s?[" + CasedLetters + "]+", @"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", @"\s+$", "[一-龥ࠀ-一가-퟿]+", @"\p{N}+"]);
        Add("deepseek-coder", ["[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", @"\p{N}"]);
        Add("bloom poro-chat gpt3-finnish", [@" ?[^(\s|.,!?…。，、।۔،)]+"]);
        Add("viking", [@" ?[^(\s|.,!?…。，、।۔،)]+", @"\p{N}"]);
        Add("tiny_aya cohere2moe", [@"\d{1,3}(?=(?:\d{3})*\b)", Gpt4o]);
        Add("superbpe", [@"\p{N}+", @"(?=(\d{3})+(?!\d))"]);
        Add("seed-coder", [Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|" + Spaces]);
        Add("bailingmoe bailingmoe2 llada-moe",
            [@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"]);
        Add("laguna", [@"[^\n]+|[\n]+", Qwen2]);
        Add("minicpm5", [@"\p{N}{1,3}", Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces], ignoresMerges: true);
        Add("exaone-moe", [Contraction + @"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"]);
        Add("jais-2", [Contraction + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)"
            + @"|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"]);
        Add("afmoe", [@"\p{AFMoE_digits}", "[一-鿿㐀-䶿\uF900-\uFAFF぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+", DeepSeekWords]);
        Add("youtu", ["[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+", Gpt4o.Replace(@"\p{N}{1,3}", @"\p{N}", StringComparison.Ordinal)],
            ignoresMerges: true);
        Add("spark2_5", [@"\p{N}{1,3}", Ideographs, DeepSeekWords.Replace("+[\r\n]*|\\s*[\r\n]+|", "+|[\r\n]|", StringComparison.Ordinal), @"\p{N}"]);
        Add("chameleon", ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", @"([\t\n]|    |  )", @"\p{N}", @"[\p{P}!-/:-@\[-`{-~]", Gpt2], addsBos: true);
        Add("kimi-k2", [
            @"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + Contraction
            + @"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*" + Contraction
            + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Spaces]);
        return named;

        void Add(string names, string[] patterns, bool ignoresMerges = false, bool addsBos = false)
        {
            foreach (string name in names.Split(' ')) named.Add(name, new GgufPreTokenizer(patterns, ignoresMerges, addsBos));
        }
    }
}
