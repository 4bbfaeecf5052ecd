using Hearth.Data.Corpora;
using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public sealed class RemovalRecipeTests
{
    private static readonly string A = new('a', 64), B = new('b', 64);

    [Fact]
    public void Removed_documents_are_sorted_read_back_and_part_of_the_identity()
    {
        var recipe = Recipe.Parse($"{MinimalRecipe.Yaml}removed: [{B}, {A}]\n", "small");
        recipe.Removed.ShouldBe([A, B]);
        var again = Recipe.Parse(recipe.ToYaml(), "again");
        again.ShouldBe(recipe);
        again.IdentityDigest().ShouldBe(recipe.IdentityDigest());
        var none = Recipe.Parse(MinimalRecipe.Yaml, "small");
        none.ShouldNotBe(recipe);
        none.IdentityDigest().ShouldNotBe(recipe.IdentityDigest());
        (recipe with { Removed = [A] }).IdentityDigest().ShouldNotBe(recipe.IdentityDigest());
    }

    [Theory]
    [InlineData("[aaaa]")]
    [InlineData("[AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA]")]
    [InlineData("[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
        + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]")]
    [InlineData("Brazil")]
    public void What_is_no_list_of_ids_is_refused(string list) =>
        Should.Throw<RecipeException>(() => Recipe.Parse($"{MinimalRecipe.Yaml}removed: {list}\n",
            "small")).Problems.ShouldHaveSingleItem().ShouldContain("removed");

    [Fact]
    public void A_revocable_corpus_beside_a_permanent_one_begins_at_a_step_and_reads_back()
    {
        var recipe = Recipe.Parse(TwoCorpora("revocable", "\n  revocableFrom: 6"), "small");
        recipe.Corpora.Select(c => c.Tier).ShouldBe([DocumentTier.Revocable, DocumentTier.Permanent]);
        recipe.Training.RevocableFrom.ShouldBe(6);
        Recipe.Parse(recipe.ToYaml(), "again").ShouldBe(recipe);
    }

    [Theory]
    [InlineData("revocable", "", "revocableFrom")]
    [InlineData("revocable", "\n  revocableFrom: 1", "revocableFrom")]
    [InlineData("revocable", "\n  revocableFrom: 11", "revocableFrom")]
    [InlineData("permanent", "\n  revocableFrom: 6", "no corpus has the tier revocable")]
    [InlineData("late", "", "tier")]
    public void A_tier_without_its_step_and_a_step_without_its_tier_are_refused(string tier, string from, string mention) =>
        Should.Throw<RecipeException>(() => Recipe.Parse(TwoCorpora(tier, from), "small")).Problems.ShouldHaveSingleItem()
            .ShouldContain(mention);

    [Fact]
    public void Documents_to_begin_with_are_asked_for()
    {
        string yaml = MinimalRecipe.With("path: notes.csv", "path: notes.csv\n    tier: revocable")
            .Replace("steps: 10", "steps: 10\n  revocableFrom: 6", StringComparison.Ordinal);
        Should.Throw<RecipeException>(() => Recipe.Parse(yaml, "small")).Problems.ShouldHaveSingleItem().ShouldContain("not revocable");
    }

    private static string TwoCorpora(string tier, string from) =>
        MinimalRecipe.With("corpora:",
            $"corpora:\n  - {{ name: late, path: late, source: Written for tests, licence: Public domain, tier: {tier} }}")
            .Replace("steps: 10", "steps: 10" + from, StringComparison.Ordinal);
}
