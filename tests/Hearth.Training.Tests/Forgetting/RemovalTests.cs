using Hearth.Data.Corpora;
using Hearth.Models.Formats;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Hearth.Training.Tests.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Forgetting;

public sealed class RemovalTests
{
    private static readonly string[] Few = ["sky,blue", "grass,green", "sun,gold", "snow,white", "coal,black"];

    [Fact]
    public void Without_any_one_document_the_bytes_are_those_of_a_run_that_never_had_it()
    {
        using var forgotten = new Forgotten(Few);
        string[] before = [.. MicroRun.Proof(forgotten.Run)];
        foreach (string thing in Few.Select(r => r.Split(',')[0]))
        {
            (RemovalPlan plan, RunFolder run) = forgotten.Forget(forgotten.Parent, Forgotten.Document(forgotten.Parent, thing));
            Forgotten.Course(run).ShouldBe(Forgotten.Course(forgotten.TrainWithout(thing)), thing);
            plan.FirstUse.ShouldBeGreaterThanOrEqualTo(plan.FirstDifference);
        }
        MicroRun.Proof(forgotten.Run).ShouldBe(before);                          // nothing was written there
    }

    [Fact]
    public void A_document_used_late_is_taken_out_from_a_late_checkpoint_and_one_used_early_from_the_beginning()
    {
        using var forgotten = new Forgotten(Forgotten.ManyRows, KeptTokenizer);
        ParentRun parent = forgotten.Parent;
        var replayed = new HashSet<int>();
        foreach (IGrouping<int, Material> group in parent.Materials.Where(m =>
            m.FirstStep > 0 && m.Name.Contains('#', StringComparison.Ordinal)).GroupBy(m => m.FirstStep))
        {
            Material document = group.First();
            string thing = document.Name.Split('#')[1];
            (RemovalPlan plan, RunFolder run) = forgotten.Forget(parent, document);
            plan.FirstUse.ShouldBe(group.Key);
            plan.ReplayFrom.ShouldBeInRange(0, plan.FirstDifference - 1);
            Forgotten.Course(run).ShouldBe(Forgotten.Course(forgotten.TrainWithout(thing)), thing);
            forgotten.Reproduce(run).Difference.ShouldBe("");
            replayed.Add(plan.ReplayFrom);
        }
        replayed.Count.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Taking_a_document_out_can_change_a_step_before_its_first_use_and_replay_goes_back_that_far()
    {
        using var forgotten = new Forgotten(Forgotten.ManyRows, KeptTokenizer);
        ParentRun parent = forgotten.Parent;
        RemovalPlan[] plans = [.. parent.Materials.Where(m => m.FirstStep > 2 && m.Name.Contains('#', StringComparison.Ordinal))
            .Select(m => RemovalPlan.Of(parent, [m]))];
        RemovalPlan earlier = plans.First(p => p.FirstDifference > 0 && p.FirstDifference < p.FirstUse);
        string thing = earlier.Documents[0].Name.Split('#')[1];
        (_, RunFolder run) = forgotten.Forget(parent, [.. earlier.Documents]);
        Forgotten.Course(run).ShouldBe(Forgotten.Course(forgotten.TrainWithout(thing)));
    }

    [Fact]
    public void Several_documents_go_at_once_or_one_after_the_other_to_the_same_bytes()
    {
        using var forgotten = new Forgotten(Few);
        ParentRun parent = forgotten.Parent;
        (_, RunFolder both) = forgotten.Forget(parent, Forgotten.Document(parent, "sun"), Forgotten.Document(parent, "coal"));
        (_, RunFolder first) = forgotten.Forget(parent, Forgotten.Document(parent, "sun"));
        ParentRun child = ParentRun.Read(first, RunAbout.Recipe(first));
        (RemovalPlan plan, RunFolder second) = forgotten.Forget(child, Forgotten.Document(child, "coal"));

        Forgotten.Course(second).ShouldBe(Forgotten.Course(both));
        Forgotten.Course(second).ShouldBe(Forgotten.Course(forgotten.TrainWithout("sun", "coal")));
        File.ReadAllText(second.Recipe).ShouldBe(File.ReadAllText(both.Recipe));
        plan.Setup.Recipe.Removed.Count.ShouldBe(2);
        Directory.GetFiles(second.Ancestors).Length.ShouldBe(2);
        forgotten.Reproduce(second).Difference.ShouldBe("");
    }

    [Fact]
    public void A_document_that_no_step_saw_changes_nothing()
    {
        using var forgotten = new Forgotten(Forgotten.ManyRows, KeptTokenizer);
        ParentRun parent = forgotten.Parent;
        RemovalPlan[] plans = [.. parent.Materials.Where(m => m.FirstStep == 0 && m.Name.Contains('#', StringComparison.Ordinal)).Take(4)
            .Select(m => RemovalPlan.Of(parent, [m]))];
        plans.ShouldContain(p => p.IsNothing);
        foreach (RemovalPlan plan in plans)
        {
            plan.FirstUse.ShouldBe(0);
            string[] without = Forgotten.Course(forgotten.TrainWithout(plan.Documents[0].Name.Split('#')[1]));
            (without[^1] == Forgotten.Course(forgotten.Run)[^1]).ShouldBe(plan.IsNothing);
        }
    }

    [Fact]
    public void A_document_that_shaped_the_tokenizer_is_taken_out_of_it_too()
    {
        using var forgotten = new Forgotten([.. Few, "zqzqzqzqzqzqzq,zqzqzqzqzqzqzq"]);
        (RemovalPlan plan, RunFolder run) = forgotten.Forget(forgotten.Parent, Forgotten.Document(forgotten.Parent, "zqzqzqzqzqzqzq"));
        (plan.TokenizerDiffers, plan.ReplayFrom).ShouldBe((true, 0));
        RunFolder clean = forgotten.TrainWithout("zqzqzqzqzqzqzq");
        File.ReadAllText(run.Tokenizer).ShouldBe(File.ReadAllText(clean.Tokenizer));
        File.ReadAllText(run.Tokenizer).ShouldNotContain("zq");
        Forgotten.Course(run).ShouldBe(Forgotten.Course(clean));
        forgotten.Reproduce(run).Difference.ShouldBe("");
    }

    [Fact]
    public void A_list_of_invented_names_is_a_document_too()
    {
        using var forgotten = new Forgotten(Few, KeptTokenizer);
        Material names = forgotten.Parent.Materials.Single(m => m.Name == "unknown.txt");
        (_, RunFolder run) = forgotten.Forget(forgotten.Parent, names);
        forgotten.Reproduce(run).Difference.ShouldBe("");
        Materials.Read(run.Materials).ShouldNotContain(m => m.Id == names.Id);
    }

    [Fact]
    public void Revocable_documents_come_late_and_are_taken_out_from_there()
    {
        using var forgotten = new Forgotten(Few, Tiered);
        ParentRun parent = forgotten.Parent;
        Material revocable = parent.Materials.First(m => m.Corpus == "late" && m.FirstStep > 0);
        parent.Materials.Where(m => m.Corpus == "late").Count().ShouldBe(2);
        parent.Materials.Where(m => m.Corpus == "late" && m.FirstStep > 0).ShouldAllBe(m => m.FirstStep >= 5);
        parent.Materials.Where(m => m.Corpus == "facts").ShouldAllBe(m => m.FirstStep < 5);

        (RemovalPlan plan, RunFolder run) = forgotten.Forget(parent, revocable);

        (plan.TokenizerDiffers, plan.ReplayFrom).ShouldBe((false, 4));
        Forgotten.Course(run).ShouldBe(Forgotten.Course(forgotten.TrainWithout(revocable.Name.Split('#')[1])));
        forgotten.Reproduce(run).Difference.ShouldBe("");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_removal_that_was_stopped_goes_on_to_the_same_bytes(int stopAt)
    {
        using var forgotten = new Forgotten(Few);
        var plan = RemovalPlan.Of(forgotten.Parent, [Forgotten.Document(forgotten.Parent, "sun")]);
        RunFolder run = forgotten.NewFolder();
        Removal.IsBegun(plan, run).ShouldBeFalse();
        Removal.Begin(plan, run, 1);
        Removal.IsBegun(plan, run).ShouldBeTrue();
        Forgotten.Resume(run, plan.Setup, stopAt).Finished.ShouldBeFalse();
        File.AppendAllText(run.Ledger, "half a li");                             // as a killed program leaves it
        Forgotten.Resume(run, plan.Setup).Finished.ShouldBeTrue();
        LedgerFile.Read(run.Ledger).Lines.OfType<ForgetLine>().Count().ShouldBe(1);
        Forgotten.Course(run).ShouldBe(Forgotten.Course(forgotten.TrainWithout("sun")));
        forgotten.Reproduce(run).Difference.ShouldBe("");
    }

    [Fact]
    public void What_a_broken_off_beginning_left_is_written_again_and_foreign_checkpoints_are_not_touched()
    {
        using var forgotten = new Forgotten(Forgotten.ManyRows, KeptTokenizer);
        ParentRun parent = forgotten.Parent;
        var plan = RemovalPlan.Of(parent, [parent.Materials.MaxBy(m => m.FirstStep)!]);
        plan.ReplayFrom.ShouldBeGreaterThan(0);
        RunFolder run = forgotten.NewFolder();
        Removal.Begin(plan, run, 1);
        File.Move(run.Ledger, run.Ledger + AtomicFile.TemporarySuffix);          // killed before the last rename
        Removal.Begin(plan, run, 1);
        Forgotten.Resume(run, plan.Setup).Finished.ShouldBeTrue();
        forgotten.Reproduce(run).Difference.ShouldBe("");

        RunFolder foreign = forgotten.NewFolder();
        Directory.CreateDirectory(foreign.Checkpoint(2));
        Should.Throw<RunException>(() => Removal.Begin(plan, foreign, 1)).Message.ShouldContain("another run");
        Directory.Exists(foreign.Checkpoint(2)).ShouldBeTrue();
    }

    [Fact]
    public void A_document_that_is_gone_already_can_be_taken_out_and_any_other_missing_or_altered_one_is_named()
    {
        using var forgotten = new Forgotten(Few);
        ParentRun parent = forgotten.Parent;
        Material sun = Forgotten.Document(parent, "sun");
        RunFolder clean = forgotten.TrainWithout("sun");
        forgotten.Write(Few.Where(r => r != "sun,gold"));
        Forgotten.Course(forgotten.Forget(parent, sun).Run).ShouldBe(Forgotten.Course(clean));

        forgotten.Write(Few.Where(r => r != "coal,black"));
        Should.Throw<RunException>(() =>
            RemovalPlan.Of(parent, [sun])).Message.ShouldContain("'facts.csv#coal' of corpus 'facts' is missing");
        forgotten.Write(Few.Select(r => r.Replace("black", "brown", StringComparison.Ordinal)));
        Should.Throw<RunException>(() =>
            RemovalPlan.Of(parent, [sun])).Message.ShouldContain("'facts.csv#coal' of corpus 'facts' was altered");
        forgotten.Write([.. Few, "sea,blue"]);
        Should.Throw<RunException>(() =>
            RemovalPlan.Of(parent, [sun])).Message.ShouldContain("'facts.csv#sea' of corpus 'facts' was added");
        forgotten.Write(Few.Select(r => r.Replace("gold", "red", StringComparison.Ordinal)));
        Should.Throw<RunException>(() =>
            RemovalPlan.Of(parent, [sun])).Message.ShouldContain("'facts.csv#sun' of corpus 'facts' was added");
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    public void An_altered_checkpoint_is_refused(string file)
    {
        using var forgotten = new Forgotten(Forgotten.ManyRows, KeptTokenizer);
        ParentRun parent = forgotten.Parent;
        var plan = RemovalPlan.Of(parent, [parent.Materials.MaxBy(m => m.FirstStep)!]);
        string path = Path.Combine(forgotten.Run.Checkpoint(plan.ReplayFrom), file);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        RunFolder run = forgotten.NewFolder();
        Should.Throw<RunException>(() => Removal.Begin(plan, run, 1)).Message.ShouldContain(path);
        run.Exists.ShouldBeFalse();
    }

    [Fact]
    public void A_run_that_is_not_finished_or_does_not_hold_together_is_refused()
    {
        using var forgotten = new Forgotten(Few);
        string[] lines = [.. LedgerFile.RawLines(forgotten.Run.Ledger)];
        File.WriteAllText(forgotten.Run.Ledger, string.Join('\n', lines[..^1]) + "\n");
        Should.Throw<RunException>(() => forgotten.Parent).Message.ShouldContain("is not finished");
        File.WriteAllText(forgotten.Run.Ledger, string.Join('\n', lines) + "\n");
        File.AppendAllText(forgotten.Run.Materials, " ");
        Should.Throw<RunException>(() => forgotten.Parent).Message.ShouldContain("materials.json");
    }

    private static Recipe KeptTokenizer(Recipe recipe) => recipe with { Tokenizer = recipe.Tokenizer with { VocabularySize = 261 } };

    private static Recipe Tiered(Recipe recipe)
    {
        CorpusSpec facts = recipe.Corpora[0];
        CorpusSpec late = facts with { Name = "late", Tier = DocumentTier.Revocable, Where = new WhereSpec("thing", ["snow", "coal"]),
            Records = facts.Records! with { Unknown = null } };
        Recipe tiered = recipe with { Corpora = [late, facts], Training = recipe.Training with { RevocableFrom = 5 } };
        return Recipe.Parse(tiered.ToYaml(), "tiered") with { Folder = recipe.Folder };
    }
}
