using FsCheck;
using FsCheck.Fluent;
using Hearth.Data.Corpora;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

public sealed class HeldOutTests : IDisposable
{
    private const int Rows = 24;

    private static readonly CorpusSpec s_records = new CorpusSpec("records", "records", "a test", "none")
    {
        Records = new RecordMapping(
            "name", "{name}: {a}, {b}",
            [
                new QuestionSpec("a", ["a of {name}?", "{name}, a?", "What a has {name}?", "Its a, {name}'s?"], "{name} a {a}"),
                new QuestionSpec("b", ["b of {name}?", "{name}, b?", "b of {the}?"], "{name} b {b}"),
            ],
            new UnknownSpec("unknown.txt", "No {name}.", 3, 3)),
    };

    private static readonly CorpusSpec s_texts = new("texts", "texts", "a test", "none");
    private static readonly HeldOutSpec s_heldOut = new(PhrasingsPerFact: 1, DocumentsEvery: 3);

    private readonly TestFolder _folder = new();

    [Fact]
    public void Taking_documents_out_by_id_or_by_deleting_them_changes_no_other_documents_part()
    {
        Write(_ => true);
        Corpus whole = Load();
        string[] ids = [.. whole.Sources.Where(s => s.Kind != SourceKind.Names).Select(s => s.Id)];
        ids.Length.ShouldBe(2 * Rows);

        Prop.ForAll(Gen.Elements(false, true).ArrayOf(ids.Length).ToArbitrary(), keep =>
        {
            if (!keep.Contains(true)) return;
            HashSet<string> gone = [.. ids.Where((_, i) => !keep[i])];
            Corpus byId = Load(gone);

            byId.Derived.ShouldBe(whole.Derived.Where(d => !gone.Contains(d.From)));
            byId.HeldOut.Facts.ShouldBe(whole.HeldOut.Facts.Where(f => !gone.Contains(f.From)));
            byId.HeldOut.Documents.ShouldBe(whole.HeldOut.Documents.Where(d => !gone.Contains(d.From)));
            byId.HeldOut.Refusals.ShouldBe(whole.HeldOut.Refusals);

            HashSet<string> names = [.. whole.Sources.Where(s => gone.Contains(s.Id)).Select(s => s.Name)];
            if (byId.Statistics.Any(s => s.Documents == 0)) return;
            Write(name => !names.Contains(name));
            Corpus deleted = Load();
            Write(_ => true);
            deleted.Derived.ShouldBe(byId.Derived);
            deleted.HeldOut.Facts.ShouldBe(byId.HeldOut.Facts);
            deleted.HeldOut.Documents.ShouldBe(byId.HeldOut.Documents);
            deleted.HeldOut.Refusals.ShouldBe(byId.HeldOut.Refusals);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25).WithReplay(20261123, 5));
    }

    [Fact]
    public void Taking_one_name_off_the_list_changes_no_other_names_part()
    {
        Write(_ => true);
        Corpus whole = Load();
        string[] names = [.. File.ReadAllLines(_folder.At("unknown.txt"))];
        foreach (int gone in new[] { 0, 7, names.Length - 1 })
        {
            File.WriteAllLines(_folder.At("unknown.txt"), names.Where((_, i) => i != gone));
            Corpus without = Load();
            without.HeldOut.Refusals.Select(r => (r.Name, r.Question)).ShouldBe(
                whole.HeldOut.Refusals.Where(r => r.Name != names[gone]).Select(r => (r.Name, r.Question)));
            Refusals(without).ShouldBe(Refusals(whole).Where(r => r.Name != "unknown.txt#" + names[gone]));
        }

        static IEnumerable<(string Name, string Question)> Refusals(Corpus c) =>
            c.Derived.Where(d => d.Name.StartsWith("unknown.txt#", StringComparison.Ordinal)).Select(d => (d.Name, d.Question));
    }

    [Fact]
    public void What_is_held_out_is_never_trained_on_even_when_two_phrasings_come_to_the_same_words()
    {
        Write(_ => true);
        for (int kept = 0; kept <= 5; kept++)
        {
            Corpus corpus = Load(heldOut: s_heldOut with { PhrasingsPerFact = kept });
            HashSet<string> trained = [.. corpus.Derived.Select(d => d.Question).Concat(corpus.Derived.Select(d => d.Id))];
            corpus.HeldOut.Facts.ShouldAllBe(f => !trained.Contains(f.Question));
            corpus.HeldOut.Refusals.ShouldAllBe(f => !trained.Contains(f.Question));
            corpus.HeldOut.Documents.ShouldAllBe(d => !trained.Contains(d.Id));

            // {the} is {name} in every record: field b has two phrasings, not three, and at least one is always trained on.
            corpus.HeldOut.Facts.Count(f => f.Field == "a").ShouldBe(Rows * Math.Min(kept, 3));
            corpus.HeldOut.Facts.Count(f => f.Field == "b").ShouldBe(Rows * Math.Min(kept, 1));
            corpus.Derived.Count(d => d.Answer.Contains(" b ", StringComparison.Ordinal)).ShouldBe(Rows * (2 - Math.Min(kept, 1)));
        }
    }

    [Fact]
    public void The_same_files_give_the_same_corpus_and_another_seed_another_choice()
    {
        Write(_ => true);
        Corpus one = Load(), again = Load(), other = Load(seed: 2);
        again.Derived.ShouldBe(one.Derived);
        again.HeldOut.Facts.ShouldBe(one.HeldOut.Facts);
        again.HeldOut.Documents.ShouldBe(one.HeldOut.Documents);
        again.Sources.Select(s => s.Id).ShouldBe(one.Sources.Select(s => s.Id));
        other.HeldOut.Facts.ShouldNotBe(one.HeldOut.Facts);
        other.Sources.Select(s => s.Id).ShouldBe(one.Sources.Select(s => s.Id));

        // Written down, so that a change of the way choices are drawn does not go unseen: it would change every run.
        one.HeldOut.Documents.Select(d => d.Name).ShouldBe(
            [
                "t0.txt", "t10.txt", "t11.txt", "t12.txt", "t17.txt", "t19.txt", "t2.txt",
                "t20.txt", "t21.txt", "t4.txt", "t6.txt", "t8.txt",
            ]);
    }

    [Fact]
    public void Statistics_count_what_there_is()
    {
        Write(_ => true);
        Corpus corpus = Load();
        foreach (CorpusStatistics s in corpus.Statistics)
        {
            SourceDocument[] sources = [.. corpus.Sources.Where(d => d.Corpus == s.Corpus && d.Kind != SourceKind.Names)];
            (s.Documents, s.Bytes).ShouldBe((sources.Length, sources.Sum(d => d.Length)));
            DerivedDocument[] derived = [.. corpus.Derived.Where(d => d.Corpus == s.Corpus)];
            s.Plain.ShouldBe(derived.Count(d => d.Kind == DerivedKind.Plain));
            s.Refusals.ShouldBe(derived.Count(d => d.Answer.StartsWith("No ", StringComparison.Ordinal)));
            s.Answers.ShouldBe(derived.Length - s.Plain - s.Refusals);
            s.HeldOutFacts.ShouldBe(corpus.HeldOut.Facts.Count(f => f.Corpus == s.Corpus));
            s.HeldOutRefusals.ShouldBe(corpus.HeldOut.Refusals.Count(f => f.Corpus == s.Corpus));
            s.HeldOutDocuments.ShouldBe(corpus.HeldOut.Documents.Count(f => f.Corpus == s.Corpus));
        }
        corpus.Statistics.Sum(s => s.Plain + s.Answers + s.Refusals).ShouldBe(corpus.Derived.Count);
        corpus.Statistics[0].HeldOutRefusals.ShouldBeGreaterThan(0);
        corpus.Statistics[1].HeldOutDocuments.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_corpus_may_be_taken_out_whole_but_something_must_be_left_to_train_on()
    {
        Write(_ => true);
        Corpus whole = Load();
        Load([.. whole.Sources.Where(s => s.Corpus == "texts").Select(s => s.Id)]).Statistics[1].Documents.ShouldBe(0);
        Should.Throw<CorpusException>(() => Load([.. whole.Sources.Select(s => s.Id)])).Message.ShouldContain("nothing is left");
        Should.Throw<CorpusException>(() => _folder.Load(s_texts, new HeldOutSpec(0, 1))).Message.ShouldContain("held out");
    }

    public void Dispose() => _folder.Dispose();

    private Corpus Load(HashSet<string>? removed = null, HeldOutSpec? heldOut = null, long seed = 1) =>
        Corpus.Load([s_records, s_texts], heldOut ?? s_heldOut, _folder.Path, seed, removed);

    // Rows in two CSV files and one text a file; all that the caller's choice keeps.
    private void Write(Func<string, bool> keep)
    {
        foreach (string file in new[] { "r.csv", "s.csv" })
        {
            var lines = new List<string> { "name,the,a,b" };
            for (int i = file == "r.csv" ? 0 : Rows / 2; i < (file == "r.csv" ? Rows / 2 : Rows); i++)
            {
                if (keep($"{file}#N{i}")) lines.Add($"N{i},N{i},{i % 5},{i % 7}");
            }
            _folder.Write($"records/{file}", string.Join('\n', lines));
        }
        if (Directory.Exists(_folder.At("texts"))) Directory.Delete(_folder.At("texts"), recursive: true);
        for (int i = 0; i < Rows; i++)
        {
            string name = $"t{i}.txt";
            if (keep(name)) _folder.Write($"texts/{name}", $"Text number {name}.");
        }
        _folder.Write("unknown.txt", string.Join('\n', Enumerable.Range(0, 20).Select(i => $"U{i}")) + "\n");
    }
}
