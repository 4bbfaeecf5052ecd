using System.Text;
using static Hearth.Training.Reports.Markup;

namespace Hearth.Training.Reports;

/// <summary>
/// The report of a run as one HTML file: no script, nothing loaded from elsewhere. The same input gives the same text.
/// </summary>
public static class RunReport
{
    /// <summary>The whole page.</summary>
    /// <param name="run">What was trained.</param>
    /// <param name="steps">Its steps.</param>
    /// <param name="evaluations">Its evaluations.</param>
    /// <param name="checkpoints">Its checkpoints.</param>
    /// <param name="answers">Answers of the trained model.</param>
    public static string Html(
        RunSummary run, IReadOnlyList<StepPoint> steps, IReadOnlyList<EvaluationPoint> evaluations,
        IReadOnlyList<CheckpointSummary> checkpoints, IReadOnlyList<SampleAnswer> answers)
    {
        var page = new StringBuilder();
        page.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>{Escape(run.Name)}: training report</title>
            <style>
            {ReportStyle.Page}
            </style>
            </head>
            <body>
            <main>

            """);
        Head(page, run);
        Numbers(page, run, steps, evaluations);
        Section(page, "Loss");
        page.Append($"<figure>\n{LossCurve.Svg(steps, evaluations)}</figure>\n");
        Evaluations(page, evaluations);
        Answers(page, answers);
        Documents(page, run.Sources);
        Section(page, "Recipe");
        page.Append($"<pre><code>{Escape(run.Recipe.TrimEnd())}</code></pre>\n");
        Checkpoints(page, checkpoints);
        page.Append("</main>\n</body>\n</html>\n");
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static void Head(StringBuilder page, RunSummary run) => page.Append($"""
        <header>
        <p class="kind">Training report</p>
        <h1 dir="auto">{Escape(run.Name)}</h1>
        <p class="about" dir="auto">{Escape(run.About)}</p>
        <p class="soft">{Escape(run.Shape)}</p>
        </header>
        <section class="proof" aria-label="Proof">
        <dl>
        <dt>Weights, SHA-256</dt><dd><code>{Escape(run.WeightsDigest)}</code></dd>
        <dt>Ledger head, which covers every step</dt><dd><code>{Escape(run.LedgerHead)}</code></dd>
        </dl>
        <p>To train the same bytes again on any machine, and compare every one of them, type beside the run's folder:</p>
        <pre><code>hearth reproduce {Escape(Quoted(run.Name))}</code></pre>
        </section>

        """);

    private static void Numbers(
        StringBuilder page, RunSummary run, IReadOnlyList<StepPoint> steps, IReadOnlyList<EvaluationPoint> evaluations)
    {
        Section(page, "Numbers");
        page.Append("<dl class=\"numbers\">\n");
        Number("Parameters", Count(run.Parameters));
        Number("Tokens seen", Count(run.TokensSeen));
        Number("Steps", Count(steps.Count));
        Number("Training time", Duration(run.Seconds));
        Number("Tokens per second", double.IsFinite(run.TokensPerSecond) ? Count((long)Math.Round(run.TokensPerSecond)) : "unknown");
        if (steps.Count > 0) Number("Last loss, nats per token", Measured(steps.MaxBy(p => p.Step).LossNats, Decimal));
        if (Latest(e => e.HeldOutExactMatch) is { } match) Number("Held-out questions right", Measured(match, Percent));
        if (Latest(e => e.InventedRefused) is { } refused) Number("Invented names refused", Measured(refused, Percent));
        Number("Numerics version", Count(run.NumericsVersion));
        page.Append("</dl>\n");

        double? Latest(Func<EvaluationPoint, double?> pick) =>
            evaluations.OrderBy(e => e.Step).Select(pick).LastOrDefault(v => v is not null);
        void Number(string name, string value) => page.Append($"<div><dt>{name}</dt><dd>{value}</dd></div>\n");
    }

    private static void Evaluations(StringBuilder page, IReadOnlyList<EvaluationPoint> evaluations)
    {
        if (evaluations.Count == 0) return;
        bool refusals = evaluations.Any(e => e.InventedRefused is not null);
        Section(page, "Evaluation on what was held out");
        Table(page, "Evaluation", refusals
            ? ["n:Step", "n:Bits per byte", "n:Questions right", "n:Invented names refused"]
            : ["n:Step", "n:Bits per byte", "n:Questions right"]);
        foreach (EvaluationPoint e in evaluations.OrderBy(e => e.Step))
        {
            page.Append($"<tr><th scope=\"row\" class=\"n\">{Count(e.Step)}</th><td class=\"n\">{Measured(e.BitsPerByte, Decimal)}</td>");
            page.Append($"<td class=\"n\">{Measured(e.HeldOutExactMatch, Percent)}</td>");
            if (refusals) page.Append($"<td class=\"n\">{Measured(e.InventedRefused, Percent)}</td>");
            page.Append("</tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    private static void Answers(StringBuilder page, IReadOnlyList<SampleAnswer> answers)
    {
        if (answers.Count == 0) return;
        Section(page, "Sample answers");
        page.Append($"<p class=\"soft\">Right: {Count(answers.Count(a => a.Right))} of {Count(answers.Count)}.</p>\n");
        page.Append("<ol class=\"answers\">\n");
        foreach (SampleAnswer a in answers)
        {
            page.Append($"<li><p dir=\"auto\"><strong>{Escape(a.Question)}</strong></p>\n");
            page.Append($"<p dir=\"auto\">{Escape(a.Answer)}</p>\n");
            page.Append(a.Right
                ? "<p class=\"verdict right\">✓ right</p>"
                : $"<p><span class=\"verdict wrong\">✗ wrong</span>, expected: <span dir=\"auto\">{Escape(a.Expected)}</span></p>");
            page.Append("</li>\n");
        }
        page.Append("</ol>\n");
    }

    private static void Documents(StringBuilder page, IReadOnlyList<SourceSummary> sources)
    {
        Section(page, "Documents");
        Table(page, "Documents", ["Corpus and source", "n:Documents", "n:Size", "Licence"]);
        foreach (SourceSummary s in sources)
        {
            page.Append($"<tr><th scope=\"row\" dir=\"auto\">{Escape(s.Corpus)}<br/><span class=\"soft\">{Escape(s.Source)}</span></th>");
            page.Append($"<td class=\"n\">{Count(s.Documents)}</td><td class=\"n\">{Bytes(s.Bytes)}</td>");
            page.Append($"<td>{Escape(s.Licence)}</td></tr>\n");
        }
        page.Append($"</tbody><tfoot><tr><th scope=\"row\">Together</th><td class=\"n\">{Count(sources.Sum(s => s.Documents))}</td>");
        page.Append($"<td class=\"n\">{Bytes(sources.Sum(s => s.Bytes))}</td><td></td></tr></tfoot></table></div>\n");
    }

    private static void Checkpoints(StringBuilder page, IReadOnlyList<CheckpointSummary> checkpoints)
    {
        if (checkpoints.Count == 0) return;
        Section(page, "Checkpoints");
        Table(page, "Checkpoints", ["n:Step", "SHA-256 of the full state"]);
        foreach (CheckpointSummary c in checkpoints)
        {
            page.Append($"<tr><th scope=\"row\" class=\"n\">{Count(c.Step)}</th><td><code>{Escape(c.Digest)}</code></td></tr>\n");
        }
        page.Append("</tbody></table></div>\n");
    }

    private static void Section(StringBuilder page, string title) => page.Append($"<h2>{title}</h2>\n");

    // A wide table scrolls by itself on a narrow screen; tabindex lets the keyboard scroll it too. "n:" marks a column of numbers.
    private static void Table(StringBuilder page, string name, ReadOnlySpan<string> columns)
    {
        page.Append($"<div class=\"wide\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\"><table><thead><tr>");
        foreach (string column in columns)
        {
            page.Append(column.StartsWith("n:", StringComparison.Ordinal)
                ? $"<th scope=\"col\" class=\"n\">{column[2..]}</th>"
                : $"<th scope=\"col\">{column}</th>");
        }
        page.Append("</tr></thead>\n<tbody>\n");
    }

    private static string Measured(double? value, Func<double, string> format) =>
        value is not { } v ? "–" : double.IsFinite(v) ? format(v) : "not a number";

    /// <summary>A name as a shell takes it for one word.</summary>
    private static string Quoted(string name) =>
        name.Length > 0 && name[0] != '-' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
            ? name
            : "'" + name.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
