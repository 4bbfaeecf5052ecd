using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Hearth.Training.Ledger;
using Hearth.Training.Loading;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Forgetting;

/// <summary>
/// What has to be done again so that a run never saw some documents, found without training: the order without them is compared with
/// the parent's ledger, step by step.
/// </summary>
/// <param name="Parent">The run they are taken out of.</param>
/// <param name="Documents">The documents.</param>
/// <param name="Setup">The run without them.</param>
/// <param name="FirstUse">The first step that saw one of them; 0 for none.</param>
/// <param name="FirstDifference">The first step that goes otherwise without them, 0 for none. It may lie before the first use: a document
/// that is out leaves room for another one to move up into. 1 when the tokenizer differs.</param>
/// <param name="TokenizerDiffers">True when they shaped the tokenizer, so that every token has to be made again.</param>
/// <param name="Measured">True when none of them is measured on, so that the parent's measurements hold without them too.</param>
/// <param name="From">The parent's checkpoint to go on from; null for the beginning.</param>
public sealed record RemovalPlan(
    ParentRun Parent, IReadOnlyList<Material> Documents, TrainingSetup Setup, int FirstUse, int FirstDifference, bool TokenizerDiffers,
    bool Measured, Checkpoint? From)
{
    /// <summary>True when no step goes otherwise without the documents: the weights are already those that never saw them.</summary>
    public bool IsNothing => FirstDifference == 0;

    /// <summary>The step that training goes on from; 0 for the beginning.</summary>
    public int ReplayFrom => From?.Step ?? 0;

    /// <summary>Ids of the documents, in ordinal order.</summary>
    public string[] Ids => [.. Documents.Select(d => d.Id).Order(StringComparer.Ordinal)];

    /// <summary>About how long training will take, from how long the parent took; null when that is not known.</summary>
    public TimeSpan? Estimate => RunAbout.Read(Parent.Folder) is { TrainSeconds: > 0 } about
        ? TimeSpan.FromSeconds(about.TrainSeconds / TrainedSteps * (Setup.Recipe.Training.Steps - ReplayFrom))
        : null;

    /// <summary>Names of documents that stay and from which some of the very same texts derive.</summary>
    public IReadOnlyList<string> StatedElsewhere
    {
        get
        {
            HashSet<string> removed = [.. Ids];
            HashSet<string> texts = [.. WithThem?.Derived.Where(d => removed.Contains(d.From)).Select(d => d.Id) ?? []];
            return [.. Setup.Corpus.Derived.Where(d => texts.Contains(d.Id)).Select(d => d.Name).Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The parent's documents as they are on this machine; null when those to be removed are no longer there.</summary>
    private Corpus? WithThem { get; init; }

    private int TrainedSteps => Setup.Recipe.Training.Steps - (LedgerFile.Preamble(Parent.Folder.Ledger).Forget?.ReplayedFrom ?? 0);

    /// <summary>Finds out what has to be done again.</summary>
    /// <param name="parent">The run.</param>
    /// <param name="documents">Documents of it.</param>
    /// <param name="say">Told what is being done.</param>
    /// <exception cref="RunException">A document that stays is missing or was altered, or the ledger does not fit the recipe.</exception>
    public static RemovalPlan Of(ParentRun parent, IReadOnlyList<Material> documents, Action<string>? say = null)
    {
        string[] removed = [.. parent.Recipe.Removed.Concat(documents.Select(d => d.Id)).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];
        Recipe recipe = parent.Recipe with { Removed = [.. removed] };
        TrainingSetup setup = TrainingSetup.Build(recipe, say);
        HashSet<string> leaving = [.. documents.Select(d => d.Id)];
        if (Materials.Difference(parent.Materials.Where(m => !leaving.Contains(m.Id)), setup) is { } difference)
        {
            throw new RunException($"{parent.Folder.Path}: {difference} Put the documents back as they were when the run was trained.");
        }
        int firstUse = documents.Where(d => d.FirstStep > 0).Select(d => d.FirstStep).DefaultIfEmpty(0).Min();
        Corpus? with = WithThemStill(parent, leaving);
        bool measured = with is not null && Keys(TrainingSetup.MeasuredOn(with))
            .SequenceEqual(Keys(TrainingSetup.MeasuredOn(setup.Corpus)));
        bool tokenizerDiffers = Digest.Of(setup.Tokenizer.ToJson()) != parent.Start.Tokenizer;
        (int firstDifference, Checkpoint? from) = tokenizerDiffers ? (1, null) : Compare(parent, setup);
        if (firstUse > 0 && (firstDifference == 0 || firstDifference > firstUse))
        {
            throw new RunException($"{parent.Folder.Ledger}: step {firstUse:N0} saw the documents by materials.json, and the ledger names "
                + "the same ones without them. "
                + "One of the two was altered; `hearth reproduce` finds where.");
        }
        return new RemovalPlan(parent, documents, setup, firstUse, firstDifference, tokenizerDiffers, measured, from) { WithThem = with };
    }

    /// <summary>
    /// The first step that sees other documents, and the last checkpoint before it whose state a run without them has as well. A state
    /// includes where the next step begins, and that can differ before any step does: when a removed document stands at an epoch's end.
    /// </summary>
    private static (int FirstDifference, Checkpoint? From) Compare(ParentRun parent, TrainingSetup setup)
    {
        HashSet<(int, string)> named = [.. parent.Lines.OfType<CheckpointLine>().Select(c => (c.Step, c.State))];
        Dictionary<int, Checkpoint> checkpoints = Checkpoint.List(parent.Folder).Select(c => c.Checkpoint)
            .Where(c => named.Contains((c.Step, c.State))).ToDictionary(c => c.Step);
        StepLoader loader = setup.NewLoader();
        var position = default(DataPosition);
        Checkpoint? from = null;
        foreach (StepLine line in parent.Lines.OfType<StepLine>())
        {
            if (Packer.Digest(loader.Next(line.Step, ref position).SelectMany(p => p)) != line.Documents) return (line.Step, from);
            if (checkpoints.TryGetValue(line.Step, out Checkpoint? checkpoint) && checkpoint.Position == position) from = checkpoint;
        }
        return (0, from);
    }

    private static Corpus? WithThemStill(ParentRun parent, HashSet<string> removed)
    {
        Corpus corpus = parent.Recipe.ReadDocuments();
        return corpus.Sources.Count(s => removed.Contains(s.Id)) == removed.Count ? corpus : null;
    }

    private static IEnumerable<(string, string)> Keys(IEnumerable<DerivedDocument> documents) => documents.Select(d => (d.Id, d.From));
}
