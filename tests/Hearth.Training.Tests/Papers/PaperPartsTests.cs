using System.Text.Json;
using Hearth.Training.Papers;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Papers;

public sealed class PaperPartsTests
{
    // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilsons_interval_is_the_published_one(int hits, int trials, double lower, double upper)
    {
        WilsonInterval interval = WilsonInterval.Of(hits, trials);
        interval.Lower.ShouldBe(lower, 5e-5);
        interval.Upper.ShouldBe(upper, 5e-5);
        WilsonInterval mirrored = WilsonInterval.Of(trials - hits, trials);
        mirrored.Lower.ShouldBe(1 - upper, 5e-5);
        mirrored.Upper.ShouldBe(1 - lower, 5e-5);
    }

    [Fact]
    public void Wilsons_interval_holds_the_share_and_stays_within_0_and_1()
    {
        for (int trials = 1; trials < 60; trials++)
        {
            for (int hits = 0; hits <= trials; hits++)
            {
                WilsonInterval interval = WilsonInterval.Of(hits, trials);
                interval.Lower.ShouldBeInRange(0, hits / (double)trials);
                interval.Upper.ShouldBeInRange(hits / (double)trials, 1);
            }
        }
        Should.Throw<ArgumentOutOfRangeException>(() => WilsonInterval.Of(0, 0));
    }

    [Fact]
    public void A_saved_share_gives_back_the_count_it_came_from()
    {
        for (int of = 1; of < 400; of++)
        {
            for (int right = 0; right <= of; right++)
            {
                var saved = new SavedScore("", of, right / (double)of, of, right / (double)of, []);
                (saved.FactsRight, saved.NamesRefused).ShouldBe((right, right));
            }
        }
    }

    [Theory]
    [InlineData("Apache-2.0", "Apache-2.0", "apache-2.0", true)]
    [InlineData("apache 2.0", "Apache-2.0", "apache-2.0", true)]
    [InlineData("Apache License, Version 2.0", "Apache-2.0", "apache-2.0", true)]
    [InlineData("CC BY 4.0", "CC-BY-4.0", "cc-by-4.0", true)]
    [InlineData("CC0", "CC0-1.0", "cc0-1.0", true)]
    [InlineData("CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0", false)]
    [InlineData("ODbL 1.0", "ODbL-1.0", "odbl", true)]
    [InlineData("Public domain", null, "other", true)]
    [InlineData("As stated by whoever trains", null, "other", false)]
    [InlineData("MIT-0", "MIT-0", "other", true)]
    [InlineData("", null, "unknown", false)]
    public void A_licence_is_known_by_the_usual_ways_to_write_it(string stated, string? spdx, string huggingFace, bool open)
    {
        Licence licence = Licence.Of(stated);
        (licence.Spdx, licence.HuggingFace, licence.IsOpen).ShouldBe((spdx, huggingFace, open));
        licence.Name.ShouldBe(spdx ?? (stated.Length > 0 ? stated : "not stated"));
    }

    [Fact]
    public void Every_identifier_is_in_the_SPDX_licence_list()
    {
        using JsonDocument list = JsonDocument.Parse(File.ReadAllBytes(SharedData.At("conformance/bom/spdx.schema.json")));
        string[] known = [.. list.RootElement.GetProperty("enum").EnumerateArray().Select(e => e.GetString()!)];
        Licence.Identifiers.Count.ShouldBeGreaterThan(30);
        Licence.Identifiers.Except(known).ShouldBeEmpty();
        foreach (string id in Licence.Identifiers) Licence.Of(id).Spdx.ShouldBe(id);
    }

    [Theory]
    [InlineData("plain words, 1.5 of them", "plain words, 1.5 of them")]
    [InlineData("# no heading", @"\# no heading")]
    [InlineData("- no list | no cell", @"\- no list \| no cell")]
    [InlineData("<b>*x*_y_`z`[a](b)&amp;", @"\<b\>\*x\*\_y\_\`z\`\[a\](b)\&amp;")]
    [InlineData("two\nlines", "two lines")]
    public void Words_from_outside_are_shown_as_they_are(string text, string markdown) => PaperText.Plain(text).ShouldBe(markdown);
}
