using System.Globalization;
using System.Text;
using Hearth.Data.Corpora;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using static Hearth.Training.Papers.PaperText;

namespace Hearth.Training.Papers;

/// <summary>
/// The model card (M. Mitchell and others, "Model Cards for Model Reporting", arXiv 1810.03993) as README.md, with the metadata at its
/// head that Hugging Face reads (hub documentation, "Model Cards").
/// </summary>
public static class ModelCard
{
    private const string Unnoted = "(version not noted)";
    private const double JoulesPerKilowattHour = 3.6e6;
    private const string HubDatasets = "https://huggingface.co/datasets/";

    /// <summary>The card.</summary>
    /// <param name="facts">The model.</param>
    public static string Write(ModelFacts facts)
    {
        var page = new StringBuilder();
        Metadata(page, facts);
        Head(page, facts);
        Uses(page, facts);
        Documents(page, facts);
        Training(page, facts);
        Evaluation(page, facts);
        Proof(page, facts);
        Open(page, facts.Openness);
        return page.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>The electricity that was measured, in kWh; null when none was.</summary>
    internal static double? KilowattHours(RunAbout? about) =>
        about is { EnergySeconds: > 0, TrainSeconds: > 0 } ? about.EnergyJoules / JoulesPerKilowattHour : null;

    /// <summary>The electricity that training took, in words.</summary>
    internal static string Energy(RunAbout? about)
    {
        if (KilowattHours(about) is not { } used) return "not measured";
        string share = Percent(Math.Min(1, about!.EnergySeconds / about.TrainSeconds));
        return $"{Significant(used)} kWh by the processors' own counters, with whatever else ran on them; measured in {share} of the time";
    }

    /// <summary>Kilowatt-hours to a thousandth of a watt-hour.</summary>
    internal static string Significant(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>The kind of an origin as a recipe writes it; null when it is not stated.</summary>
    internal static string? Kind(CorpusOrigin origin) => RecipeNames.Origins.FirstOrDefault(o => o.Item2 == origin.Kind).Item1;

    private static void Metadata(StringBuilder page, ModelFacts facts)
    {
        string name = facts.Recipe.Name;
        page.Append("---\n");
        page.Append($"license: {facts.Licence.HuggingFace}\n");
        if (facts.Licence.HuggingFace == "other") page.Append($"license_name: {Quote(facts.Licence.Name)}\n");
        List("language", facts.Languages);
        page.Append("pipeline_tag: text-generation\nlibrary_name: transformers\n");
        List("tags", ["hearth", "reproducible", "safetensors"]);
        IEnumerable<string> urls = facts.Corpora.Select(c => c.Spec.Origin.Url);
        IEnumerable<string> hub = urls.Where(u => u.StartsWith(HubDatasets, StringComparison.Ordinal));
        List("datasets", [.. hub.Select(u => u[HubDatasets.Length..].TrimEnd('/'))]);
        var results = new List<(string Set, string Type, string Name, double Value)>();
        const string Exact = "exact_match";
        if (facts.Score is { Facts: > 0 } f) results.Add(("held-out questions", Exact, "answered letter for letter", f.HeldOutExactMatch));
        if (facts.Score is { InventedNames: > 0 } n) results.Add(("invented names", Exact, "refused", n.InventedRefused));
        if (facts.BitsPerByte is { } bits) results.Add(("held-out text", "bits_per_byte", "bits per byte", bits));
        if (results.Count > 0) page.Append($"model-index:\n- name: {Quote(name)}\n  results:\n");
        foreach ((string set, string type, string metric, double value) in results)
        {
            page.Append("  - task:\n      type: text-generation\n");
            page.Append($"    dataset:\n      type: {Quote($"{name}-{set.Replace(' ', '-')}")}\n      name: {Quote($"{name}: {set}")}\n");
            page.Append($"    metrics:\n    - type: {type}\n      value: {Decimal(value)}\n      name: {Quote(metric)}\n");
        }
        page.Append("---\n\n");

        void List(string key, IReadOnlyList<string> items)
        {
            if (items.Count > 0) page.Append($"{key}:\n{string.Concat(items.Select(i => $"- {Quote(i)}\n"))}");
        }
    }

    private static string Quote(string text) => RecipeWriter.Quote(text);

    private static void Head(StringBuilder page, ModelFacts facts)
    {
        CardSpec card = facts.Recipe.Card;
        string shape = $"{Count(facts.Config.NumHiddenLayers, "layer")} of width {facts.Config.HiddenSize}, "
            + $"{Count(facts.Config.NumAttentionHeads, "head")}, vocabulary {Count(facts.Config.VocabularySize)}, "
            + $"context {Count(facts.Config.MaxPositionEmbeddings, "token")}";
        page.Append($"""
            # {Plain(facts.Recipe.Name)}

            {Or(facts.Recipe.About)}

            | | |
            |---|---|
            | Provider | {Or(card.Provider)} |
            | Contact | {Or(card.Contact)} |
            | Licence of the weights and of these papers | {Or(facts.Licence.IsStated ? facts.Licence.Name : "")} |
            | Languages | {Or(Row(facts.Languages))} |
            | Kind | decoder of text ({Plain(facts.Architecture)} in transformers), {Count(facts.Parameters)} parameters in float32 |
            | Shape | {shape} |
            | Made from | random weights and {Count(facts.Corpora.Sum(c => c.Documents), "document")} |
            | Openness | {facts.Openness.Title} ([Model Openness Framework](#openness)) |

            This card, [`{ModelPapers.BillName}`]({ModelPapers.BillName}) and [`{ModelPapers.SummaryName}`]({ModelPapers.SummaryName})
            are written by Hearth from the run's own record. Where it says *not stated*, the recipe's `card` does not tell.


            """);
    }

    private static void Uses(StringBuilder page, ModelFacts facts) => page.Append($"""
        ## Uses

        {Or(facts.Recipe.Card.IntendedUse, "Intended use: *not stated*.")}

        ## Limitations

        {Or(facts.Recipe.Card.Limitations, "Limitations known to the provider: *not stated*.")}

        A question and its answer together must fit {Count(facts.Config.MaxPositionEmbeddings, "token")}.

        ## How to run it

        In this folder, which is laid out as Hugging Face's transformers does:

        ```sh
        hearth chat .
        ```


        """);

    private static void Documents(StringBuilder page, ModelFacts facts)
    {
        page.Append("## Documents\n\n| Corpus | Documents | Size | Licence | Kind | Source |\n|---|--:|--:|---|---|---|\n");
        foreach (CorpusFacts c in facts.Corpora)
        {
            page.Append($"| {Plain(c.Spec.Name)} | {Count(c.Documents)} | {Count(c.Bytes, "byte")} | {Plain(c.Licence.Name)} ");
            page.Append($"| {Kind(c.Spec.Origin) ?? "*not stated*"} | {Plain(c.Spec.Source)} |\n");
        }
        page.Append($"\nMore of them in [`{ModelPapers.SummaryName}`]({ModelPapers.SummaryName}); ");
        page.Append("each by name and digest in `provenance/materials.json`.\n\n");
    }

    private static void Training(StringBuilder page, ModelFacts facts)
    {
        TrainingSpec plan = facts.Recipe.Training;
        string rate = Exact(plan.Optimizer.LearningRate);
        string optimizer = plan.Optimizer.Kind == OptimizerKind.Muon
            ? $"Muon at {Exact(plan.Optimizer.MatrixLearningRate)} for matrices, AdamW at {rate} for the rest"
            : $"AdamW at {rate}";
        string counted = plan.LossOnAnswersOnly ? "answers" : "every token";
        string batches = plan.MicroBatches == 1 ? "1 micro-batch" : $"{Count(plan.MicroBatches)} micro-batches";
        string time = facts.About is { TrainSeconds: > 0 } about
            ? $"{about.TrainSeconds.ToString("#,0.0", CultureInfo.InvariantCulture)} s on {Count(about.Threads, "thread")}"
            : "not noted";
        page.Append($"""
            ## Training

            | | |
            |---|---|
            | Steps | {Count(facts.Last.Step)}, each of {batches} of at most {Count(plan.MicroBatchTokens, "token")} |
            | Tokens seen | {Count(facts.Tokens)}, repetitions counted |
            | Loss | counted on {counted}; {Decimal(facts.Last.Loss)} nats a token at the last step |
            | Optimizer | {optimizer}; schedule {RecipeNames.Schedules.First(s => s.Item2 == plan.Schedule.Kind).Item1} |
            | Precision | float32, canonical arithmetic version {facts.Start.Numerics} |
            | Time | {time} |
            | Electricity | {Energy(facts.About)} |
            | Software | Hearth {Or(facts.About?.Hearth ?? "", Unnoted)}, .NET {Or(facts.About?.Runtime ?? "", Unnoted)} |


            """);
    }

    private static string Exact(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static void Evaluation(StringBuilder page, ModelFacts facts)
    {
        page.Append("## Evaluation\n\n");
        if (facts.Score is null && facts.BitsPerByte is null)
        {
            page.Append("Not measured.\n\n");
            return;
        }
        page.Append("| Measured on what was kept from training | Value | 95 % interval | Of |\n|---|--:|---|--:|\n");
        if (facts.Score is { Facts: > 0 } f)
        {
            Share("Questions in a phrasing their fact was never trained in, answered letter for letter", f.FactsRight, f.Facts);
        }
        if (facts.Score is { InventedNames: > 0 } n)
        {
            Share("Questions about names that are in no document, refused", n.NamesRefused, n.InventedNames);
        }
        if (facts.BitsPerByte is { } bits) page.Append($"| Bits per byte of held-out text | {Decimal(bits)} | not computed | |\n");
        if (facts.Score is null)
        {
            page.Append('\n');
            return;
        }
        page.Append("\nThe intervals are Wilson's. They say how far a share may be off by the luck of which questions were kept, ");
        page.Append("not how the model does elsewhere.\n\n");
        if (facts.Score.Samples.Count > 0) page.Append("Some of the questions that it answered right:\n\n");
        foreach (HeldOutAnswer sample in facts.Score.Samples) page.Append($"> **{Plain(sample.Question)}**<br>{Plain(sample.Answer)}\n\n");

        void Share(string what, int hits, int of)
        {
            WilsonInterval interval = WilsonInterval.Of(hits, of);
            string bounds = $"{Percent(interval.Lower)} to {Percent(interval.Upper)}";
            page.Append($"| {what} | {Percent(hits / (double)of)} | {bounds} | {Count(of)} |\n");
        }
    }

    private static void Proof(StringBuilder page, ModelFacts facts) => page.Append($"""
        ## How to check it

        | | SHA-256 |
        |---|---|
        | Weights | `{facts.Weights}` |
        | Ledger, last line | `{facts.LedgerHead}` |
        | Materials | `{facts.Start.Materials}` |
        | Recipe, without places and descriptions | `{facts.Start.Recipe}` |
        | Tokenizer | `{facts.Start.Tokenizer}` |

        With the documents at hand, where `provenance/recipe.yaml` or `--corpus NAME=PATH` says they are, anyone can train the same bytes
        again and compare every one of them:

        ```sh
        hearth reproduce .
        ```


        """);

    private static void Open(StringBuilder page, Openness openness)
    {
        page.Append("## Openness\n\n");
        page.Append(openness.Class == 0 ? "None of the classes" : $"**{openness.Title}**");
        page.Append(" of the Model Openness Framework 1.0 (arXiv 2403.13784), worked out from what is in this folder.");
        if (openness.Class != 1)
        {
            page.Append($" {openness.NextTitle}, lacks:\n\n");
            foreach (OpennessComponent c in openness.MissingForNext) page.Append($"- {c.Name}: {c.Lacks}\n");
        }
        page.Append("\n| Component | Class | There | |\n|---|---|---|---|\n");
        foreach (OpennessComponent c in openness.Components)
        {
            page.Append($"| {c.Name}{(c.Required ? "" : " (optional)")} | {new string('I', c.Class)} | {(c.IsPresent ? "yes" : "no")} ");
            page.Append($"| {(c.IsPresent ? c.Found : c.Lacks)} |\n");
        }
    }
}
