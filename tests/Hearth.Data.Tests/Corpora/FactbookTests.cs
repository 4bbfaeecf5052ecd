using Hearth.Data.Corpora;
using Shouldly;
using Xunit;

namespace Hearth.Data.Tests.Corpora;

public sealed class FactbookTests
{
    private static readonly Corpus s_factbook = Corpus.Load([Factbook.Spec], Factbook.HeldOut, Factbook.Folder, seed: 1);

    [Fact]
    public void Every_row_of_the_factbook_is_a_document_and_the_list_of_names_is_one_more()
    {
        s_factbook.Report.Problems.ShouldBeEmpty();
        s_factbook.Sources.Count(s => s.Kind == SourceKind.Record).ShouldBe(191);
        s_factbook.Sources.Count(s => s.Kind == SourceKind.Names).ShouldBe(1);
        s_factbook.Sources.Select(s => s.Id).Distinct().Count().ShouldBe(192);
        s_factbook.Sources[0].Name.ShouldBe("countries.csv#Afghanistan");
        s_factbook.Statistics.ShouldHaveSingleItem().Plain.ShouldBe(191);
    }

    [Fact]
    public void A_countrys_document_is_the_template_with_its_fields()
    {
        string samoa = s_factbook.Derived.Single(d => d.Kind == DerivedKind.Plain && d.Name == "countries.csv#American Samoa").Text;

        samoa.ShouldStartWith("American Samoa is in Oceania.\nThe capital is Pago Pago.\n");
        samoa.ShouldNotContain("borders", customMessage: "it has no neighbours, so that line is left out");
        samoa.ShouldEndWith("The internet code is .as.");
    }

    [Fact]
    public void One_phrasing_of_each_fact_is_held_out_and_other_facts_are_asked_in_it()
    {
        CorpusStatistics statistics = s_factbook.Statistics[0];
        statistics.Answers.ShouldBe(7 * statistics.HeldOutFacts, "of eight phrasings one is kept");
        s_factbook.HeldOut.Facts.Select(f => (f.From, f.Field)).Distinct().Count().ShouldBe(s_factbook.HeldOut.Facts.Count);

        HashSet<string> trained = [.. s_factbook.Derived.Select(d => d.Question)];
        s_factbook.HeldOut.Facts.Where(f => trained.Contains(f.Question)).ShouldBeEmpty();

        // For each held-out question, its words with another country's name in place of its own.
        var records = s_factbook.Sources.Where(s => s.Fields is not null).ToDictionary(s => s.Id, s => s.Fields!);
        foreach (QuestionSpec question in Factbook.Spec.Records!.Questions)
        {
            foreach (Template ask in question.Ask.Select(a => Template.Parse(a, out _)!))
            {
                int held = s_factbook.HeldOut.Facts
                    .Count(f => f.Field == question.Field && f.Question == ask.Render(x => records[f.From][x]));
                int asked = records.Values.Count(r => trained.Contains(ask.Render(x => r[x])));
                if (held > 0) asked.ShouldBeGreaterThan(80, $"{question.Field}: {held} held out");
            }
        }
    }

    [Fact]
    public void Invented_names_are_refused_in_four_phrasings_and_about_one_in_five_is_held_out()
    {
        Corpus c = s_factbook;
        var trained = c.Derived.Where(d => d.Name.StartsWith("invented.txt#", StringComparison.Ordinal)).ToLookup(d => d.Name[13..]);
        var held = c.HeldOut.Refusals.ToLookup(r => r.Name);
        int names = File.ReadLines(Path.Combine(Factbook.Folder, "invented.txt")).Count(l => l.Length > 0 && l[0] != '#');

        (trained.Count + held.Count).ShouldBe(names);
        trained.Select(g => g.Key).Intersect(held.Select(g => g.Key)).ShouldBeEmpty();
        trained.ShouldAllBe(g => g.Count() == 4);
        held.ShouldAllBe(g => g.Count() == 4);
        ((double)held.Count / names).ShouldBeInRange(0.17, 0.23);
        trained["Waara"].Concat(trained["Omark"]).ShouldAllBe(d => d.Answer == "I do not have Waara in my documents." ||
            d.Answer == "I do not have Omark in my documents.");
        c.Statistics[0].Refusals.ShouldBe(4 * trained.Count);
        c.Sources.Single(s => s.Kind == SourceKind.Names).Id.ShouldBe(trained.First().First().From);
    }

    [Fact]
    public void A_country_taken_out_may_be_listed_as_unknown_but_one_in_use_may_not()
    {
        using var folder = new TestFolder();
        File.Copy(Path.Combine(Factbook.Folder, "countries.csv"), folder.At("countries.csv"));
        folder.Write("invented.txt", "Waara\nfrance\nPERU\n");
        CorpusException clash = Should.Throw<CorpusException>(() => Corpus.Load([Factbook.Spec], Factbook.HeldOut, folder.Path, 1));
        clash.Message.ShouldContain("france, PERU");

        IEnumerable<SourceDocument> both = s_factbook.Sources.Where(s => s.Name is "countries.csv#France" or "countries.csv#Peru");
        HashSet<string> taken = [.. both.Select(s => s.Id)];
        Corpus without = Corpus.Load([Factbook.Spec], Factbook.HeldOut, folder.Path, 1, taken);
        without.Statistics[0].Documents.ShouldBe(189);
        without.Statistics[0].Removed.ShouldBe(2);
        (without.Derived.Count(d => d.Answer.StartsWith("I do not have france", StringComparison.Ordinal)) +
            without.HeldOut.Refusals.Count(r => r.Name == "france")).ShouldBe(4);

        CorpusSpec africaOnly = Factbook.Spec with { Where = new WhereSpec("region", ["Africa"]) };
        Corpus.Load([africaOnly], Factbook.HeldOut, folder.Path, 1).Statistics[0].PassedOver.ShouldBeGreaterThan(100);
    }
}
