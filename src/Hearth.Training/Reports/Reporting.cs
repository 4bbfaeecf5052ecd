using Hearth.Models.Formats;
using Hearth.Training.Ledger;
using Hearth.Training.Papers;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;

namespace Hearth.Training.Reports;

/// <summary>Writes what a finished run leaves for people to look at: its report, loss curve, scores, and the papers that go with the model.</summary>
public static class Reporting
{
    private const int SamplesShown = 20;

    /// <summary>Writes report.html, loss.svg and the model's papers, and evaluation.json when there is a score.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="setup">What it trained.</param>
    /// <param name="about">How long it took, and with what.</param>
    /// <param name="score">Its held-out score.</param>
    public static void Write(RunFolder folder, TrainingSetup setup, RunAbout about, HeldOutScore? score = null)
    {
        (IReadOnlyList<LedgerLine> lines, string head) = LedgerFile.Read(folder.Ledger);
        int last = lines.OfType<StepLine>().LastOrDefault()?.Step ?? 0;
        StepPoint[] steps = [.. lines.OfType<StepLine>().Select(s => new StepPoint(s.Step, s.Loss, s.LearningRate, s.GradientNorm))];
        var evaluations = lines.OfType<EvaluationLine>().Select(e => new EvaluationPoint(e.Step, e.BitsPerByte)).ToList();
        if (score is not null)
        {
            evaluations.Add(new EvaluationPoint(last, evaluations.LastOrDefault(e => e.Step == last).BitsPerByte,
                score.Facts > 0 ? score.ExactMatch : null, score.Refusals > 0 ? score.InventedRefused : null));
            evaluations.RemoveAll(e => e.Step == last && e.HeldOutExactMatch is null && e.InventedRefused is null);
            SavedScore.Of(score, lines.OfType<EndLine>().Last().Weights).Write(folder);
        }
        CheckpointSummary[] checkpoints = [.. lines.OfType<CheckpointLine>().Select(c => new CheckpointSummary(c.Step, c.State))];
        long tokens = lines.OfType<StepLine>().Sum(s => (long)s.Tokens);
        RunSummary summary = Summary(folder, setup, about, head, tokens, lines.OfType<EndLine>().Last().Weights);
        AtomicFile.WriteText(folder.Curve, LossCurve.Svg(steps, evaluations));
        AtomicFile.WriteText(folder.Report, RunReport.Html(summary, steps, evaluations, checkpoints, Samples(score)));
        ModelPapers.Write(folder, setup.Recipe, setup.Corpus);
    }

    private static RunSummary Summary(RunFolder folder, TrainingSetup setup, RunAbout about, string head, long tokens, string weights)
    {
        Recipe recipe = setup.Recipe;
        SourceSummary[] sources =
        [
            .. recipe.Corpora.Select(c => (Spec: c, Documents: setup.Corpus.Sources.Where(s => s.Corpus == c.Name).ToList()))
                .Select(c => new SourceSummary(c.Spec.Name, c.Documents.Count, c.Documents.Sum(d => d.Length), c.Spec.Licence, c.Spec.Source)),
        ];
        MemoryPlan plan = MemoryPlan.Of(recipe, setup.Tokenizer.VocabularySize, about.Threads);
        return new RunSummary(Path.GetFileName(Path.GetFullPath(folder.Path)), recipe.About, recipe.ToYaml(),
            $"{recipe.Model.Layers} layers of width {recipe.Model.HiddenSize}, vocabulary {setup.Tokenizer.VocabularySize:N0}", plan.Weights, tokens,
            about.TrainSeconds, about.TrainSeconds > 0 ? tokens / about.TrainSeconds : 0, weights, head, Numerics.NumericsVersion.Current, sources);
    }

    private static SampleAnswer[] Samples(HeldOutScore? score)
    {
        if (score is null) return [];
        IEnumerable<HeldOutAnswer> Some(bool refusals, int count)
        {
            HeldOutAnswer[] all = [.. score.Answers.Where(a => a.IsRefusal == refusals)];
            return all.Where((_, i) => i % Math.Max(1, all.Length / count) == 0).Take(count);
        }

        return
        [
            .. Some(false, SamplesShown * 3 / 4).Concat(Some(true, SamplesShown / 4)).Select(a => new SampleAnswer(a.Question, a.Expected, a.Answer, a.Right)),
        ];
    }
}
