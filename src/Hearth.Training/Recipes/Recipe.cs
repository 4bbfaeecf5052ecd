using Hearth.Data;
using Hearth.Data.Corpora;
using Hearth.Models.Formats;

namespace Hearth.Training.Recipes;

/// <summary>Everything a run is made from besides the documents' bytes: a recipe.yaml, with every default filled in.</summary>
/// <param name="Name">1 to 64 of a-z, 0-9 and '-'.</param>
/// <param name="About">What the recipe is for, in a line.</param>
/// <param name="Seed">The seed of every random number, 0 or more.</param>
/// <param name="Model">The shape of the model.</param>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="Corpora">The documents, at least one corpus.</param>
/// <param name="HeldOut">What is kept from training to measure by.</param>
/// <param name="Packing">How documents are laid into micro-batches.</param>
/// <param name="Training">How the model is trained.</param>
public sealed record Recipe(
    string Name, string About, long Seed, ModelSpec Model, TokenizerSpec Tokenizer, ValueList<CorpusSpec> Corpora, HeldOutSpec HeldOut,
    PackingSpec Packing, TrainingSpec Training)
{
    /// <summary>Ids of documents that are left out as if they had never been, in ordinal order; what <c>hearth forget</c> writes.</summary>
    public ValueList<string> Removed { get; init; } = [];

    /// <summary>The folder that paths of the recipe are relative to. Recipes that differ in nothing else are equal.</summary>
    public string Folder { get; init; } = ".";

    /// <summary>What the model's papers say and the run can not know.</summary>
    public CardSpec Card { get; init; } = CardSpec.None;

    /// <summary>Reads a recipe.</summary>
    /// <param name="path">A recipe.yaml, or the folder that holds one.</param>
    /// <exception cref="RecipeException">There is none, or it has problems; all of them are in the message.</exception>
    public static Recipe Load(string path) => RecipeFile.Load(path);

    /// <summary>Reads a recipe from its text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What messages call it, as a rule the file's name.</param>
    /// <exception cref="RecipeException">It has problems; all of them are in the message.</exception>
    public static Recipe Parse(string text, string name)
    {
        if (text.Length > RecipeFile.MostBytes) throw RecipeFile.TooLarge(name);
        var problems = new RecipeProblems(name);
        RecipeNode root = RecipeYaml.Read(text, problems);
        Recipe recipe = RecipeBinder.Bind(root, problems);
        problems.ThrowIfAny();
        return recipe;
    }

    /// <summary>The recipe as YAML, every default spelled out, keys in a fixed order. Reading it gives an equal recipe.</summary>
    public string ToYaml() => RecipeWriter.Write(this);

    /// <summary>Reads the documents, without the removed ones.</summary>
    /// <exception cref="CorpusException">A corpus is missing or can not be used.</exception>
    public Corpus ReadDocuments() => Corpus.Load(Corpora, HeldOut, Folder, Seed, Removed.ToHashSet(StringComparer.Ordinal));

    /// <summary>
    /// SHA-256 of the normalised recipe without the places of documents and tokenizer, and without what only the papers tell: a moved folder or
    /// a better description changes no weight, and so makes no other run.
    /// </summary>
    public string IdentityDigest()
    {
        Recipe bare = this with
        {
            Tokenizer = Tokenizer with { File = Tokenizer.File is null ? null : "" },
            Corpora = [.. Corpora.Select(c => c with { Path = "", Records = Placeless(c.Records), Origin = CorpusOrigin.None })],
            Card = CardSpec.None,
        };
        return Digest.Of(bare.ToYaml());
    }

    /// <summary>The recipe with another one's descriptions: its card, and the origins of corpora of the same names.</summary>
    /// <param name="other">Where the descriptions stand.</param>
    public Recipe DescribedAs(Recipe other) => this with
    {
        Card = other.Card,
        Corpora = [.. Corpora.Select(c => c with { Origin = other.Corpora.FirstOrDefault(o => o.Name == c.Name)?.Origin ?? c.Origin })],
    };

    /// <summary>The recipe with other places for some of its corpora.</summary>
    /// <param name="paths">From a corpus's name to its file or folder, relative to <see cref="Folder"/> unless absolute.</param>
    /// <exception cref="RecipeException">The recipe has no corpus of such a name.</exception>
    public Recipe WithCorpusPaths(IReadOnlyDictionary<string, string> paths)
    {
        string[] names = [.. Corpora.Select(c => c.Name)];
        string[] problems =
        [
            .. paths.Keys.Except(names, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(unknown =>
                $"recipe '{Name}': found a path for the corpus {RecipeProblems.Quote(unknown)}, expected one of {string.Join(", ", names)}"
                + RecipeProblems.Hint(unknown, names)),
        ];
        if (problems.Length > 0) throw new RecipeException(problems);
        return this with { Corpora = [.. Corpora.Select(c => paths.TryGetValue(c.Name, out string? path) ? c with { Path = path } : c)] };
    }

    /// <summary>Whether everything but <see cref="Folder"/> is equal.</summary>
    /// <param name="other">Another recipe.</param>
    public bool Equals(Recipe? other) =>
        other is not null && Name == other.Name && About == other.About && Seed == other.Seed && Model == other.Model
        && Tokenizer == other.Tokenizer && Corpora.Equals(other.Corpora) && HeldOut == other.HeldOut && Packing == other.Packing
        && Training == other.Training && Removed.Equals(other.Removed) && Card == other.Card;

    /// <summary>A code that equal recipes share; it reaches no result.</summary>
    public override int GetHashCode() => Seed.GetHashCode();

    private static RecordMapping? Placeless(RecordMapping? records) =>
        records?.Unknown is { } unknown ? records with { Unknown = unknown with { Path = "" } } : records;
}
