using System.Text;
using Hearth.Data.Corpora;
using static Hearth.Training.Papers.PaperText;

namespace Hearth.Training.Papers;

/// <summary>
/// The public summary of training content, under the headings of the template that the European Commission's AI Office gives for Article
/// 53(1)(d) of Regulation (EU) 2024/1689 (Explanatory Notice and Template of 24 July 2025). What the run knows is filled in; what the
/// recipe does not state is said to be not stated.
/// </summary>
public static class ContentSummary
{
    private const long BillionBytes = 1_000_000_000;
    private const string NotStated = "*not stated*";

    /// <summary>The summary as Markdown.</summary>
    /// <param name="facts">The model.</param>
    public static string Write(ModelFacts facts)
    {
        var page = new StringBuilder();
        page.Append($"""
            # Public summary of training content

            *For the model {Plain(facts.VersionedName)}, after the template for Article 53(1)(d) of Regulation (EU) 2024/1689 (AI Act).
            Hearth wrote it from the run's own record; what only a person can know comes from the recipe's `card` and `origin`.*

            Version of the summary: weights `{facts.Version}`{(ModelFacts.Timestamp is { } time ? $", written {time}" : "")}

            ## 1. General information

            ### 1.1. Provider identification

            - Provider name: {Or(facts.Recipe.Card.Provider)}
            - Contact details: {Or(facts.Recipe.Card.Contact)}

            ### 1.2. Model identification

            - Versioned model name: {Plain(facts.VersionedName)} (SHA-256 of the weights: `{facts.Weights}`)
            - Model dependencies: none; training began from random weights
            - Date of placement on the market: {Or(facts.Recipe.Card.Released)}


            """);
        Overall(page, facts);
        page.Append("## 2. List of data sources\n\n");
        foreach ((string heading, OriginKind kind) in Sections) Section(page, facts, heading, kind);
        Other(page, facts);
        Processing(page, facts);
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static readonly (string Heading, OriginKind Kind)[] Sections =
    [
        ("### 2.1. Publicly available datasets", OriginKind.PublicDataset),
        ("### 2.2. Private non-publicly available datasets obtained from third parties\n\n" +
            "#### 2.2.1. Datasets commercially licensed by rightsholders or their representatives", OriginKind.Licensed),
        ("#### 2.2.2. Private datasets obtained from other third parties", OriginKind.ThirdParty),
        ("### 2.3. Data crawled and scraped from online sources", OriginKind.Crawled),
        ("### 2.4. User data", OriginKind.UserData),
        ("### 2.5. Synthetic data", OriginKind.Synthetic),
    ];

    private static void Overall(StringBuilder page, ModelFacts facts)
    {
        long texts = facts.Corpora.Sum(c => c.Texts), bytes = facts.Corpora.Sum(c => c.TextBytes);
        string tokens = bytes < BillionBytes ? "less than 1 billion tokens: " : "";               // a token is at least a byte
        string size = $"{tokens}{Count(texts, "text")} of {Count(bytes, "byte")} together, "
            + $"from {Count(facts.Corpora.Sum(c => c.Documents), "document")} of {Count(facts.Corpora.Sum(c => c.Bytes), "byte")}; "
            + $"{Count(facts.Tokens, "token")} seen in {Count(facts.Last.Step, "step")}, repetitions counted";
        string latest = facts.Corpora.All(c => c.Spec.Origin.CollectedTo.Length > 0)
            ? $"{facts.Corpora.Select(c => c.Spec.Origin.CollectedTo).Max(StringComparer.Ordinal)}; not trained on anything newer"
            : NotStated;
        page.Append($"""
            ### 1.3. Modalities, overall training data size and other characteristics

            | Modality | Training data size | Types of content |
            |---|---|---|
            | Text | {size} | {Types(facts)} |

            - Latest date of data acquisition or collection: {latest}
            - Linguistic characteristics: {Languages(facts)}
            - Other characteristics: `provenance/materials.json` lists every document with SHA-256, source, licence and steps


            """);
    }

    private static string Types(ModelFacts facts)
    {
        var types = new List<string>();
        Add(facts.Corpora.Sum(c => c.Statistics.Plain), "plain text");
        Add(facts.Corpora.Sum(c => c.Statistics.Answers), "question with its answer", "questions with their answers");
        long refusals = facts.Corpora.Sum(c => c.Statistics.Refusals);
        Add(refusals, "question about an invented name, refused", "questions about invented names, refused");
        return Row(types);

        void Add(long count, string one, string? many = null)
        {
            if (count > 0) types.Add($"{Count(count)} {(count == 1 ? one : many ?? one + "s")}");
        }
    }

    private static string Languages(ModelFacts facts)
    {
        string stated = facts.Languages.Count > 0 ? $"{Row(facts.Languages)}, by ISO 639 code" : NotStated;
        string[] silent = [.. facts.Corpora.Where(c => c.Spec.Origin.Languages.Count == 0).Select(c => Plain(c.Spec.Name))];
        return facts.Languages.Count > 0 && silent.Length > 0 ? $"{stated}; not stated for {Row(silent)}" : stated;
    }

    private static void Section(StringBuilder page, ModelFacts facts, string heading, OriginKind kind)
    {
        CorpusFacts[] corpora = [.. facts.Corpora.Where(c => c.Spec.Origin.Kind == kind)];
        page.Append($"{heading}\n\n");
        if (corpora.Length > 0)
        {
            page.Append("Yes.\n\n");
            foreach (CorpusFacts c in corpora) Source(page, c);
        }
        else
        {
            page.Append(facts.Corpora.All(c => c.Spec.Origin.Kind != OriginKind.NotStated)
                ? "No.\n\n"
                : "Not stated: the recipe names no corpus of this kind, and leaves the kind of some open (see 2.6).\n\n");
        }
        if (kind == OriginKind.Synthetic && facts.Corpora.Any(c => c.Statistics.Answers + c.Statistics.Refusals > 0))
        {
            page.Append("Questions and answers are made from the documents by the templates in `provenance/recipe.yaml`, not by a model.\n\n");
        }
    }

    private static void Source(StringBuilder page, CorpusFacts c)
    {
        CorpusOrigin origin = c.Spec.Origin;
        page.Append($"- **{Plain(c.Spec.Name)}**: {Plain(c.Spec.Source)}\n");
        if (origin.Url.Length > 0) page.Append($"  - Link: <{origin.Url}>\n");
        string names = c.Statistics.Refusals > 0 ? ", a list of invented names among them" : "";
        page.Append($"  - Modality: text; {Count(c.Documents, "document")} of {Count(c.Bytes, "byte")}{names}; ");
        page.Append($"{Count(c.Texts, "text")} made from them\n");
        page.Append($"  - Licence: {Plain(c.Licence.Name)}\n");
        page.Append($"  - Period of collection: {Period(origin)}\n");
        if (origin.Kind == OriginKind.Crawled)
        {
            string domains = origin.Domains.Count > 0 ? string.Join(", ", origin.Domains) : NotStated;
            page.Append($"  - Domain names crawled, those with the most content first: {domains}\n");
            page.Append($"  - Crawler, its purpose and behaviour: {Or(origin.About)}\n\n");
            return;
        }
        page.Append(origin.About.Length > 0 ? $"  - More: {Plain(origin.About)}\n\n" : "\n");
    }

    private static void Other(StringBuilder page, ModelFacts facts)
    {
        page.Append("### 2.6. Other sources of data\n\n");
        CorpusFacts[] own = [.. facts.Corpora.Where(c => c.Spec.Origin.Kind == OriginKind.Own)];
        CorpusFacts[] open = [.. facts.Corpora.Where(c => c.Spec.Origin.Kind == OriginKind.NotStated)];
        if (own.Length + open.Length == 0) page.Append("No.\n\n");
        if (own.Length > 0) page.Append("The provider's own documents:\n\n");
        foreach (CorpusFacts c in own) Source(page, c);
        if (open.Length > 0) page.Append("Documents whose kind the recipe does not state (`origin.kind`):\n\n");
        foreach (CorpusFacts c in open) Source(page, c);
    }

    private static void Processing(StringBuilder page, ModelFacts facts)
    {
        page.Append($"""
            ## 3. Data processing aspects

            ### 3.1. Respect of reservation of rights from text and data mining exception or limitation

            {Or(facts.Recipe.Card.RightsReservation)}

            ### 3.2. Removal of illegal content

            {Or(facts.Recipe.Card.IllegalContent)}

            ### 3.3. Other information

            | Corpus | Documents | seen in training | passed over | taken out | left out | kept from training to measure by |
            |---|--:|--:|--:|--:|---|---|

            """);
        foreach (CorpusFacts c in facts.Corpora)
        {
            CorpusStatistics s = c.Statistics;
            page.Append($"| {Plain(c.Spec.Name)} | {Count(c.Documents)} | {Count(c.Seen)} | {Count(s.PassedOver)} | {Count(s.Removed)} ");
            page.Append($"| {LeftOut(s)} | {HeldOut(s)} |\n");
        }
        page.Append("\nPassed over: records that the recipe's `where` does not keep. Taken out: removed by their ids. Anyone with recipe and\n" +
            "documents can train the same bytes again and compare: `hearth reproduce`.\n");
    }

    private static string LeftOut(CorpusStatistics s) =>
        s.Problems.Count == 0 ? "none" : string.Join(", ", s.Problems.Select(p => $"{Count(p.Count)} ({Reason(p.Kind)})"));

    private static string HeldOut(CorpusStatistics s)
    {
        var kept = new List<string>();
        if (s.HeldOutDocuments > 0) kept.Add(Count(s.HeldOutDocuments, "document"));
        if (s.HeldOutFacts > 0) kept.Add($"{Count(s.HeldOutFacts, "phrasing")} of facts");
        if (s.HeldOutRefusals > 0) kept.Add($"{Count(s.HeldOutRefusals, "question")} about invented names");
        return kept.Count == 0 ? "none" : Row(kept);
    }
}
