using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public sealed class RecipeFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-recipes-").FullName;

    public RecipeFileTests()
    {
        foreach (string name in new[] { "second", "first" })
        {
            Directory.CreateDirectory(Path.Combine(_folder, name));
            File.WriteAllText(Path.Combine(_folder, name, "recipe.yaml"), "\ufeff" + MinimalRecipe.Yaml);
        }
        Directory.CreateDirectory(Path.Combine(_folder, "empty"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_recipe_is_found_by_its_file_and_by_its_folder()
    {
        Recipe byFile = Recipe.Load(Path.Combine(_folder, "first", "recipe.yaml"));
        Recipe byFolder = Recipe.Load(Path.Combine(_folder, "first"));
        byFolder.ShouldBe(byFile);
        byFile.Folder.ShouldBe(Path.Combine(_folder, "first"));
        byFolder.Folder.ShouldBe(Path.Combine(_folder, "first"));
    }

    [Theory]
    [InlineData("frist")]
    [InlineData("frist/recipe.yaml")]
    public void A_missing_recipe_is_answered_with_those_beside_it_and_the_nearest(string wanted)
    {
        string path = Path.Combine(_folder, wanted);
        Should.Throw<RecipeException>(() => Recipe.Load(path)).Message.ShouldBe(
            $"{path}: found no recipe, expected a recipe.yaml or a folder that holds one. Recipes in {_folder}: first, second");
    }

    [Fact]
    public void The_nearest_name_is_proposed() =>
        Should.Throw<RecipeException>(() => Recipe.Load(Path.Combine(_folder, "secnd"))).Message
            .ShouldEndWith(": first, second (did you mean 'second'?)");

    [Theory]
    [InlineData("empty")]
    [InlineData("")]
    public void A_folder_without_a_recipe_is_answered_with_those_around_it(string wanted) =>
        Should.Throw<RecipeException>(() => Recipe.Load(Path.Combine(_folder, wanted))).Message
            .ShouldContain($"Recipes in {_folder}: first, second");

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_path_that_can_not_be_is_no_recipe(string path) =>
        Should.Throw<RecipeException>(() => Recipe.Load(path)).Message.ShouldContain("found no recipe");

    [Fact]
    public void A_file_over_the_bound_is_refused_unread()
    {
        string file = Path.Combine(_folder, "large.yaml");
        File.WriteAllText(file, MinimalRecipe.Yaml + new string('#', 1 << 20));
        Should.Throw<RecipeException>(() => Recipe.Load(file)).Message.ShouldBe(
            $"{file}: found more than 1,048,576 bytes, expected a recipe, which is smaller.");
        Should.Throw<RecipeException>(() => Recipe.Parse(new string('#', (1 << 20) + 1), "text")).Message
            .ShouldStartWith("text: found more than");
    }

    [Fact]
    public void A_file_that_is_not_utf8_is_refused()
    {
        string file = Path.Combine(_folder, "latin.yaml");
        File.WriteAllBytes(file, [.. "about: caf"u8, 0xE9, (byte)'\n']);
        Should.Throw<RecipeException>(() => Recipe.Load(file)).Message.ShouldBe(
            $"{file}: found bytes that are not UTF-8, at byte 10. Save the recipe as UTF-8.");
    }
}
