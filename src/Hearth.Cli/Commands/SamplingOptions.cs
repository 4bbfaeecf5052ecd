using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Numerics.Quantization;

namespace Hearth.Cli.Commands;

/// <summary>Options that say how tokens are chosen and when to stop. Without a seed and a temperature, the likeliest tokens are taken.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<int> _maxTokens;
    private readonly Option<double> _temperature = Number("--temperature", 0, 0, 100, "0 takes the most likely token each time; larger is more varied.");
    private readonly Option<long> _seed = new("--seed") { Description = "Another seed draws other tokens; the same seed the same." };
    private readonly Option<int> _topK = Whole("--top-k", 0, 0, int.MaxValue, "Draw from so many of the likeliest tokens; 0 for all.");
    private readonly Option<double> _topP = Number("--top-p", 1, 1e-9, 1, "Draw from the fewest tokens that have this probability together.");
    private readonly Option<double> _minP = Number("--min-p", 0, 0, 1, "Draw from tokens with this part of the likeliest one's probability.");
    private readonly Option<double> _repetition = Number("--repeat-penalty", 1, 0.01, 100, "Divides the logits of tokens that came before.");
    private readonly Option<double> _frequency = Number("--frequency-penalty", 0, -100, 100, "Taken from a logit for each time its token came.");
    private readonly Option<double> _presence = Number("--presence-penalty", 0, -100, 100, "Taken from a logit once its token came.");
    private readonly Option<int> _window = Whole("--penalty-window", 0, 0, int.MaxValue, "How many of the last tokens the penalties see; 0 for all.");
    private readonly Option<double> _dry = Number("--dry", 0, 0, 100, "Makes the going on of repeated sequences unlikely; 0.8 is usual.");
    private readonly Option<string[]> _bias = new("--logit-bias") { Description = "Adds to a token's logit; may be repeated.", HelpName = "ID=NUMBER", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string[]> _stop = new("--stop") { Description = "Text that ends the answer; may be repeated.", HelpName = "TEXT", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _schema = new("--json-schema") { Description = "The answer is JSON that fits the schema in this file; - for any JSON.", HelpName = "FILE" };
    private readonly Option<string?> _grammar = new("--grammar") { Description = "The answer fits the GBNF grammar in this file.", HelpName = "FILE" };
    private readonly Option<string?> _regex = new("--regex") { Description = "The whole answer matches this regular expression.", HelpName = "PATTERN" };
    private readonly Option<string> _cache = new("--cache") { Description = "How keys and values are held: f32, f16 or q8_0. It changes answers a little.", DefaultValueFactory = _ => "f32" };
    private readonly Option<string?> _draft = new("--draft") { Description = "A smaller model with the same tokenizer that guesses ahead. It changes no answer.", HelpName = "MODEL" };
    private readonly Option<int> _lookup = Whole("--lookup", 0, 0, 63, "Guess so many tokens ahead from what stood before. It changes no answer.");

    public SamplingOptions(int maxTokens)
    {
        _maxTokens = Whole("--max-tokens", maxTokens, 0, int.MaxValue, "The most tokens to generate.");
        _cache.AcceptOnlyFromAmong("f32", "f16", "q8_0");
        _bias.Validators.Add(r =>
        {
            foreach (Token token in r.Tokens)
            {
                if (!TryBias(token.Value, out _, out _)) r.AddError($"--logit-bias is '{token.Value}', expected a token's id, =, and a number, such as 50=-2.5.");
            }
        });
    }

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _maxTokens, _temperature, _seed, _topK, _topP, _minP, _repetition, _frequency, _presence, _window, _dry, _bias, _stop,
            _schema, _grammar, _regex, _cache, _draft, _lookup,
        ];
        foreach (Option option in options) command.Add(option);
        command.Validators.Add(r =>
        {
            if (Given(r, _schema) + Given(r, _grammar) + Given(r, _regex) > 1) r.AddError("Give one of --json-schema, --grammar and --regex.");
            if (Given(r, _draft) + Given(r, _lookup) > 1) r.AddError("Give one of --draft and --lookup.");
        });
    }

    /// <summary>Text that ends the answer.</summary>
    public string[] Stops(ParseResult parsed) => parsed.GetValue(_stop) ?? [];

    public GenerationOptions Read(ParseResult parsed, ModelBundle bundle)
    {
        GenerationOptions options = Read(parsed) with
        {
            StopTokens = bundle.EndTokens,
            Dry = parsed.GetValue(_dry) is > 0 and var multiplier ? new DryOptions { Multiplier = multiplier, Breakers = DryOptions.UsualBreakers(bundle.Tokenizer) } : null,
            VocabularyLimit = bundle.Tokenizer.VocabularySize,
            Constraint = Shape(parsed) is { } shape ? new TokenConstraint(shape, new TokenVocabulary(bundle.Tokenizer)) : null,
        };
        options.Check(bundle.Model.Config.VocabularySize);
        return options;
    }

    /// <summary>The options of a remote model, whose tokens are not known here.</summary>
    /// <exception cref="UsageException">One only means something to a model of this machine.</exception>
    public GenerationOptions ReadRemote(ParseResult parsed)
    {
        if (((Option[])[_cache, _draft, _lookup]).FirstOrDefault(o => Given(parsed.CommandResult, o) > 0) is { } local)
            throw new UsageException($"{local.Name} is for models of this machine. Leave it out.");
        return Read(parsed) with { Dry = parsed.GetValue(_dry) is > 0 and var multiplier ? new DryOptions { Multiplier = multiplier } : null };
    }

    private GenerationOptions Read(ParseResult parsed) => new()
    {
        MaxTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature),
        Seed = parsed.GetValue(_seed),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        MinP = parsed.GetValue(_minP),
        RepetitionPenalty = parsed.GetValue(_repetition),
        FrequencyPenalty = parsed.GetValue(_frequency),
        PresencePenalty = parsed.GetValue(_presence),
        PenaltyWindow = parsed.GetValue(_window),
        LogitBias = Bias(parsed.GetValue(_bias) ?? []),
    };

    /// <summary>How a generator is set up: the cache's type and who guesses ahead.</summary>
    public Generator Generator(ParseResult parsed, ModelBundle bundle, Numerics.WorkerPool pool)
    {
        string cache = parsed.GetValue(_cache)!;
        var generator = new Generator(bundle.Model, pool)
        {
            CacheType = Enum.Parse<TensorType>(cache, ignoreCase: true),
            Speculation = parsed.GetValue(_draft) is { } draft ? Draft(draft, bundle)
                : parsed.GetValue(_lookup) is > 0 and var most ? new PromptLookup { MaxTokens = most } : null,
        };
        try
        {
            generator.NewCache();
        }
        catch (ArgumentException)
        {
            throw new UsageException($"--cache {cache}: takes 32 numbers at a time, and this model's heads are no multiple of it. Use f32 or f16.");
        }
        return generator;
    }

    private static DraftModel Draft(string name, ModelBundle bundle)
    {
        ModelBundle draft = Places.Model(name);
        if (draft.Tokenizer.VocabularySize != bundle.Tokenizer.VocabularySize)
        {
            throw new UsageException($"--draft {name}: has {draft.Tokenizer.VocabularySize:N0} tokens, and the model has {bundle.Tokenizer.VocabularySize:N0}. "
                + "Give a smaller model with the same tokenizer.");
        }
        return new DraftModel(draft.Model);
    }

    /// <summary>What the answer must be like; null for anything.</summary>
    public Grammar? Shape(ParseResult parsed) => parsed.GetValue(_schema) is { } schema ? schema == "-" ? Grammar.Json : Grammar.FromJsonSchema(Text(schema))
        : parsed.GetValue(_grammar) is { } gbnf ? Grammar.FromGbnf(Text(gbnf))
        : parsed.GetValue(_regex) is { } pattern ? Grammar.FromRegex(pattern) : null;

    private static string Text(string path) => File.Exists(path) ? File.ReadAllText(path) : throw new UsageException($"{path}: there is no such file.");

    private static Dictionary<int, float> Bias(string[] given)
    {
        var bias = new Dictionary<int, float>();
        foreach (string text in given)
        {
            TryBias(text, out int id, out float value);
            bias[id] = value;
        }
        return bias;
    }

    private static bool TryBias(string text, out int id, out float value)
    {
        value = 0;
        string[] parts = text.Split('=', 2);
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out id) && parts.Length == 2
            && float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !float.IsNaN(value);
    }

    private static int Given(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false } ? 1 : 0;

    private static Option<int> Whole(string name, int usual, int least, int most, string description) =>
        Bounded(new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual }, least, most, n => n);

    private static Option<double> Number(string name, double usual, double least, double most, string description) =>
        Bounded(new Option<double>(name) { Description = description, DefaultValueFactory = _ => usual }, least, most, n => n);

    private static Option<T> Bounded<T>(Option<T> option, double least, double most, Func<T, double> number)
        where T : IParsable<T>
    {
        string range = most == int.MaxValue ? $"{least} or more" : string.Create(CultureInfo.InvariantCulture, $"{least:0.##} to {most:0.##}");
        option.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && T.TryParse(r.Tokens[0].Value, CultureInfo.InvariantCulture, out T? n) && !(number(n) >= least && number(n) <= most))
                r.AddError($"{option.Name} is {r.Tokens[0].Value}, expected {range}.");
        });
        return option;
    }
}
