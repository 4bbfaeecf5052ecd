using Hearth.Data.Corpora;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

public sealed class RealCorporaTests
{
    [Fact]
    public void Of_a_hundred_speeches_the_five_that_are_not_utf8_are_reported_and_the_rest_are_read()
    {
        Corpus speeches = Load("data/corpora/speeches", new HeldOutSpec(0, 10));

        speeches.Report.Problems.Count.ShouldBe(5, string.Join('\n', speeches.Report.Problems));
        speeches.Report.Count(CorpusProblemKind.NotUtf8).ShouldBe(5);
        speeches.Report.Problems.Select(p => p.Name).ShouldBe(
        [
            "state_union/1954-Eisenhower.txt", "state_union/1970-Nixon.txt", "state_union/1971-Nixon.txt", "state_union/1972-Nixon.txt",
            "state_union/1974-Nixon.txt",
        ]);
        speeches.Sources.Count.ShouldBe(95);
        (speeches.Derived.Count + speeches.HeldOut.Documents.Count).ShouldBe(95);
        speeches.HeldOut.Documents.Count.ShouldBeInRange(3, 20);
        speeches.Sources.Select(s => s.Name).ShouldBe(speeches.Sources.Select(s => s.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_book_of_the_classics_is_lost()
    {
        Corpus classics = Load("data/corpora/classics", new HeldOutSpec(0, 0));

        classics.Report.Problems.ShouldBeEmpty();
        string[] files = Directory.GetFiles(SharedData.At("data/corpora/classics"), "*", SearchOption.AllDirectories);
        classics.Sources.Count.ShouldBe(files.Length);
        classics.Statistics[0].Bytes.ShouldBeGreaterThan(6_000_000);
    }

    [Fact]
    public void A_book_of_more_than_a_million_bytes_is_within_the_bound() =>
        Load("data/corpora/founding", new HeldOutSpec(0, 0)).Sources.Max(s => s.Length).ShouldBeGreaterThan(1 << 20);

    private static Corpus Load(string folder, HeldOutSpec heldOut) =>
        Corpus.Load([new CorpusSpec("texts", SharedData.At(folder), "see SOURCES.md", "Public domain")], heldOut, "/", seed: 1);
}
