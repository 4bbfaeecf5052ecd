using System.Text;
using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

public sealed class ReadingTests : IDisposable
{
    private static readonly CorpusSpec s_records = TestFolder.Spec with { Records = new RecordMapping("name", "{name}: {note}", [], null) };

    private readonly TestFolder _folder = new();

    [Fact]
    public void A_text_has_no_byte_order_mark_and_plain_line_ends_but_its_id_is_of_the_raw_bytes()
    {
        byte[] raw = [0xEF, 0xBB, 0xBF, .. "one\r\ntwo\rthree\n"u8];
        _folder.Write("corpus/a.txt", raw);

        SourceDocument document = _folder.Load().Sources.Single();
        document.Text.ShouldBe("one\ntwo\nthree\n");
        document.Id.ShouldBe(Digest.Of(raw));
        document.Length.ShouldBe(raw.Length);
        _folder.Load().Derived.Single().Text.ShouldBe("one\ntwo\nthree\n");
    }

    [Theory]
    [InlineData("---\ntitle: x\n---\n\n# Head\nbody\n", "# Head\nbody\n")]
    [InlineData("---\r\ntitle: x\r\n...\r\nbody\r\n", "body\n")]
    [InlineData("+++\ntitle = 'x'\n+++\nbody", "body")]
    [InlineData("---\n\nA rule, then words.\n\n---\n", "---\n\nA rule, then words.\n\n---\n")]
    [InlineData("---\nnever closed\n", "---\nnever closed\n")]
    [InlineData("+++\nmismatched\n---\nbody", "+++\nmismatched\n---\nbody")]
    [InlineData("Words\n---\nmore\n---\n", "Words\n---\nmore\n---\n")]
    public void Markdown_loses_its_front_matter_and_nothing_else(string markdown, string expected)
    {
        _folder.Write("corpus/a.md", markdown);
        _folder.Load().Sources.Single().Text.ShouldBe(expected);
    }

    [Theory]
    [InlineData("<p>One  <b>two</b>\nthree</p><p>Four</p>", "One two three\n\nFour")]
    [InlineData("<!doctype html><html><head><title>T</title><style>p{}</style></head><nav><a>Home</a></nav><h1>H</h1>Words", "H\n\nWords")]
    [InlineData("<script>if (a < b) document.write('<p>no</p>')</script>yes", "yes")]
    [InlineData("<ul><li>a</li><li>b &amp; c&nbsp;d</li></ul>end", "a\nb & c d\n\nend")]
    [InlineData("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3")]
    [InlineData("a<br>b<br><br>c", "a\nb\n\nc")]
    [InlineData("<pre>x\n  y</pre>", "x\n  y")]
    [InlineData("before<svg/>after<svg><text>no</text></svg>!", "beforeafter!")]
    [InlineData("<nav>a<nav>b</nav>c</nav>d", "d")]
    public void Html_becomes_its_words_with_blocks_apart(string html, string expected)
    {
        _folder.Write("corpus/a.html", html);
        _folder.Load().Sources.Single().Text.ShouldBe(expected);
    }

    [Fact]
    public void Csv_has_quoted_commas_quotes_and_line_ends_and_each_row_is_a_document()
    {
        _folder.Write("corpus/t.csv", "name,note\r\nB,\"one, \"\"two\"\"\r\nthree\"\r\n\r\nA,plain \"quote\"\r\n");
        Corpus corpus = _folder.Load(s_records);

        corpus.Report.Problems.ShouldBeEmpty();
        corpus.Sources.Select(s => s.Name).ShouldBe(["t.csv#A", "t.csv#B"]);
        corpus.Sources[1].Fields!["note"].ShouldBe("one, \"two\"\nthree");
        corpus.Sources[1].Id.ShouldBe(Digest.Of("{\"name\":\"B\",\"note\":\"one, \\\"two\\\"\\nthree\"}"));
        corpus.Derived[0].Text.ShouldBe("A: plain \"quote\"");
        corpus.Derived[0].From.ShouldBe(corpus.Sources[0].Id);
    }

    [Fact]
    public void Two_fields_whose_names_differ_in_a_letters_case_are_two_fields()
    {
        _folder.Write("corpus/t.csv", "name,Name\nlower,Upper\n");
        CorpusSpec spec = TestFolder.Spec with { Records = new RecordMapping("name", "{Name} {name}", [], null) };
        _folder.Load(spec).Derived.Single().Text.ShouldBe("Upper lower");
    }

    [Fact]
    public void A_json_object_is_one_document_with_the_files_id_and_a_list_is_many_with_their_own()
    {
        _folder.Write("corpus/list.json", "[{\"name\":\"A\",\"note\":1}, {\"name\": \"B\", \"note\": [\"x\", true]}]");
        _folder.Write("corpus/one.json", "{\"name\":\"C\",\"note\":null,\"in\":{\"ner\":\"deep\"}}\n");
        Corpus corpus = _folder.Load(s_records with { Records = s_records.Records! with { Document = "{name}: {note}\n{in.ner}" } });

        corpus.Sources.Select(s => s.Name).ShouldBe(["list.json#A", "list.json#B", "one.json"]);
        corpus.Sources[1].Id.ShouldBe(Digest.Of("{\"name\": \"B\", \"note\": [\"x\", true]}"));
        corpus.Sources[2].Id.ShouldBe(Digest.OfFile(_folder.At("corpus/one.json")));
        corpus.Derived.Select(d => d.Text).ShouldBe(["A: 1", "B: x, true", "deep"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_line_of_jsonl_is_a_document_compressed_or_not(bool compressed)
    {
        byte[] lines = [0xEF, 0xBB, 0xBF, .. "{\"text\":\"one\\r\\n1\"}\r\n\n  {\"text\":\"two\"}\n{\"body\":\"three\"}"u8];
        if (compressed) _folder.Write("corpus/a.jsonl.gz", TestFolder.Gzip(lines));
        else _folder.Write("corpus/a.jsonl", lines);
        Corpus corpus = _folder.Load();

        corpus.Sources.Select(s => s.Text).Order(StringComparer.Ordinal).ShouldBe(["one\n1", "two"]);
        string id = Digest.Of("{\"text\":\"two\"}");
        corpus.Sources.Single(s => s.Id == id).Name.ShouldBe($"a.jsonl{(compressed ? ".gz" : "")}#{id[..12]}");
        CorpusProblem problem = corpus.Report.Problems.Single();
        problem.Kind.ShouldBe(CorpusProblemKind.NoText);
        problem.Line.ShouldBe(4);
        problem.Detail.ShouldContain("'text'");
        problem.Detail.ShouldContain("body");
    }

    [Fact]
    public void Documents_come_in_ordinal_order_of_name_with_slashes_between_folders()
    {
        foreach (string name in new[] { "b.txt", "B.txt", "a/z.txt", "a.txt", "ä.txt", "a/b/c.txt" }) _folder.Write($"corpus/{name}", name);
        _folder.Load().Sources.Select(s => s.Name).ShouldBe(["B.txt", "a.txt", "a/b/c.txt", "a/z.txt", "b.txt", "ä.txt"]);
    }

    [Fact]
    public void Include_reads_what_it_names_and_a_stated_format_needs_no_ending()
    {
        _folder.Write("corpus/a.log", "log");
        _folder.Write("corpus/deep/b.log", "deep log");
        _folder.Write("corpus/c.txt", "text");
        CorpusSpec spec = TestFolder.Spec with { Format = CorpusFormat.Text, Include = ["*.log"] };
        Corpus corpus = _folder.Load(spec);

        corpus.Sources.Select(s => s.Name).ShouldBe(["a.log", "deep/b.log"]);
        corpus.Report.Problems.ShouldBeEmpty();
        _folder.Load(spec with { Path = "corpus/a.log", Include = [] }).Sources.Single().Name.ShouldBe("a.log");
    }

    [Fact]
    public void Source_and_licence_stand_on_every_document()
    {
        _folder.Write("corpus/a.txt", "words");
        SourceDocument document = _folder.Load(TestFolder.Spec with { Source = "an archive", Licence = "CC0-1.0" }).Sources.Single();
        (document.Source, document.Licence, document.Corpus).ShouldBe(("an archive", "CC0-1.0", "c"));
        Encoding.UTF8.GetByteCount(document.Text!).ShouldBe((int)document.Length);
    }

    public void Dispose() => _folder.Dispose();
}
