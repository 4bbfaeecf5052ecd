using Hearth.Data.Corpora;
using Hearth.Training.Forgetting;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Forgetting;

public sealed class DocumentChoiceTests : IDisposable
{
    private static readonly Material[] Documents =
    [
        Of("0123456789abcdef", "countries.csv#Chile"),
        Of("0123456789ffffff", "countries.csv#China"),
        Of("aaaaaaaaaaaaaaaa", "notes/one.txt"),
        Of("bbbbbbbbbbbbbbbb", "a.csv#Twin"),
        Of("cccccccccccccccc", "b.csv#Twin"),
    ];

    private readonly MicroRun _micro = new();

    public void Dispose() => _micro.Dispose();

    [Theory]
    [InlineData("0123456789abcdef", "countries.csv#Chile")]
    [InlineData("0123456789a", "countries.csv#Chile")]
    [InlineData("aaaaaaaa", "notes/one.txt")]
    [InlineData("countries.csv#China", "countries.csv#China")]
    [InlineData("texts/countries.csv#China", "countries.csv#China")]
    [InlineData("Chile", "countries.csv#Chile")]
    [InlineData("chile", "countries.csv#Chile")]
    [InlineData("notes/one.txt", "notes/one.txt")]
    [InlineData("/data/texts/notes/one.txt", "notes/one.txt")]
    public void A_document_is_found_by_id_name_record_or_path(string given, string name)
    {
        DocumentChoice choice = DocumentChoice.Of(given, Documents);
        choice.Problem.ShouldBeNull();
        choice.Document!.Name.ShouldBe(name);
    }

    [Theory]
    [InlineData("Twin", "2 documents")]
    [InlineData("01234567", "2 documents")]
    [InlineData("Chle", "Did you mean 'Chile'?")]
    [InlineData("0123456", "no document of this run")]
    [InlineData("", "no document of this run")]
    public void What_is_not_clear_is_told_with_what_to_give_instead(string given, string mention)
    {
        DocumentChoice choice = DocumentChoice.Of(given, Documents);
        choice.Document.ShouldBeNull();
        choice.Problem.ShouldNotBeNull().ShouldContain(mention);
    }

    [Fact]
    public void A_whole_id_or_a_file_that_is_no_document_was_never_in_the_run()
    {
        DocumentChoice.Of(new string('9', 64), Documents).ShouldBe(new DocumentChoice(null, null));
        DocumentChoice.Of(_micro.Facts, Documents).ShouldBe(new DocumentChoice(null, null));
        DocumentChoice.Of(_micro.Facts, [Of("dddddddd", "facts.csv#sky")]).Problem.ShouldNotBeNull().ShouldContain("facts.csv#sky");
    }

    [Theory]
    [InlineData("GOLD", "facts.csv#sun")]
    [InlineData("Colour of snow?", "facts.csv#snow")]
    [InlineData("plugh", "unknown.txt")]
    [InlineData("nothing such", null)]
    public void Documents_that_hold_a_text_are_found_by_it(string words, string? name)
    {
        Corpus corpus = _micro.Recipe.ReadDocuments();
        DocumentChoice.Containing(words, corpus).Select(s => s.Name).ShouldBe(name is null ? [] : [name]);
    }

    private static Material Of(string id, string name) => new(id.PadRight(64, '0'), name, "texts", "", "", 1, 1, 1, 1);
}
