using System.Numerics;
using Hearth.Data;
using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Hearth.Training.Optimizers;

namespace Hearth.Training.Recipes;

/// <summary>The schema: a recipe's keys, their bounds and defaults. What it returns counts only if there was no problem.</summary>
internal static class RecipeBinder
{
    // Every byte is a token, and a conversation needs five more that no text can spell.
    private const int SmallestVocabulary = 256 + 5;

    private const int MostRemoved = 10_000;

    public static Recipe Bind(RecipeNode node, RecipeProblems problems)
    {
        var root = new RecipeMap(node, (1, 1));
        string name = root.Line("name", "1 to 64 of a-z, 0-9 and -", IsName);
        string about = root.Line("about", "");
        long seed = root.Long("seed", 0, long.MaxValue, 1);
        ModelSpec model = Model(root.Map("model", required: true));
        TokenizerSpec tokenizer = Tokenizer(root.Map("tokenizer", required: true));
        List<RecipeMap> corpora = root.Maps("corpora", 1, 1000, required: true);
        HeldOutSpec heldOut = HeldOut(root.Map("heldOut", required: false));
        ValueList<CorpusSpec> specs = [.. corpora.Select(c => CorpusBinder.Bind(c, heldOut))];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < specs.Count; i++) corpora[i].Check(names.Add(specs[i].Name), "name", "a name that no other corpus has");
        PackingSpec packing = Packing(root.Map("packing", required: false));
        RecipeMap trainingMap = root.Map("training", required: true);
        TrainingSpec training = Training(trainingMap, model, specs.Any(c => c.Tier == DocumentTier.Revocable));
        root.Check(specs.Count == 0 || specs.Any(c => c.Tier == DocumentTier.Permanent), "corpora", "a corpus that is not revocable, to begin with");
        ValueList<string> removed = Removed(root);
        CardSpec card = DescriptionBinder.Card(root.Map("card", required: false));
        root.Close();

        // Said only of a recipe that is right so far: otherwise the questions may be there, but wrong.
        bool asks = specs.Any(c => c.Records is { Questions.Count: > 0 });
        if (problems.None) trainingMap.Check(asks || !training.LossOnAnswersOnly, "lossOn", "all, as no corpus has questions");
        return new Recipe(name, about, seed, model, tokenizer, specs, heldOut, packing, training) { Removed = removed, Card = card };
    }

    private static ValueList<string> Removed(RecipeMap root)
    {
        ValueList<string> ids = root.Lines("removed", 0, MostRemoved);
        root.Check(ids.All(Digest.IsDigest) && ids.Distinct(StringComparer.Ordinal).Count() == ids.Count, "removed",
            $"ids of documents, of 64 digits 0-9 and a-f, each once");
        return [.. ids.Order(StringComparer.Ordinal)];
    }

    private static bool IsName(string text) =>
        text.Length is >= 1 and <= 64 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static ModelSpec Model(RecipeMap map)
    {
        Architecture architecture = map.Choice("architecture", RecipeNames.Architectures, Architecture.Llama);
        bool gpt2 = architecture == Architecture.Gpt2;
        int layers = map.Whole("layers", 1, 1024);
        int hiddenSize = map.Whole("hiddenSize", 1, 16384);
        int heads = map.Whole("heads", 1, 1024);
        int keyValueHeads = map.Whole("keyValueHeads", 1, 1024, heads);
        map.Check(heads % keyValueHeads == 0, "keyValueHeads", $"a divisor of the {heads} heads", "heads");
        map.Check(!gpt2 || keyValueHeads == heads, "keyValueHeads", $"{heads}, the number of heads: gpt2 does not share them", "heads");

        bool sized = map.Has("headSize");
        map.Check(sized || hiddenSize % heads == 0, "hiddenSize", $"a multiple of the {heads} heads, or a headSize", "heads");
        int headSize = map.Whole("headSize", 2, 16384, Math.Max(1, hiddenSize / heads));
        map.Check(headSize % 2 == 0, "headSize", sized ? "an even number" : $"an even one, but hiddenSize / heads is {headSize}",
            "hiddenSize", "heads");
        map.Check(!gpt2 || headSize * heads == hiddenSize, "headSize", "hiddenSize / heads: gpt2 has no other", "hiddenSize", "heads");

        int intermediateSize = map.Whole("intermediateSize", 1, 131072);
        int context = map.Whole("context", 1, 1 << 20);
        bool qkNorm = map.Flag("qkNorm", false);
        map.Check(!gpt2 || !qkNorm, "qkNorm", "false: gpt2 has none", "architecture");
        bool tiedEmbeddings = map.Flag("tiedEmbeddings", true);
        double ropeTheta = map.Number("ropeTheta", 1, 1e12, 10000);
        double normEpsilon = map.Positive("normEpsilon", 1, 1e-5);
        Activation activation = map.IsWrong("architecture") ? map.Choice("activation", RecipeNames.Activations, Activation.SwiGlu)
            : gpt2 ? map.Choice("activation", RecipeNames.Gpt2Activations, Activation.Gelu)
            : map.Choice("activation", RecipeNames.LlamaActivations, Activation.SwiGlu);
        map.Close();
        return new ModelSpec(architecture, layers, hiddenSize, heads, keyValueHeads, headSize, intermediateSize, context,
            qkNorm, tiedEmbeddings, ropeTheta, normEpsilon, activation);
    }

    private static TokenizerSpec Tokenizer(RecipeMap map)
    {
        const string Instead = "no such key beside file, which says it";
        string? file = map.Has("file") ? map.Line("file") : null;
        int vocabularySize = map.Whole("vocabularySize", SmallestVocabulary, 1 << 20, file is null ? null : 0);
        TokenizerPattern pattern = map.Choice("pattern", RecipeNames.Patterns, TokenizerPattern.Gpt4);
        map.Check(file is null || !map.Has("vocabularySize"), "vocabularySize", Instead);
        map.Check(file is null || !map.Has("pattern"), "pattern", Instead);
        map.Close();
        return new TokenizerSpec(vocabularySize, pattern, file);
    }

    private static HeldOutSpec HeldOut(RecipeMap map)
    {
        var spec = new HeldOutSpec(map.Whole("phrasingsPerFact", 0, 31, 1), map.Whole("documentsEvery", 0, int.MaxValue, 20));
        map.Check(spec.DocumentsEvery != 1, "documentsEvery", "0, or 2 and more: 1 would keep every document from training");
        map.Close();
        return spec;
    }

    private static PackingSpec Packing(RecipeMap map)
    {
        var spec = new PackingSpec(map.Choice("documents", RecipeNames.Documents, false), map.Flag("crossDocumentAttention", false),
            map.Whole("conversationTurns", 1, 64, 1));
        map.Check(spec.ConversationTurns == 1 || !spec.CrossDocumentAttention, "conversationTurns", "1, as crossDocumentAttention already joins all documents");
        map.Close();
        return spec;
    }

    private static TrainingSpec Training(RecipeMap map, ModelSpec model, bool hasRevocable)
    {
        int steps = map.Whole("steps", 1, 100_000_000);
        int revocableFrom = map.Whole("revocableFrom", 0, 100_000_000, 0);
        map.Check(!hasRevocable || (revocableFrom > 1 && revocableFrom <= steps), "revocableFrom",
            $"a step from 2 to {steps}: a corpus is revocable, and from then on its documents are trained on", "steps");
        map.Check(hasRevocable || revocableFrom == 0, "revocableFrom", "no such key: no corpus has the tier revocable");
        int microBatches = map.Whole("microBatches", 1, 1024, 1);
        map.Check(BitOperations.IsPow2(microBatches), "microBatches", "a power of two");
        int microBatchTokens = map.Whole("microBatchTokens", 1, 1 << 24);
        map.Check(microBatchTokens >= model.Context, "microBatchTokens", $"at least the model's context, {model.Context}");
        bool answersOnly = map.Choice("lossOn", RecipeNames.LossOn, false);
        OptimizerSpec optimizer = Optimizer(map.Map("optimizer", required: true));
        ScheduleSpec schedule = Schedule(map.Map("schedule", required: false), map.IsWrong("steps") ? int.MaxValue : steps);
        double clipNorm = map.Number("clipNorm", 0, 1e6, 1);
        int checkpointEvery = map.Whole("checkpointEvery", 1, 100_000_000, 100);
        int evaluateEvery = map.Whole("evaluateEvery", 1, 100_000_000, 100);
        map.Close();
        return new TrainingSpec(
            steps, microBatches, microBatchTokens, answersOnly, optimizer, schedule, clipNorm, checkpointEvery, evaluateEvery)
        {
            RevocableFrom = revocableFrom,
        };
    }

    private static OptimizerSpec Optimizer(RecipeMap map)
    {
        const string MuonOnly = "no such key: it is muon's alone";
        OptimizerKind kind = map.Choice("kind", RecipeNames.Optimizers, OptimizerKind.AdamW);
        double learningRate = map.Positive("learningRate", 1000);
        double matrixLearningRate = map.Positive("matrixLearningRate", 1000, 0.02);
        double momentum = map.Fraction("momentum", 0.95);
        map.Check(kind == OptimizerKind.Muon || !map.Has("matrixLearningRate"), "matrixLearningRate", MuonOnly, "kind");
        map.Check(kind == OptimizerKind.Muon || !map.Has("momentum"), "momentum", MuonOnly, "kind");
        double beta1 = map.Fraction("beta1", 0.9);
        double beta2 = map.Fraction("beta2", 0.95);
        double epsilon = map.Positive("epsilon", 1, 1e-8);
        double weightDecay = map.Number("weightDecay", 0, 1000, 0.1);
        bool decayEmbeddings = map.Flag("decayEmbeddings", false);
        bool decayNorms = map.Flag("decayNorms", false);
        map.Close();
        return new OptimizerSpec(
            kind, learningRate, matrixLearningRate, momentum, beta1, beta2, epsilon, weightDecay, decayEmbeddings, decayNorms);
    }

    private static ScheduleSpec Schedule(RecipeMap map, int steps)
    {
        ScheduleKind kind = map.Choice("kind", RecipeNames.Schedules, ScheduleKind.Cosine);
        bool decays = kind == ScheduleKind.WarmupStableDecay;
        int warmupSteps = map.Whole("warmupSteps", 0, 100_000_000, 0);
        int decaySteps = map.Whole("decaySteps", 0, 100_000_000, 0);
        map.Check(warmupSteps <= steps, "warmupSteps", $"at most the {steps} steps of the run");
        map.Check(!decays || decaySteps > 0, "decaySteps", "1 or more with warmup-stable-decay", "kind");
        map.Check(decays || decaySteps == 0, "decaySteps", "0: only warmup-stable-decay has such steps", "kind");
        map.Check((long)warmupSteps + decaySteps <= steps, "decaySteps",
            $"at most {(long)steps - warmupSteps}, the steps that the warm-up leaves of {steps}", "kind", "warmupSteps");
        double minimumRatio = map.Number("minimumRatio", 0, 1, 0.1);
        map.Close();
        return new ScheduleSpec(kind, warmupSteps, decaySteps, minimumRatio);
    }
}
