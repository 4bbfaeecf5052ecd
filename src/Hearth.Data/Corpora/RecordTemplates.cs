using Hearth.Models;

namespace Hearth.Data.Corpora;

/// <summary>A record mapping with its templates read and every field they name found.</summary>
internal sealed class RecordTemplates
{
    /// <summary>One fact's templates.</summary>
    /// <param name="Field">The field asked about.</param>
    /// <param name="Ask">The phrasings, each with its text, by which it is drawn.</param>
    /// <param name="Answer">The answer.</param>
    internal sealed record Question(string Field, IReadOnlyList<(string Text, Template Template)> Ask, Template Answer);

    private readonly CorpusSpec _spec;
    private readonly IReadOnlyList<string> _fields;

    /// <summary>Reads the templates of a corpus whose records have the given fields.</summary>
    /// <exception cref="CorpusException">A template is broken or names a field that no record has.</exception>
    public RecordTemplates(CorpusSpec spec, RecordMapping mapping, IReadOnlyList<string> fields)
    {
        (_spec, _fields) = (spec, fields);
        Require(mapping.NameField, "'name' of the records");
        Document = mapping.Document is null
            ? [] : [.. mapping.Document.TrimEnd('\n').Split('\n').Select(line => Read(line, "the document's template"))];
        Questions = [.. mapping.Questions.Select(Read)];
        var twice = Questions.SelectMany(q => q.Ask.Select(a => (a.Text, q.Field))).GroupBy(a => a.Text, StringComparer.Ordinal)
            .FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
        {
            throw new CorpusException(spec.Name, $"the question \"{twice.Key}\" is asked twice, about " +
                $"{string.Join(" and ", twice.Select(a => $"'{a.Field}'"))}. " +
                "Take one out: kept in one place, it would be trained on in the other.");
        }
        if (mapping.Unknown is { } unknown)
        {
            Refusal = Template.Parse(unknown.Answer, out string? problem)
                ?? throw new CorpusException(spec.Name, $"the answer about unknown names, \"{unknown.Answer}\", has {problem}.");
            if (Refusal.Fields.FirstOrDefault(f => f != mapping.NameField && f != "name") is { } field)
            {
                throw new CorpusException(spec.Name, $"the answer about unknown names, \"{unknown.Answer}\", names the field '{field}', " +
                    $"but of an unknown name nothing is known except '{mapping.NameField}'.");
            }
        }
    }

    /// <summary>The lines of the document; none when there is no document.</summary>
    public IReadOnlyList<Template> Document { get; }

    /// <summary>The facts.</summary>
    public IReadOnlyList<Question> Questions { get; }

    /// <summary>The answer about an unknown name; null when there are none.</summary>
    public Template? Refusal { get; }

    private Question Read(QuestionSpec question)
    {
        Require(question.Field, "'field' of a question");
        return new Question(
            question.Field,
            [.. question.Ask.Select(ask => (ask, Read(ask, $"a question about '{question.Field}'")))],
            Read(question.Answer, $"the answer about '{question.Field}'"));
    }

    private Template Read(string text, string what)
    {
        Template template = Template.Parse(text, out string? problem)
            ?? throw new CorpusException(_spec.Name, $"{what}, \"{text}\", has {problem}. Write {{{{ and }}}} for braces themselves.");
        foreach (string field in template.Fields) Require(field, $"{what}, \"{text}\",");
        return template;
    }

    private void Require(string field, string what)
    {
        if (_fields.Contains(field, StringComparer.Ordinal)) return;
        throw new CorpusException(_spec.Name, $"{what} names the field '{field}', which no record has." +
            $"{NearestName.Hint(field, _fields)} The fields are: {CorpusReader.Listed(_fields)}.");
    }
}
