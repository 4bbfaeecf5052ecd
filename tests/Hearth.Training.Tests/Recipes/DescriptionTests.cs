using Hearth.Data.Corpora;
using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

/// <summary>The keys that only the papers are made from.</summary>
public sealed class DescriptionTests
{
    private const string Origin = """
            origin:
              kind: crawled
              url: https://example.org/notes
              languages: [en, pt-BR]
              collectedFrom: 2024
              collectedTo: 2025-06-30
              domains: [example.org, bücher.example]
              about: "Once a week."

        """;

    private const string Card = """
        card:
          provider: "An archive"
          contact: papers@example.org
          licence: CC-BY-4.0
          released: 2026-03
          intendedUse: >
            Colours,
            and nothing else.
          limitations: Few.
          rightsReservation: Asked.
          illegalContent: Read.

        """;

    private static string Described => MinimalRecipe.With("\ntraining:", "\n" + Origin + "training:") + Card;

    [Fact]
    public void Every_key_is_read_and_written_so_that_it_reads_back()
    {
        Recipe recipe = Recipe.Parse(Described, "r");
        recipe.Card.ShouldBe(new CardSpec(
            "An archive", "papers@example.org", "CC-BY-4.0", "2026-03", "Colours, and nothing else.", "Few.", "Asked.", "Read."));
        recipe.Corpora[0].Origin.ShouldBe(new CorpusOrigin(
            OriginKind.Crawled, "https://example.org/notes", ["en", "pt-BR"], "2024", "2025-06-30", ["example.org", "bücher.example"],
            "Once a week."));
        Recipe again = Recipe.Parse(recipe.ToYaml(), "again");
        again.ShouldBe(recipe);
        again.ToYaml().ShouldBe(recipe.ToYaml());
    }

    [Fact]
    public void A_recipe_without_them_is_written_without_them()
    {
        Recipe recipe = Recipe.Parse(MinimalRecipe.Yaml, "r");
        (recipe.Card, recipe.Corpora[0].Origin).ShouldBe((CardSpec.None, CorpusOrigin.None));
        recipe.ToYaml().ShouldNotContain("card");
        recipe.ToYaml().ShouldNotContain("origin");
        Recipe.Parse(MinimalRecipe.Yaml + "card: {}\n", "r").ShouldBe(recipe);
    }

    [Fact]
    public void They_count_in_equality_and_not_in_the_identity()
    {
        Recipe bare = Recipe.Parse(MinimalRecipe.Yaml, "r"), described = Recipe.Parse(Described, "r");
        described.ShouldNotBe(bare);
        described.IdentityDigest().ShouldBe(bare.IdentityDigest());
        (bare with { Card = described.Card }).ShouldNotBe(bare);
        bare.DescribedAs(described).ShouldBe(described);
        described.DescribedAs(bare).ShouldBe(bare);
        Recipe renamed = bare with { Corpora = [bare.Corpora[0] with { Name = "other" }] };
        renamed.DescribedAs(described).Corpora[0].ShouldBe(renamed.Corpora[0]);
    }

    [Theory]
    [InlineData("kind: crawled", "kind: crawld",
        "22:13: corpora[0].origin.kind: found 'crawld', expected one of "
        + "public-dataset, licensed, third-party, crawled, user-data, synthetic, "
        + "own (did you mean 'crawled'?)")]
    [InlineData("kind: crawled", "kind: own",
        "27:16: corpora[0].origin.domains: found a list of 2, expected no such key: it is for kind crawled")]
    [InlineData("https://example.org/notes", "example.org",
        "23:12: corpora[0].origin.url: found 'example.org', expected an address that begins with https:// or http://")]
    [InlineData("https://example.org/notes", "javascript:alert(1)",
        "23:12: corpora[0].origin.url: found 'javascript:alert(1)', expected an address that begins with https:// or http://")]
    [InlineData("[en, pt-BR]", "[en, English]",
        "24:23: corpora[0].origin.languages[1]: found 'English', expected a language code such as en or pt-BR")]
    [InlineData("collectedFrom: 2024", "collectedFrom: 2024-13",
        "25:22: corpora[0].origin.collectedFrom: found '2024-13', expected a date such as 2026, 2026-01 or 2026-01-31")]
    [InlineData("collectedTo: 2025-06-30", "collectedTo: 2023-12",
        "26:20: corpora[0].origin.collectedTo: found '2023-12', expected no date before 2024")]
    [InlineData("bücher.example", "no domain",
        "27:30: corpora[0].origin.domains[1]: found 'no domain', expected a domain name such as example.org")]
    [InlineData("  released: 2026-03", "  released: soon",
        "38:13: card.released: found 'soon', expected a date such as 2026, 2026-01 or 2026-01-31")]
    [InlineData("  licence: CC-BY-4.0", "  license: CC-BY-4.0",
        "37:3: card.license: found an unknown key, expected one of provider, contact, licence, released, intendedUse, limitations, "
        + "rightsReservation, illegalContent (did you mean 'licence'?)")]
    public void A_mistake_is_told_with_its_place_and_the_nearest_name(string passage, string replacement, string problem)
    {
        Described.ShouldContain(passage);
        string yaml = Described.Replace(passage, replacement, StringComparison.Ordinal);
        Should.Throw<RecipeException>(() => Recipe.Parse(yaml, "r")).Problems.ShouldBe(["r:" + problem]);
    }
}
