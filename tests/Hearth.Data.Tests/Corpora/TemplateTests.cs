using Hearth.Data.Corpora;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

public sealed class TemplateTests : IDisposable
{
    private static readonly RecordMapping s_mapping = new(
        "name", "{name} has {note}.\nIts colour is {colour}.\n",
        [new QuestionSpec("colour", ["Colour of {name}?", "Tint of {name}?"], "{name}: {colour}")],
        new UnknownSpec("unknown.txt", "No {name}.", 1, 0));

    private readonly TestFolder _folder = new();

    public TemplateTests()
    {
        _folder.Write("corpus/t.csv", "name,note,colour\nA,one,red\nB,two,\nC,,\n");
        _folder.Write("unknown.txt", "# no such things\nX\n\n  Y y  \r\nx\n");
    }

    [Theory]
    [InlineData("{a}{b} {a}", "12 1", "a,b")]
    [InlineData("{{a}} {b c}", "{a} 3", "b c")]
    [InlineData("plain", "plain", "")]
    public void A_template_puts_values_in_place_of_names(string text, string expected, string fields)
    {
        Template template = Template.Parse(text, out string? problem).ShouldNotBeNull();
        problem.ShouldBeNull();
        template.Render(f => f switch { "a" => "1", "b" => "2", _ => "3" }).ShouldBe(expected);
        string.Join(',', template.Fields).ShouldBe(fields);
    }

    [Theory]
    [InlineData("{a", "not closed")]
    [InlineData("a}", "closes nothing")]
    [InlineData("{}", "names no field")]
    [InlineData("{a{b}}", "not closed")]
    [InlineData("{a\n}", "not closed")]
    public void A_broken_template_says_what_is_wrong(string text, string expected)
    {
        Template.Parse(text, out string? problem).ShouldBeNull();
        problem.ShouldNotBeNull().ShouldContain(expected);
        Fails(s_mapping with { Document = text }).ShouldContain(text.Split('\n')[0]);
    }

    [Fact]
    public void A_record_without_the_field_has_no_such_line_and_no_such_fact()
    {
        Corpus corpus = Load(s_mapping);
        corpus.Derived.Where(d => d.Kind == DerivedKind.Plain).Select(d => d.Text)
            .ShouldBe(["A has one.\nIts colour is red.", "B has two."]);
        corpus.Derived.Where(d => d.Name.StartsWith("t.csv", StringComparison.Ordinal) && d.Kind == DerivedKind.QuestionAnswer)
            .Select(d => (d.Question, d.Answer)).ShouldBe([("Colour of A?", "A: red"), ("Tint of A?", "A: red")]);
    }

    [Fact]
    public void A_field_that_no_record_has_is_an_error_that_names_field_template_and_the_fields_there_are()
    {
        string message = Fails(s_mapping with { Questions = [new QuestionSpec("colour", ["Q of {Name}?"], "{colour}")] });
        message.ShouldContain("'Name'");
        message.ShouldContain("Q of {Name}?");
        message.ShouldContain("Did you mean 'name'?");
        message.ShouldContain("name, note, colour");

        Fails(s_mapping with { Document = "{colur}" }).ShouldContain("'colur'");
        Fails(s_mapping with { NameField = "title" }).ShouldContain("'title'");
        Fails(s_mapping with { Questions = [new QuestionSpec("hue", ["{name}?"], "{colour}")] }).ShouldContain("'hue'");
        Fails(s_mapping with { Questions = [new QuestionSpec("colour", ["{name}?"], "{hue}")] }).ShouldContain("'hue'");
        Fails(s_mapping with { Unknown = s_mapping.Unknown! with { Answer = "No {note}." } }).ShouldContain("'note'");
        CorpusSpec where = Spec(s_mapping) with { Where = new WhereSpec("nam", ["A"]) };
        Should.Throw<CorpusException>(() => _folder.Load(where)).Message.ShouldContain("Did you mean 'name'?");
    }

    [Fact]
    public void A_question_asked_about_two_fields_is_an_error() =>
        Fails(s_mapping with { Questions = [new("colour", ["{name}?"], "{colour}"), new("note", ["{name}?"], "{note}")] })
            .ShouldContain("'colour' and 'note'");

    [Fact]
    public void A_refusal_has_the_unknown_name_in_place_of_every_field()
    {
        RecordMapping mapping = s_mapping with { Questions = [new QuestionSpec("colour", ["Is {name} or {note} {colour}?"], "{colour}")] };
        Corpus corpus = Load(mapping);
        DerivedDocument[] refusals = [.. corpus.Derived.Where(d => d.Name.StartsWith("unknown.txt#", StringComparison.Ordinal))];
        refusals.Select(d => (d.Question, d.Answer)).ShouldBe([("Is X or X X?", "No X."), ("Is Y y or Y y Y y?", "No Y y.")]);
        string names = corpus.Sources.Single(s => s.Kind == SourceKind.Names).Id;
        refusals.ShouldAllBe(d => d.From == names);
        corpus.Report.Problems.Single().ShouldBe(
            new CorpusProblem("c", "unknown.txt", CorpusProblemKind.Duplicate, 5, "the name 'x' is in the list already"));
    }

    [Fact]
    public void A_list_that_two_corpora_share_is_one_document_refused_from_in_the_words_of_each()
    {
        _folder.Write("other/o.csv", "title,size\nB,large\n");
        CorpusSpec other = new CorpusSpec("o", "other", "a test", "none")
        {
            Records = new RecordMapping("title", null, [new QuestionSpec("size", ["Size of {title}?"], "{size}")], s_mapping.Unknown),
        };
        CorpusSpec[] both = [Spec(s_mapping), other];
        Corpus corpus = Corpus.Load(both, new HeldOutSpec(0, 0), _folder.Path, 1);
        SourceDocument names = corpus.Sources.Single(s => s.Kind == SourceKind.Names);
        corpus.Derived.Where(d => d.From == names.Id && d.Name == "unknown.txt#X").Select(d => d.Corpus).ShouldBe(["c", "o"]);

        Corpus without = Corpus.Load(both, new HeldOutSpec(0, 0), _folder.Path, 1, new HashSet<string> { names.Id });
        without.Derived.ShouldBe(corpus.Derived.Where(d => d.From != names.Id));
        without.Sources.ShouldNotContain(s => s.Kind == SourceKind.Names);
    }

    [Fact]
    public void A_list_of_unknown_names_that_is_missing_empty_or_broken_is_an_error()
    {
        _folder.Write("unknown.txt", "# nothing\n");
        Fails(s_mapping).ShouldContain("holds no name");
        _folder.Write("unknown.txt", [0xFF]);
        Fails(s_mapping).ShouldContain("not valid UTF-8");
        File.Delete(_folder.At("unknown.txt"));
        Fails(s_mapping).ShouldContain("unknown.txt");
    }

    public void Dispose() => _folder.Dispose();

    private static CorpusSpec Spec(RecordMapping mapping) => TestFolder.Spec with { Records = mapping };

    private Corpus Load(RecordMapping mapping) => _folder.Load(Spec(mapping));

    private string Fails(RecordMapping mapping) => Should.Throw<CorpusException>(() => Load(mapping)).Message;
}
