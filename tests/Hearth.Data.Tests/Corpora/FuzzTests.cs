using System.Diagnostics;
using System.Text;
using Hearth.Data.Corpora;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

/// <summary>Damaged files are reported or read as what they are; nothing but a corpus's own error ever comes of them.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int Rounds = 200;

    private static readonly string[] s_pieces =
    [
        "\"", "\"\"", ",", "\n", "\r\n", "{", "}", "[", "]", ":", "\\", "\\ud800", "\\u0000", "null", "1e999", "name", "text", "<", ">",
        "</", "<!--", "&#", "---\n", " ",
    ];

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("csv", "name,text\nA,\"one, two\"\nB,\"say \"\"so\"\"\"\n")]
    [InlineData("json", "[{\"name\":\"A\",\"text\":\"one\\n\",\"in\":{\"x\":[1,2]}},{\"name\":\"B\",\"text\":\"\\u00e9\"}]")]
    [InlineData("jsonl", "{\"name\":\"A\",\"text\":\"one\"}\n{\"name\":\"B\",\"text\":\"\\u00e9\"}\n")]
    [InlineData("jsonl.gz", "{\"name\":\"A\",\"text\":\"one\"}\n{\"name\":\"B\",\"text\":\"\\u00e9\"}\n")]
    [InlineData("html", "<html><head><title>t</title></head><body><p class=\"a\">One <b>two</b></p><!-- c --><pre>x</pre></body></html>")]
    [InlineData("md", "---\ntitle: x\n---\n# Head\n\nWords\n")]
    public void Damaged_files_end_in_a_report_or_in_the_corpus_own_error(string ending, string text)
    {
        bool records = ending is not ("html" or "md");
        CorpusSpec texts = TestFolder.Spec;
        QuestionSpec question = new("text", ["{name}?"], "{text}");
        CorpusSpec mapped = texts with { Records = new RecordMapping("name", "{name}", [question], null) };
        byte[] whole = ending == "jsonl.gz" ? TestFolder.Gzip(Encoding.UTF8.GetBytes(text)) : Encoding.UTF8.GetBytes(text);
        var random = new Philox(7, "fuzz of " + ending);
        int read = 0, refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            _folder.Write($"corpus/f.{ending}", Damaged(whole, random, round));
            long start = Stopwatch.GetTimestamp();
            try
            {
                Corpus corpus = _folder.Load(records && round % 2 == 0 ? mapped : texts);
                corpus.Sources.Count.ShouldBeGreaterThan(0);
                read++;
            }
            catch (CorpusException)
            {
                refused++;
            }
            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        }
        read.ShouldBeGreaterThan(0);
        refused.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("csv", "\"")]
    [InlineData("csv", "\",")]
    [InlineData("csv", "a\"\n\"")]
    [InlineData("csv", ",")]
    [InlineData("json", "[")]
    [InlineData("json", "{\"a\":")]
    [InlineData("jsonl", "[\n")]
    [InlineData("html", "<")]
    [InlineData("html", "&")]
    [InlineData("html", "<!--")]
    [InlineData("html", "<nav><script>")]
    [InlineData("html", "<b><div><p>")]
    [InlineData("md", "---\n")]
    public void A_hundred_thousand_times_the_same_few_letters_take_seconds_at_most(string ending, string piece)
    {
        _folder.Write("corpus/good.txt", "good");
        _folder.Write($"corpus/f.{ending}", "name\n" + string.Concat(Enumerable.Repeat(piece, 100_000)));
        long start = Stopwatch.GetTimestamp();
        _folder.Load().Sources.ShouldContain(s => s.Name == "good.txt");
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    public void Dispose() => _folder.Dispose();

    // One to four changes: a byte altered, a piece of syntax put in, a stretch dropped, or the end cut off.
    private static byte[] Damaged(byte[] whole, Philox random, int round)
    {
        List<byte> bytes = [.. whole];
        for (int change = 0; change < 1 + round % 4; change++)
        {
            long index = round * 16L + change * 4;
            int at = (int)(random.Uniform(index) * bytes.Count), which = (int)(random.Uniform(index + 1) * 4);
            double amount = random.Uniform(index + 2);
            if (bytes.Count == 0 || which == 1) bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_pieces[(int)(amount * s_pieces.Length)]));
            else if (which == 0) bytes[at] = (byte)(amount * 256);
            else if (which == 2) bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + (int)(amount * 8)));
            else bytes.RemoveRange(at, bytes.Count - at);
        }
        return [.. bytes];
    }
}
