using System.Diagnostics;
using System.Text;
using Hearth.Numerics;
using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public class RecipeFuzzTests
{
    private static readonly string[] Pieces =
    [
        ":", ": ", "- ", "? ", "\n", "\n  ", "\t", "#", "&a ", "*a", "!", "!!int ", "!<x>", "%YAML 1.2\n", "%YAML 99999999999.1\n", "%TAG ! x\n", "---\n",
        "...\n", "[", "]", "{", "}", ",", "\"", "'", "|", ">", "|9\n", "|99999999999\n", ">-\n", "\\", "\"\\x\"", "\"\\U0011ffff\"", "\"\\ud800\"", "\0",
        "\ufeff", "\u2028", "\ud800", "\ud83d\ude00", "~", "null", "true", "<<", "1e999", "-0", "99999999999999999999", "{{", "}}", "\r", "@", "`",
    ];

    [Fact]
    public void A_damaged_recipe_is_read_or_refused_and_never_ends_otherwise()
    {
        string[] sources = [MinimalRecipe.Yaml, Recipe.Parse(MinimalRecipe.Yaml, "r").ToYaml()];
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            var chance = new Philox(round, "recipe mutations");
            long draws = 0;
            int Below(int bound) => (int)(chance.Uniform(draws++) * bound);

            var text = new StringBuilder(sources[round % sources.Length]);
            for (int change = 1 + Below(4); change > 0; change--)
            {
                int at = Below(text.Length);
                switch (Below(4))
                {
                    case 0: text.Insert(at, Pieces[Below(Pieces.Length)]); break;
                    case 1: text.Remove(at, Math.Min(text.Length - at, 1 + Below(12))); break;
                    case 2: text[at] = (char)(1 + Below(126)); break;
                    default: text.Insert(at, text.ToString(Below(text.Length / 2), Below(text.Length / 2))); break;
                }
            }
            try
            {
                Recipe recipe = Recipe.Parse(text.ToString(), "r");
                Recipe.Parse(recipe.ToYaml(), "again").ShouldBe(recipe);
            }
            catch (RecipeException e)
            {
                e.Problems.ShouldNotBeEmpty();
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"round {round}: {e.GetType().Name} for:\n{text}", e);
            }
        }
        refused.ShouldBeInRange(2000, 3999);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a:\n")]
    [InlineData("a")]
    [InlineData("- a\n")]
    [InlineData("\"")]
    [InlineData("&a ")]
    [InlineData("!a ")]
    [InlineData("[a, ")]
    [InlineData("# \n")]
    [InlineData("a: |\n ")]
    [InlineData("---\n")]
    [InlineData("%a\n")]
    [InlineData("\n")]
    public void A_megabyte_of_anything_is_refused_without_much_work(string piece)
    {
        var clock = Stopwatch.StartNew();
        string text = string.Concat(Enumerable.Repeat(piece, (1 << 20) / piece.Length));
        Should.Throw<RecipeException>(() => Recipe.Parse(text, "r")).Message.Length.ShouldBeLessThan(50_000);
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(60);
    }

    [Fact]
    public void A_key_of_half_a_megabyte_above_a_long_list_is_refused_without_much_work()
    {
        var clock = Stopwatch.StartNew();
        string text = "? " + new string('k', 1 << 19) + "\n: [" + string.Concat(Enumerable.Repeat("*a,", 150_000)) + "]\n";
        Should.Throw<RecipeException>(() => Recipe.Parse(text, "r")).Message.Length.ShouldBeLessThan(50_000);
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(60);
    }
}
