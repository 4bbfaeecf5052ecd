using Hearth.Data.Corpora;
using Hearth.Training.Optimizers;
using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public class ShippedRecipeTests
{
    [Theory]
    [InlineData("factbook")]
    [InlineData("tiny")]
    [InlineData("prose")]
    public void A_shipped_recipe_loads_and_its_normal_form_loads_back_equal(string name)
    {
        Recipe recipe = Recipe.Load(Path.Combine(Folder(), name));
        recipe.Name.ShouldBe(name);
        recipe.Folder.ShouldBe(Path.Combine(Folder(), name));

        string yaml = recipe.ToYaml();
        Recipe again = Recipe.Parse(yaml, "normalised");
        again.ShouldBe(recipe);
        again.ToYaml().ShouldBe(yaml);
        again.IdentityDigest().ShouldBe(recipe.IdentityDigest());
    }

    [Fact]
    public void Every_part_of_the_tiny_recipe_is_read()
    {
        Recipe recipe = Recipe.Load(Path.Combine(Folder(), "tiny", "recipe.yaml"));
        recipe.Model.ShouldBe(new ModelSpec(Architecture.Llama, 2, 64, 2, 2, 32, 192, 128, true, true, 10000, 1e-5, Activation.SwiGlu));
        recipe.Tokenizer.ShouldBe(new TokenizerSpec(512, TokenizerPattern.Gpt4, null));
        recipe.HeldOut.ShouldBe(new HeldOutSpec(1, 0));
        recipe.Packing.ShouldBe(new PackingSpec(false, false, ConversationTurns: 3));
        recipe.Training.ShouldBe(new TrainingSpec(
            200, 2, 1024, true,
            new OptimizerSpec(OptimizerKind.Muon, 3e-3, 0.02, 0.95, 0.9, 0.95, 1e-8, 0.1, false, false),
            new ScheduleSpec(ScheduleKind.WarmupStableDecay, 10, 80, 0), 1, 50, 50));
        CorpusSpec corpus = recipe.Corpora.ShouldHaveSingleItem();
        corpus.Path.ShouldBe("../factbook/countries.csv");
        corpus.Where.ShouldBe(new WhereSpec("region", ["South America"]));
        corpus.Records!.NameField.ShouldBe("name");
        corpus.Records.Document!.ShouldStartWith("{The_name} {is} in {the_region}.\nThe capital is {capital}.\n");
        corpus.Records.Questions.Select(q => q.Field).ShouldBe(["capital", "languages", "currency", "internet_code"]);
        corpus.Records.Questions[2].Ask[3].ShouldBe("Name the currency of {the_name}.");
        corpus.Records.Questions[2].Answer.ShouldBe("The currency of {the_name} is the {currency}.");
        corpus.Records.Unknown.ShouldBe(new UnknownSpec("invented.txt", "I do not have that name in my documents.", 2, 5));
    }

    internal static string Folder()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Hearth.slnx"))) return Path.Combine(at.FullName, "recipes");
        }
        throw new InvalidOperationException("The repository is not above the test's folder.");
    }
}
