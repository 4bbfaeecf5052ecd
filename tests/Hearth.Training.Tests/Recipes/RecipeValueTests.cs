using FsCheck;
using FsCheck.Fluent;
using Hearth.Data.Corpora;
using Hearth.Training.Optimizers;
using Hearth.Training.Recipes;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Recipes;

public class RecipeValueTests
{
    [Fact]
    public void Keys_that_are_absent_have_the_defaults_the_schema_states()
    {
        Recipe recipe = Recipe.Parse(MinimalRecipe.Yaml, "small");
        recipe.About.ShouldBe("");
        recipe.Seed.ShouldBe(1);
        recipe.Folder.ShouldBe(".");
        recipe.Model.ShouldBe(new ModelSpec(Architecture.Llama, 2, 64, 4, 4, 16, 96, 32, false, true, 10000, 1e-5, Activation.SwiGlu));
        recipe.Tokenizer.ShouldBe(new TokenizerSpec(300, TokenizerPattern.Gpt4, null));
        recipe.HeldOut.ShouldBe(new HeldOutSpec(1, 20));
        recipe.Packing.ShouldBe(new PackingSpec(false, false, ConversationTurns: 1));
        recipe.Training.ShouldBe(new TrainingSpec(
            10, 1, 64, false, new OptimizerSpec(OptimizerKind.AdamW, 0.001, 0.02, 0.95, 0.9, 0.95, 1e-8, 0.1, false, false),
            new ScheduleSpec(ScheduleKind.Cosine, 0, 0, 0.1), 1, 100, 100));
        CorpusSpec corpus = recipe.Corpora.ShouldHaveSingleItem();
        corpus.Records!.Unknown.ShouldBeNull();
        corpus.Records.Document.ShouldBeNull();
        (corpus with { Records = null }).ShouldBe(new CorpusSpec("notes", "notes.csv", "Written for tests", "Public domain"));
    }

    [Fact]
    public void Gpt2_has_its_own_activation_and_a_tokenizer_file_replaces_its_settings()
    {
        string yaml = MinimalRecipe.With("layers: 2", "layers: 2\n  architecture: gpt2")
            .Replace("vocabularySize: 300", "file: other/tokenizer.json", StringComparison.Ordinal);
        Recipe recipe = Recipe.Parse(yaml, "small");
        recipe.Model.Activation.ShouldBe(Activation.Gelu);
        recipe.Tokenizer.ShouldBe(new TokenizerSpec(0, TokenizerPattern.Gpt4, "other/tokenizer.json"));
        Recipe.Parse(recipe.ToYaml(), "again").ShouldBe(recipe);
    }

    [Fact]
    public void Any_text_and_number_a_recipe_can_hold_is_written_so_that_it_reads_back()
    {
        Recipe recipe = Recipe.Parse(MinimalRecipe.Yaml, "small");
        Gen<string> texts = Gen.OneOf(
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(t => t.Get),
            Gen.Elements(
                    "a", " ", "\n", "\t", "\r", "{{", "}}", "\"", "\\", "'", ":", "#", "-", "é", "\u0085", "\u2028",
                    "\ufeff", "\ud83d\ude00", "|", "\0").ListOf().Select(string.Concat));
        Gen<(string Text, string Line, double Number)> values =
            from text in texts
            from line in texts
            from number in ArbMap.Default.GeneratorFor<NormalFloat>()
            select (text, line, Math.Abs(number.Get));
        Prop.ForAll(values.ToArbitrary(), v =>
        {
            string line = string.Concat(v.Line.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)));
            string text = string.Concat(v.Text.EnumerateRunes().Select(r => r.ToString()));
            if (Template.Parse(text, out _) is null || text.Length == 0)
                text = "{title}\n" + string.Concat(text.Where(c => c is not ('{' or '}')));
            RecordMapping records = recipe.Corpora[0].Records! with { Document = text };
            Recipe given = recipe with
            {
                About = line,
                Corpora = [recipe.Corpora[0] with { Records = records, Include = [line + "*"], Where = new WhereSpec("f", [line]) }],
                Model = recipe.Model with { RopeTheta = Math.Clamp(v.Number, 1, 1e12) },
                Training = recipe.Training with { ClipNorm = Math.Min(v.Number, 1e6) },
            };
            Recipe.Parse(given.ToYaml(), "again").ShouldBe(given);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void The_identity_leaves_out_where_things_are_and_nothing_else()
    {
        const string Unknown = "\n      unknown: { path: invented.txt }\n";
        string yaml = MinimalRecipe.With("\ntraining:", Unknown + "training:");
        string digest = Recipe.Parse(yaml, "a").IdentityDigest();
        digest.Length.ShouldBe(64);

        Recipe moved = Recipe.Parse(yaml.Replace("notes.csv", "/elsewhere/n.csv", StringComparison.Ordinal)
            .Replace("invented.txt", "../i.txt", StringComparison.Ordinal), "b") with { Folder = "/elsewhere" };
        moved.IdentityDigest().ShouldBe(digest);
        moved.ShouldNotBe(Recipe.Parse(yaml, "a"));

        foreach ((string from, string to) in new[]
        {
            ("steps: 10", "steps: 11"), ("name: notes", "name: note"), ("Public domain", "CC0"), ("Colour of", "Shade of"),
            ("vocabularySize: 300", "file: t.json"), ("invented.txt", "invented.txt, heldOutEvery: 3"), ("name: small", "name: smaller"),
        })
        {
            yaml.ShouldContain(from);
            Recipe.Parse(yaml.Replace(from, to, StringComparison.Ordinal), "c").IdentityDigest().ShouldNotBe(digest, $"{from} -> {to}");
        }

        string file = yaml.Replace("vocabularySize: 300", "file: t.json", StringComparison.Ordinal);
        Recipe.Parse(file.Replace("t.json", "u.json", StringComparison.Ordinal), "d").IdentityDigest()
            .ShouldBe(Recipe.Parse(file, "d").IdentityDigest());
    }

    [Fact]
    public void The_folder_is_no_part_of_equality()
    {
        Recipe recipe = Recipe.Parse(MinimalRecipe.Yaml, "small");
        Recipe elsewhere = recipe with { Folder = "elsewhere" };
        elsewhere.ShouldBe(recipe);
        elsewhere.GetHashCode().ShouldBe(recipe.GetHashCode());
        (recipe with { Seed = 2 }).ShouldNotBe(recipe);
    }

    [Fact]
    public void A_corpus_can_be_given_another_path_by_its_name()
    {
        Recipe recipe = Recipe.Parse(MinimalRecipe.Yaml, "small");
        Recipe other = recipe.WithCorpusPaths(new Dictionary<string, string>(StringComparer.Ordinal) { ["notes"] = "/data/n.csv" });
        other.Corpora[0].ShouldBe(recipe.Corpora[0] with { Path = "/data/n.csv" });
        other.IdentityDigest().ShouldBe(recipe.IdentityDigest());

        var wrong = new Dictionary<string, string>(StringComparer.Ordinal) { ["zebra"] = "z", ["note"] = "n" };
        Should.Throw<RecipeException>(() => recipe.WithCorpusPaths(wrong)).Problems.ShouldBe(
        [
            "recipe 'small': found a path for the corpus 'note', expected one of notes (did you mean 'notes'?)",
            "recipe 'small': found a path for the corpus 'zebra', expected one of notes",
        ]);
    }
}
