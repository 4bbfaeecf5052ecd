using Hearth.Data.Corpora;
using Hearth.Training.Optimizers;

namespace Hearth.Training.Recipes;

/// <summary>How a recipe writes each choice.</summary>
internal static class RecipeNames
{
    public static readonly (string, Architecture)[] Architectures = [("llama", Architecture.Llama), ("gpt2", Architecture.Gpt2)];

    public static readonly (string, Activation)[] LlamaActivations = [("swiglu", Activation.SwiGlu)];

    public static readonly (string, Activation)[] Gpt2Activations = [("gelu", Activation.Gelu), ("relu2", Activation.SquaredRelu)];

    public static readonly (string, Activation)[] Activations = [.. LlamaActivations, .. Gpt2Activations];

    public static readonly (string, TokenizerPattern)[] Patterns = [("gpt4", TokenizerPattern.Gpt4), ("gpt2", TokenizerPattern.Gpt2)];

    public static readonly (string, CorpusFormat)[] Formats =
    [
        ("auto", CorpusFormat.Auto), ("text", CorpusFormat.Text), ("markdown", CorpusFormat.Markdown), ("html", CorpusFormat.Html),
        ("json", CorpusFormat.Json), ("jsonl", CorpusFormat.JsonLines), ("csv", CorpusFormat.Csv),
    ];

    public static readonly (string, DocumentTier)[] Tiers = [("permanent", DocumentTier.Permanent), ("revocable", DocumentTier.Revocable)];
    /// <summary>Kinds of origin; the one that is not stated has no name.</summary>
    public static readonly (string, OriginKind)[] Origins =
    [
        ("public-dataset", OriginKind.PublicDataset), ("licensed", OriginKind.Licensed), ("third-party", OriginKind.ThirdParty),
        ("crawled", OriginKind.Crawled), ("user-data", OriginKind.UserData), ("synthetic", OriginKind.Synthetic), ("own", OriginKind.Own),
    ];

    public static readonly (string, bool)[] Documents = [("whole", false), ("split", true)];

    public static readonly (string, bool)[] LossOn = [("all", false), ("answers", true)];

    public static readonly (string, OptimizerKind)[] Optimizers = [("adamw", OptimizerKind.AdamW), ("muon", OptimizerKind.Muon)];

    public static readonly (string, ScheduleKind)[] Schedules =
    [
        ("constant", ScheduleKind.Constant), ("cosine", ScheduleKind.Cosine), ("warmup-stable-decay", ScheduleKind.WarmupStableDecay),
    ];
}
