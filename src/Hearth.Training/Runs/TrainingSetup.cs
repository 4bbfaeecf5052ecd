using Hearth.Data.Corpora;
using Hearth.Models.Architectures;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;
using Hearth.Training.Loading;
using Hearth.Training.Optimizers;
using Hearth.Training.Recipes;

namespace Hearth.Training.Runs;

/// <summary>Everything a recipe's first step needs, made from the recipe and its documents alone.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Corpus">Its documents.</param>
/// <param name="Tokenizer">The tokenizer, trained on the documents or given.</param>
/// <param name="Chat">The conversation format.</param>
/// <param name="Documents">What is trained on, as tokens.</param>
/// <param name="HeldOut">What bits per byte are measured on, as tokens.</param>
public sealed record TrainingSetup(Recipe Recipe, Corpus Corpus, Tokenizer Tokenizer, ChatFormat Chat, TokenDocument[] Documents, TokenDocument[] HeldOut)
{
    private const int HeldOutDocuments = 256;

    /// <summary>Reads the documents and makes or loads the tokenizer.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="say">Told what is being done.</param>
    public static TrainingSetup Build(Recipe recipe, Action<string>? say = null)
    {
        Corpus corpus = recipe.ReadDocuments();
        say?.Invoke($"{corpus.Sources.Count:N0} documents read, {corpus.Derived.Count:N0} texts to train on");
        Tokenizer tokenizer = recipe.Tokenizer.File is { } file ? Tokenizer.Load(Path.Combine(recipe.Folder, file)) : TrainTokenizer(recipe, corpus);
        var chat = new ChatFormat(tokenizer, recipe.Tokenizer.File ?? "tokenizer.json");
        say?.Invoke($"tokenizer has {tokenizer.VocabularySize:N0} tokens");
        bool answersOnly = recipe.Training.LossOnAnswersOnly;
        TokenDocument[] documents =
        [
            .. corpus.Derived.Select(d => TokenDocument.Encode(d, tokenizer, chat, answersOnly) with { IsRevocable = IsRevocable(recipe, d) }).Where(d => d.Rows > 0),
        ];
        if (documents.All(d => d.IsRevocable)) throw new RunException($"{recipe.Name}: no text is left to begin training on. See `hearth corpus check`.");
        return new TrainingSetup(recipe, corpus, tokenizer, chat, documents, HeldOutTokens(corpus, tokenizer, chat));
    }

    /// <summary>The model with its first weights.</summary>
    public LanguageModel NewModel()
    {
        LanguageModel model = ModelSizes.Config(Recipe.Model, Tokenizer.VocabularySize).Create();
        model.Parameters.Initialise(Recipe.Seed);
        return model;
    }

    /// <summary>The optimizers of a model's parameters.</summary>
    /// <param name="model">The model.</param>
    public IReadOnlyList<Optimizer> NewOptimizers(LanguageModel model)
    {
        OptimizerSpec o = Recipe.Training.Optimizer;
        var adam = new AdamWSettings(o.LearningRate, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay, o.DecayEmbeddings, o.DecayNorms);
        if (o.Kind == OptimizerKind.AdamW) return [new AdamW(model.Parameters.All, adam)];
        return
        [
            new Muon(model.Parameters.All.Where(p => p.Kind == ParameterKind.Matrix), new MuonSettings(o.MatrixLearningRate, o.Momentum, o.WeightDecay)),
            new AdamW(model.Parameters.All.Where(p => p.Kind != ParameterKind.Matrix), adam),
        ];
    }

    /// <summary>Lays the documents into the micro-batches of each step.</summary>
    public StepLoader NewLoader()
    {
        var plan = new PackingPlan(Recipe.Training.MicroBatchTokens, Recipe.Model.Context, Recipe.Packing.Split, Recipe.Packing.CrossDocumentAttention, Recipe.Packing.ConversationTurns);
        return new StepLoader(new Packer(new DocumentOrder(Documents, Recipe.Seed), plan), Recipe.Training.MicroBatches, Recipe.Training.RevocableFrom);
    }

    /// <summary>The learning rate's course.</summary>
    public Schedule Schedule => new(Recipe.Training.Schedule.Kind, Recipe.Training.Steps, Recipe.Training.Schedule.WarmupSteps,
        Recipe.Training.Schedule.DecaySteps, Recipe.Training.Schedule.MinimumRatio);

    private static bool IsRevocable(Recipe recipe, DerivedDocument d) => recipe.Corpora.First(c => c.Name == d.Corpus).Tier == DocumentTier.Revocable;

    /// <summary>From the permanent documents alone, so that taking a revocable one out never reaches back to it.</summary>
    private static Tokenizer TrainTokenizer(Recipe recipe, Corpus corpus)
    {
        IEnumerable<string> texts = corpus.Derived.Where(d => !IsRevocable(recipe, d)).OrderBy(d => d.Id, StringComparer.Ordinal).ThenBy(d => d.From, StringComparer.Ordinal)
            .SelectMany(d => d.Kind == DerivedKind.Plain ? (string[])[d.Text] : [d.Question, d.Answer]);
        return BpeTrainer.Train(texts, new BpeTrainingOptions
        {
            VocabularySize = recipe.Tokenizer.VocabularySize,
            PreTokenizer = recipe.Tokenizer.Pattern == TokenizerPattern.Gpt2 ? PreTokenizer.Gpt2 : PreTokenizer.Gpt4,
            SpecialTokens = ChatFormat.SpecialTokens,
        });
    }

    /// <summary>Held-out texts and the answers to held-out questions, as bits per byte are measured on; of many, those with the lowest ids.</summary>
    /// <param name="corpus">The documents.</param>
    public static IEnumerable<DerivedDocument> MeasuredOn(Corpus corpus)
    {
        IEnumerable<DerivedDocument> pairs = corpus.HeldOut.Facts.Concat(corpus.HeldOut.Refusals).Select(q => q.ToDocument());
        return corpus.HeldOut.Documents.Concat(pairs)
            .OrderBy(d => d.Id, StringComparer.Ordinal).ThenBy(d => d.From, StringComparer.Ordinal).Take(HeldOutDocuments);
    }

    private static TokenDocument[] HeldOutTokens(Corpus corpus, Tokenizer tokenizer, ChatFormat chat) =>
        [.. MeasuredOn(corpus).Select(d => TokenDocument.Encode(d, tokenizer, chat, answersOnly: true))];
}
