using System.Security.Cryptography;
using System.Text.Json;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;

namespace Hearth.Server.Api;

/// <summary>How tokens are chosen, as requests say it: OpenAI's fields, and those that llama.cpp and vLLM added.</summary>
internal static class Sampling
{
    private const long MostSeed = long.MaxValue;

    /// <summary>Reads the fields that all interfaces share.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">Whose tokens they are; a remote model's are checked by its own server.</param>
    /// <param name="maxTokens">The most tokens to generate.</param>
    public static GenerationOptions Read(Fields fields, LoadedModel model, int maxTokens) => new()
    {
        MaxTokens = maxTokens,
        Temperature = fields.Number("temperature", 0, 100) ?? (model.Remote is null && model.Bundle.Chat is ChatFormat ? 0 : 1),
        TopP = fields.Number("top_p", 1e-9, 1) ?? 1,
        TopK = Math.Max(0, fields.Whole("top_k", -1, int.MaxValue) ?? 0),
        MinP = fields.Number("min_p", 0, 1) ?? 0,
        FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
        PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
        RepetitionPenalty = OneOf(fields.Number("repetition_penalty", 0.01, 100), fields.Number("repeat_penalty", 0.01, 100)) ?? 1,
        Dry = fields.Number("dry_multiplier", 0, 100) is > 0 and var multiplier
            ? new DryOptions
            {
                Multiplier = multiplier,
                Base = fields.Number("dry_base", 1, 100) ?? 1.75,
                AllowedLength = fields.Whole("dry_allowed_length", 1, 10_000) ?? 2,
                Breakers = model.Remote is null ? DryOptions.UsualBreakers(model.Bundle.Tokenizer) : new HashSet<int>(),
            }
            : null,
        LogitBias = Bias(fields, model.Remote is null ? model.Bundle.Model.Config.VocabularySize : int.MaxValue),
        Seed = fields.Long("seed", long.MinValue, MostSeed) ?? RandomNumberGenerator.GetInt32(int.MaxValue),
        VocabularyLimit = model.Remote is null ? model.Bundle.Tokenizer.VocabularySize : 0,
    };

    /// <summary>What an answer must be like by <c>response_format</c>, or by llama.cpp's and vLLM's fields.</summary>
    public static Grammar? Shape(Fields fields)
    {
        Grammar? shape = null;
        if (fields.Object("response_format") is { } format)
        {
            switch (format.OneOf("type", "text", "json_object", "json_schema"))
            {
                case "json_object": shape = format.Raw("schema") is { } loose ? Grammar.FromJsonSchema(loose.GetRawText()) : Grammar.JsonObject; break;
                case "json_schema":
                    Fields named = format.Object("json_schema") ?? throw new ApiException(400, "The field 'response_format.json_schema' is missing.", "response_format.json_schema");
                    shape = Schema(named.Accept("name", "description", "strict"), "schema");
                    named.Done();
                    break;
                default: break;
            }
            format.Done();
        }
        if (fields.Raw("json_schema") is { } schema) shape = Grammar.FromJsonSchema(schema.ValueKind == JsonValueKind.String ? schema.GetString()! : schema.GetRawText());
        if (fields.Raw("guided_json") is { } guided) shape = Grammar.FromJsonSchema(guided.ValueKind == JsonValueKind.String ? guided.GetString()! : guided.GetRawText());
        if (fields.Text("guided_regex") is { } pattern) shape = Grammar.FromRegex(pattern);
        if ((fields.Text("grammar") ?? fields.Text("guided_grammar")) is { } grammar) shape = Grammar.FromGbnf(grammar);
        return shape;
    }

    /// <summary>A schema's grammar; any JSON object when there is none.</summary>
    public static Grammar Schema(Fields fields, string name) => fields.Raw(name) is { } schema ? Grammar.FromJsonSchema(schema.GetRawText()) : Grammar.JsonObject;

    /// <summary>A number that has two names; both may be given when they agree.</summary>
    private static double? OneOf(double? one, double? other) => one is null || other is null || one == other ? one ?? other
        : throw new ApiException(400, "The fields 'repetition_penalty' and 'repeat_penalty' mean the same and differ.", "repeat_penalty");

    private static Dictionary<int, float> Bias(Fields fields, int vocabulary)
    {
        var bias = new Dictionary<int, float>();
        if (fields.Object("logit_bias") is not { } table) return bias;
        foreach (JsonProperty property in table.All())
        {
            bool known = int.TryParse(property.Name, System.Globalization.CultureInfo.InvariantCulture, out int id) && id >= 0 && id < vocabulary;
            if (!known) throw new ApiException(400, $"The field 'logit_bias' names the token '{property.Name}'; ids are 0 to {vocabulary - 1:N0}.", "logit_bias");
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetSingle(out float value) || Math.Abs(value) > 100)
                throw new ApiException(400, $"The field 'logit_bias.{property.Name}' must be a number from -100 to 100.", "logit_bias");
            bias[id] = value;
        }
        return bias;
    }
}
