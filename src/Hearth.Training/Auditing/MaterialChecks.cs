using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Training.Ledger;
using Hearth.Training.Loading;
using Hearth.Training.Runs;

namespace Hearth.Training.Auditing;

/// <summary>What the ledger says a run is made from, against recipe, list of documents, tokenizer and the documents themselves; without training.</summary>
/// <param name="run">The run.</param>
/// <param name="setup">What it trains, made anew.</param>
/// <param name="recorded">Its ledger.</param>
/// <param name="findings">Told what is found.</param>
internal sealed class MaterialChecks(RunFolder run, TrainingSetup setup, RecordedRun recorded, Findings findings)
{
    /// <summary>Where the data stand after each step, from step 0; empty when documents or recipe are not those of the run.</summary>
    public List<DataPosition> Positions { get; } = [];

    public void Run()
    {
        if (recorded.Start is not { } start)
        {
            findings.NotChecked.Add("recipe, documents and order: the ledger does not say which they were");
            return;
        }
        bool recipe = findings.Pass("the recipe: as the ledger names it", () => Recipe(start));
        bool documents = findings.Pass($"{setup.Corpus.Sources.Count:N0} documents: as the ledger and materials.json name them", () => Documents(start, recipe));
        if (!recipe || !documents)
        {
            findings.NotChecked.Add("tokenizer, first weights and order of documents: they hang on recipe and documents");
            return;
        }
        bool tokenizer = findings.Pass("the tokenizer: as the documents give it", () => Tokenizer(start));
        if (!tokenizer) return;
        findings.Pass("the first weights: as the recipe gives them", () => FirstWeights(start));
        findings.Pass($"{recorded.Steps.Count:N0} steps: documents and learning rate of each as recipe and documents give them", Order);
    }

    private void Recipe(StartLine start)
    {
        if (start.Recipe != setup.Recipe.IdentityDigest()) findings.Problem($"{run.Recipe}: is not the recipe that the ledger names.");
    }

    private void Documents(StartLine start, bool isSameRecipe)
    {
        string? list = File.Exists(run.Materials) ? Digest.OfFile(run.Materials) : null;
        if (list != start.Materials) findings.Problem($"{run.Materials}: has digest {Findings.Short(list)}, and the ledger names {Findings.Short(start.Materials)}. The list of documents was altered.");
        else if (isSameRecipe && Digest.Of(Materials.ToJson(Materials.Of(setup))) != start.Materials) findings.Problem($"{run.Path}: {Materials.Difference(run, setup)} Put the documents back as they were when the run was trained.");
    }

    private void Tokenizer(StartLine start)
    {
        string digest = Digest.Of(setup.Tokenizer.ToJson());
        if (digest != start.Tokenizer) findings.Problem($"the ledger names tokenizer {Findings.Short(start.Tokenizer)}, and the documents give {Findings.Short(digest)}.");
        foreach (string path in (string[])[run.Tokenizer, Path.Combine(run.Model, ModelBundle.TokenizerName)])
        {
            if (File.Exists(path) && Digest.OfFile(path) is var found && found != start.Tokenizer)
            {
                findings.Problem($"{path}: has digest {Findings.Short(found)}, and the ledger names {Findings.Short(start.Tokenizer)}. The tokenizer was altered.");
            }
        }
    }

    private void FirstWeights(StartLine start)
    {
        string weights = ModelBundle.WeightsDigest(setup.NewModel());
        if (weights != start.Weights) findings.Problem($"the ledger begins with weights {Findings.Short(start.Weights)}, and the recipe's seed gives {Findings.Short(weights)}.");
    }

    /// <summary>Walks through the run's order without training.</summary>
    private void Order()
    {
        StepLoader loader = setup.NewLoader();
        var position = default(DataPosition);
        Positions.Add(position);
        StepLine? first = null;
        int different = 0;
        foreach (StepLine line in recorded.Steps)
        {
            Piece[][] pieces = loader.Next(line.Step, ref position);
            MicroBatch[] batches = loader.Lay(pieces);
            StepLine expected = line with
            {
                Documents = Packer.Digest(pieces.SelectMany(p => p)),
                Tokens = batches.Sum(b => b.Targets.Length),
                Targets = batches.Sum(b => b.TargetCount),
                LearningRate = setup.Recipe.Training.Optimizer.LearningRate * setup.Schedule.Share(line.Step),
            };
            Positions.Add(position);
            if (expected == line) continue;
            different++;
            if (first is not null) continue;
            first = line;
            findings.Problem($"step {line.Step:N0}: the ledger has {SegmentReplay.Fields(line, expected)}, as recipe and documents give them.");
        }
        if (different > 1) findings.Problem($"{different - 1:N0} more steps have other documents or learning rates than recipe and documents give.");
    }
}
