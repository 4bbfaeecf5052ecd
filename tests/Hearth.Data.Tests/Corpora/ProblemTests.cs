using System.Text;
using Hearth.Data.Corpora;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

/// <summary>Nothing is left out without a word: each test has one good document beside what is wrong.</summary>
public sealed class ProblemTests : IDisposable
{
    private static readonly CorpusSpec s_records = TestFolder.Spec with { Records = new RecordMapping("name", "{name}", [], null) };

    private readonly TestFolder _folder = new();

    [Fact]
    public void A_document_that_is_not_utf8_is_reported_by_name()
    {
        _folder.Write("corpus/good.txt", "good");
        _folder.Write("corpus/in/bad.txt", [(byte)'a', (byte)'b', 0xE9, (byte)'c']);
        CorpusProblem problem = _folder.OneProblem();
        problem.ShouldBe(new CorpusProblem("c", "in/bad.txt", CorpusProblemKind.NotUtf8, null, "not valid UTF-8 at byte 2 (0xE9)"));
        problem.ToString().ShouldBe("c: in/bad.txt: not valid UTF-8 at byte 2 (0xE9)");
    }

    [Theory]
    [InlineData("empty.txt", "")]
    [InlineData("blank.txt", " \n\t\n")]
    [InlineData("mark.txt", "\uFEFF")]
    [InlineData("front.md", "---\ntitle: x\n---\n")]
    [InlineData("tags.html", "<p></p><script>1</script>")]
    [InlineData("none.jsonl", "\n\n")]
    [InlineData("none.json", "[]")]
    [InlineData("header.csv", "text,b\n")]
    [InlineData("field.json", "{\"text\":\" \"}")]
    public void A_document_without_words_is_reported_as_empty(string name, string text)
    {
        _folder.Write("corpus/good.txt", "good");
        _folder.Write($"corpus/{name}", text);
        CorpusProblem problem = _folder.OneProblem();
        (problem.Name, problem.Kind).ShouldBe((name, CorpusProblemKind.Empty));
    }

    [Fact]
    public void Of_documents_with_the_same_bytes_the_first_by_name_is_kept_and_the_others_are_reported()
    {
        foreach (string name in new[] { "c.txt", "a.md", "b.txt" }) _folder.Write($"corpus/{name}", "same");
        Corpus corpus = _folder.Load();
        corpus.Sources.Single().Name.ShouldBe("a.md");
        corpus.Report.Problems.Select(p => (p.Name, p.Kind)).ShouldBe(
            [("b.txt", CorpusProblemKind.Duplicate), ("c.txt", CorpusProblemKind.Duplicate)]);
        corpus.Report.Problems[0].Detail.ShouldContain("'a.md'");
    }

    [Fact]
    public void A_document_of_two_corpora_is_kept_in_the_first()
    {
        _folder.Write("one/a.txt", "same");
        _folder.Write("two/b.txt", "same");
        _folder.Write("two/c.txt", "other");
        CorpusSpec one = new("one", "one", "s", "l"), two = new("two", "two", "s", "l");
        Corpus corpus = Corpus.Load([one, two], new HeldOutSpec(0, 0), _folder.Path, 1);
        corpus.Sources.Select(s => (s.Corpus, s.Name)).ShouldBe([("one", "a.txt"), ("two", "c.txt")]);
        corpus.Report.Problems.Single().Detail.ShouldContain("'a.txt' of corpus 'one'");
    }

    [Theory]
    [InlineData("a.txt", "123456789")]
    [InlineData("a.json", "{\"text\":\"long\"}")]
    [InlineData("a.jsonl", "{\"text\":\"long\"}")]
    [InlineData("a.csv", "text\nlong\n")]
    public void A_document_over_the_bound_is_reported_and_one_at_the_bound_is_not(string name, string text)
    {
        _folder.Write("corpus/good.txt", "12345678");
        _folder.Write($"corpus/{name}", text);
        CorpusProblem problem = _folder.OneProblem(TestFolder.Spec with { MaxDocumentBytes = 8 });
        (problem.Name, problem.Kind).ShouldBe((name, CorpusProblemKind.TooLarge));
    }

    [Fact]
    public void Unreadable_lines_of_jsonl_are_reported_by_line_and_the_others_are_read()
    {
        _folder.Write("corpus/a.jsonl",
        [
            .. "{\"text\":\"one\"}\n{\"text\":\n[1]\n"u8, .. "{\"text\":\""u8, 0xFF, .. "\"}\n"u8,
            .. "{\"text\":\"\\ud800\"}\n{\"text\":\"six\"}"u8,
        ]);
        Corpus corpus = _folder.Load();
        corpus.Sources.Count.ShouldBe(2);
        corpus.Report.Problems.Select(p => (p.Line, p.Kind)).ShouldBe(
        [
            (2L, CorpusProblemKind.UnreadableJson), (3L, CorpusProblemKind.UnreadableJson), (4L, CorpusProblemKind.NotUtf8),
            (5L, CorpusProblemKind.UnreadableJson),
        ]);
        corpus.Report.Problems[1].Detail.ShouldContain("a list");
    }

    [Theory]
    [InlineData("{\n\"text\": \"a\",\n}", 3)]
    [InlineData("[{\"text\":\"a\"},\n{\"text\":\"b\"}", 2)]
    [InlineData("{\"text\":\"a\"} {}", 1)]
    [InlineData("{\"text\":\"a\",\"text\":\"b\"}", 1)]
    [InlineData("12", 1)]
    public void A_json_file_that_is_broken_is_reported_with_its_line(string json, int line)
    {
        _folder.Write("corpus/good.txt", "good");
        _folder.Write("corpus/a.json", json);
        CorpusProblem problem = _folder.OneProblem();
        (problem.Name, problem.Kind).ShouldBe(("a.json", CorpusProblemKind.UnreadableJson));
        problem.Line.GetValueOrDefault(1).ShouldBe(line);
    }

    [Fact]
    public void Rows_with_the_wrong_number_of_columns_and_broken_quotes_are_reported_by_line()
    {
        _folder.Write("corpus/t.csv", "name,note\nA,\"two\nlines\"\nB\nC,1,2\nD,\"x\"y\nE,ok\nF,\"open\nG,ok\n");
        Corpus corpus = _folder.Load(s_records);
        corpus.Sources.Select(s => s.Name).ShouldBe(["t.csv#A", "t.csv#E", "t.csv#G"]);
        corpus.Report.Problems.Select(p => (p.Line, p.Kind)).ShouldBe(
        [
            (4L, CorpusProblemKind.WrongColumnCount), (5L, CorpusProblemKind.WrongColumnCount), (6L, CorpusProblemKind.UnreadableCsv),
            (8L, CorpusProblemKind.UnreadableCsv),
        ]);
        corpus.Report.Problems[1].Detail.ShouldBe("a row of 3 columns, the header has 2");
        corpus.Statistics[0].Problems.ShouldBe([(CorpusProblemKind.UnreadableCsv, 2L), (CorpusProblemKind.WrongColumnCount, 2L)]);
        corpus.Report.Total.ShouldBe(4);
    }

    [Fact]
    public void A_header_with_a_name_twice_is_reported()
    {
        _folder.Write("corpus/a.csv", "name\nA\n");
        _folder.Write("corpus/b.csv", "name,name\nA,B\n");
        _folder.OneProblem(s_records).Kind.ShouldBe(CorpusProblemKind.UnreadableCsv);
    }

    [Fact]
    public void A_record_without_a_name_and_a_text_among_records_are_reported()
    {
        _folder.Write("corpus/a.csv", "name,n\nA,1\n ,2\n");
        _folder.Write("corpus/b.txt", "words");
        _folder.Load(s_records).Report.Problems.Select(p => (p.Name, p.Line, p.Kind)).ShouldBe(
            [("a.csv", 3L, CorpusProblemKind.NoName), ("b.txt", null, CorpusProblemKind.NotARecord)]);
    }

    [Fact]
    public void Hidden_files_and_unknown_endings_are_reported()
    {
        _folder.Write("corpus/good.txt", "good");
        _folder.Write("corpus/.hidden.txt", "hidden");
        _folder.Write("corpus/.git/config.txt", "hidden");
        _folder.Write("corpus/a.pdf", "binary");
        _folder.Load().Report.Problems.Select(p => (p.Name, p.Kind)).ShouldBe(
            [(".git", CorpusProblemKind.Hidden), (".hidden.txt", CorpusProblemKind.Hidden), ("a.pdf", CorpusProblemKind.UnknownEnding)]);
    }

    [Fact]
    public void Links_that_lead_out_or_in_circles_are_reported_and_not_followed_and_links_inside_are()
    {
        _folder.Write("secret/s.txt", "secret");
        _folder.Write("corpus/good.txt", "good");
        _folder.Write("corpus/.store/kept.txt", "kept");
        Directory.CreateSymbolicLink(_folder.At("corpus/folder"), _folder.At("secret"));
        Directory.CreateSymbolicLink(_folder.At("corpus/self"), _folder.At("corpus"));
        Directory.CreateDirectory(_folder.At("corpus/sub"));
        Directory.CreateSymbolicLink(_folder.At("corpus/sub/up"), "..");
        File.CreateSymbolicLink(_folder.At("corpus/file.txt"), "../secret/s.txt");
        File.CreateSymbolicLink(_folder.At("corpus/twice.txt"), "folder/s.txt");
        File.CreateSymbolicLink(_folder.At("corpus/nowhere.txt"), "missing.txt");
        File.CreateSymbolicLink(_folder.At("corpus/circle.txt"), "circle.txt");
        File.CreateSymbolicLink(_folder.At("corpus/kept.txt"), ".store/kept.txt");

        Corpus corpus = _folder.Load();
        corpus.Sources.Select(s => s.Name).ShouldBe(["good.txt", "kept.txt"]);
        corpus.Report.Problems.Where(p => p.Kind == CorpusProblemKind.OutsideLink).Select(p => p.Name).ShouldBe(
            ["circle.txt", "file.txt", "folder", "nowhere.txt", "twice.txt"], ignoreOrder: true);
        corpus.Report.Problems.Where(p => p.Kind == CorpusProblemKind.Duplicate).Select(p => p.Name).ShouldBe(["self", "sub/up"]);
    }

    [Fact]
    public void A_compressed_file_that_grows_without_end_or_is_damaged_is_reported_and_nothing_of_it_is_kept()
    {
        _folder.Write("corpus/good.txt", "good");
        byte[] bomb = new byte[64 << 20];
        "{\"text\":\"first\"}\n"u8.CopyTo(bomb);
        string lines = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"text\":\"line {i * i}\"}}\n"));
        byte[] whole = TestFolder.Gzip(Encoding.UTF8.GetBytes(lines));
        _folder.Write("corpus/bomb.jsonl.gz", TestFolder.Gzip(bomb));
        _folder.Write("corpus/cut.jsonl.gz", whole[..(whole.Length / 2)]);
        _folder.Write("corpus/not.jsonl.gz", "not compressed");

        Corpus corpus = _folder.Load();
        corpus.Sources.Single().Name.ShouldBe("good.txt");
        corpus.Report.Problems.Where(p => p.Kind == CorpusProblemKind.Unreadable).Select(p => p.Name).ShouldBe(
            ["bomb.jsonl.gz", "cut.jsonl.gz", "not.jsonl.gz"]);
        corpus.Report.Problems.First(p => p.Kind == CorpusProblemKind.Unreadable).Detail.ShouldContain("100 times");
    }

    [Fact]
    public void A_problems_line_holds_no_control_characters() =>
        new CorpusProblem("c", "a\u001b[2Jb", CorpusProblemKind.Empty, 3, "no\nwords").ToString().ShouldBe("c: a?[2Jb:3: no?words");

    [Fact]
    public void More_problems_than_can_be_listed_are_still_counted()
    {
        _folder.Write("corpus/a.jsonl", string.Concat(Enumerable.Repeat("no\n", 1500)) + "{\"text\":\"good\"}");
        CorpusReport report = _folder.Load().Report;
        report.Problems.Count.ShouldBe(CorpusReport.MostListed);
        report.Count(CorpusProblemKind.UnreadableJson).ShouldBe(1500);
    }

    [Fact]
    public void A_path_where_nothing_is_and_a_corpus_without_documents_are_errors()
    {
        CorpusException missing = Should.Throw<CorpusException>(() => _folder.Load());
        missing.Message.ShouldContain("corpus 'c'");
        missing.Message.ShouldContain(_folder.At("corpus"));

        Directory.CreateDirectory(_folder.At("corpus"));
        Should.Throw<CorpusException>(() => _folder.Load()).Message.ShouldContain("holds no files");

        _folder.Write("corpus/a.txt", "");
        string message = Should.Throw<CorpusException>(() => _folder.Load()).Message;
        message.ShouldContain("1 Empty");
        message.ShouldContain("a.txt");
    }

    [Fact]
    public void A_file_the_system_does_not_let_us_read_is_reported()
    {
        if (Environment.IsPrivilegedProcess) Assert.Skip("File modes do not bind this user.");
        _folder.Write("corpus/good.txt", "good");
        _folder.Write("corpus/shut.txt", "shut");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.At("corpus/shut.txt"), UnixFileMode.None);
        else Assert.Skip("File modes are not this system's.");
        _folder.OneProblem().Kind.ShouldBe(CorpusProblemKind.Unreadable);
    }

    public void Dispose() => _folder.Dispose();
}
