using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Numerics;
using Hearth.Training.Ledger;
using Hearth.Training.Loading;
using Hearth.Training.Recipes;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

public sealed class TrainerTests
{
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    public void A_run_stopped_at_any_step_and_resumed_has_the_same_bytes_as_one_that_never_stopped(bool muon, bool split, bool gpt2)
    {
        using var micro = new MicroRun(muon, split, gpt2);
        RunFolder straight = micro.Run("straight");
        TrainingResult result = micro.Train(straight);
        result.Finished.ShouldBeTrue();
        for (int stop = 0; stop <= MicroRun.Steps; stop++)
        {
            RunFolder run = micro.Run($"stopped-{stop}");
            TrainingResult half = micro.Train(run, threads: 2, stopAt: stop);
            (half.Step, half.Finished).ShouldBe((stop, stop == MicroRun.Steps));

            TrainingResult rest = micro.Resume(run);

            (rest.WeightsDigest, rest.LedgerHead, rest.Step).ShouldBe((result.WeightsDigest, result.LedgerHead, MicroRun.Steps));
            MicroRun.Proof(run).ShouldBe(MicroRun.Proof(straight), $"stopped at {stop}");
        }
    }

    [Fact]
    public void A_run_stopped_after_every_single_step_has_the_same_bytes_too()
    {
        using var micro = new MicroRun();
        RunFolder straight = micro.Run("straight"), run = micro.Run("run");
        TrainingResult result = micro.Train(straight);
        micro.Train(run, stopAt: 0);
        for (int stop = 1; stop <= MicroRun.Steps; stop++) micro.Resume(run, threads: 1 + (stop % 2), stopAt: stop).Step.ShouldBe(stop);
        LedgerFile.Read(run.Ledger).Head.ShouldBe(result.LedgerHead);
        MicroRun.Proof(run).ShouldBe(MicroRun.Proof(straight));
    }

    /// <summary>A killed program leaves the folder as it is at that moment; a lost machine tears the ledger's last line too.</summary>
    [Fact]
    public void A_run_killed_after_any_step_goes_on_to_the_same_bytes()
    {
        using var micro = new MicroRun();
        RunFolder straight = micro.Run("straight"), watched = micro.Run("watched");
        TrainingResult result = micro.Train(straight);
        micro.Train(watched, progress: p =>
        {
            TemporaryFolder.Copy(watched.Path, micro.Run($"killed-{p.Step}").Path);
            TemporaryFolder.Copy(watched.Path, micro.Run($"torn-{p.Step}").Path);
            File.AppendAllText(micro.Run($"torn-{p.Step}").Ledger, "{\"kind\":\"step\",\"st");
        });
        for (int step = 1; step <= MicroRun.Steps; step++)
        {
            foreach (string how in (string[])["killed", "torn"])
            {
                RunFolder run = micro.Run($"{how}-{step}");
                micro.Resume(run).LedgerHead.ShouldBe(result.LedgerHead, $"{how} after step {step}");
                MicroRun.Proof(run).ShouldBe(MicroRun.Proof(straight));
            }
        }
    }

    [Fact]
    public void A_finished_run_resumed_changes_nothing()
    {
        using var micro = new MicroRun();
        RunFolder run = micro.Run("run");
        TrainingResult result = micro.Train(run);
        IReadOnlyList<string> proof = MicroRun.Proof(run);
        micro.Resume(run).LedgerHead.ShouldBe(result.LedgerHead);
        MicroRun.Proof(run).ShouldBe(proof);
    }

    [Fact]
    public void The_ledger_says_what_was_done_and_the_files_are_those_it_names()
    {
        using var micro = new MicroRun();
        RunFolder run = micro.Run("run");
        TrainingResult result = micro.Train(run);
        IReadOnlyList<LedgerLine> lines = LedgerFile.Read(run.Ledger).Lines;

        lines.Select(l => l.GetType().Name[..^4])
            .ShouldBe(["Start", "Step", "Step", "Checkpoint", "Step", "Evaluation", "Step", "Checkpoint", "Step", "Step", "Evaluation",
            "Checkpoint", "End"]);
        var start = (StartLine)lines[0];
        start.ShouldBe(new StartLine(NumericsVersion.Current, micro.Recipe.IdentityDigest(), Digest.OfFile(run.Materials),
            Digest.OfFile(run.Tokenizer),
            ModelBundle.WeightsDigest(micro.Setup().NewModel())) { Previous = LedgerFile.Beginning });
        StepLine[] steps = [.. lines.OfType<StepLine>()];
        steps.Select(s => s.Step).ShouldBe(Enumerable.Range(1, MicroRun.Steps));
        steps[0].LearningRate.ShouldBe(0.005);
        steps[1].LearningRate.ShouldBe(0.01);
        steps.ShouldAllBe(s => s.Tokens > 0 && s.Tokens <= 80 && s.Targets > s.Tokens * 0.8 && s.Targets <= s.Tokens && s.GradientNorm > 0);
        steps[0].Loss.ShouldBe(Math.Log(270), 0.05);                             // a model that knows nothing yet
        steps[^1].Loss.ShouldBeLessThan(steps[0].Loss - 0.05);
        foreach (CheckpointLine c in lines.OfType<CheckpointLine>())
        {
            Digest.OfFile(Path.Combine(run.Checkpoint(c.Step), "model.safetensors")).ShouldBe(c.Weights);
            steps[c.Step - 1].Weights.ShouldBe(c.Weights);
        }
        steps.Select(s => s.Weights).Append(start.Weights).Distinct().Count().ShouldBe(MicroRun.Steps + 1);
        ((EndLine)lines[^1]).Weights.ShouldBe(Digest.OfFile(Path.Combine(run.Model, "model.safetensors")));
        result.WeightsDigest.ShouldBe(((EndLine)lines[^1]).Weights);
        foreach (string file in (string[])["recipe.yaml", "materials.json", "ledger.jsonl"])
        {
            Digest.OfFile(Path.Combine(run.Model, "provenance", file)).ShouldBe(Digest.OfFile(Path.Combine(run.Path, file)));
        }
        run.Finished.ShouldBeTrue();
        ModelBundle.WeightsDigest(ModelBundle.Load(run.Path).Model).ShouldBe(result.WeightsDigest);
    }

    [Fact]
    public void A_cancelled_run_stops_after_the_running_step_with_its_state_on_the_disk()
    {
        using var micro = new MicroRun();
        RunFolder run = micro.Run("run");
        using var cancel = new CancellationTokenSource();
        using (var pool = new WorkerPool(1))
        using (Trainer trainer = Trainer.Begin(run, micro.Setup(), pool))
        {
            trainer.Progress = p =>
            {
                if (p.Step == 3) cancel.Cancel();
            };
            TrainingResult result = trainer.Train(cancel: cancel.Token);
            (result.Step, result.Finished).ShouldBe((3, false));
            result.WeightsDigest.ShouldBe(Digest.OfFile(Path.Combine(run.Checkpoint(3), "model.safetensors")));
        }
        run.Finished.ShouldBeFalse();
        micro.Resume(run).Finished.ShouldBeTrue();
    }

    [Fact]
    public void Progress_tells_every_step_and_measurements_as_they_come()
    {
        using var micro = new MicroRun();
        var told = new List<TrainingProgress>();
        micro.Train(micro.Run("run"), progress: told.Add);
        told.Select(p => p.Step).ShouldBe(Enumerable.Range(1, MicroRun.Steps));
        told.Select(p => p.BitsPerByte is null).ShouldBe([true, true, false, false, false, false]);
        told.ShouldAllBe(p => p.Steps == MicroRun.Steps && p.TokensPerSecond > 0 && p.Left >= TimeSpan.Zero);
        told[^1].Left.ShouldBe(TimeSpan.Zero);
    }

    [Theory]
    // no float32: the measurement on held-out text is the first to see it
    [InlineData(1e39, 1, "step 1: the loss is")]
    [InlineData(1e39, 100, "step 2: the gradient of 'model.")]
    [InlineData(1e30, 100, "step 2: the gradient of 'model.")]
    public void An_absurd_learning_rate_stops_the_run_with_step_and_tensor(double rate, int evaluateEvery, string says)
    {
        using var micro = new MicroRun(muon: false);
        TrainingSpec training = micro.Recipe.Training;
        micro.Recipe = micro.Recipe with
        {
            Training = training with { EvaluateEvery = evaluateEvery, Optimizer = training.Optimizer with { LearningRate = rate },
                Schedule = training.Schedule with { WarmupSteps = 0 } },
        };
        RunFolder run = micro.Run("run");

        DivergedException e = Should.Throw<DivergedException>(() => micro.Train(run));

        e.Message.ShouldContain(says);
        e.Message.ShouldContain($"step {e.Step}");
        e.Message.ShouldContain("There is no checkpoint before it");
        foreach (LedgerLine line in LedgerFile.Read(run.Ledger).Lines.OfType<StepLine>())
            ((StepLine)line).Step.ShouldBeLessThanOrEqualTo(e.Step);
    }

    [Fact]
    public void A_run_that_diverges_later_names_its_last_good_checkpoint_which_is_intact()
    {
        using var micro = new MicroRun(muon: false);
        RunFolder run = micro.Run("run");
        micro.Train(run, stopAt: 4);
        using (var pool = new WorkerPool(1))
        using (Trainer trainer = Trainer.Resume(run, micro.Setup(), pool))
        {
            trainer.Model.Parameters.All[0].Tensor.Data.Fill(float.NaN);
            trainer.Model.Parameters.All[0].Tensor.Changed();
            Should.Throw<DivergedException>(() => trainer.Train(cancel: TestContext.Current.CancellationToken))
                .Message.ShouldContain("Last good checkpoint: step 4");
        }
        micro.Resume(run).Finished.ShouldBeTrue();
    }

    [Fact]
    public void A_run_does_not_go_on_with_other_documents_recipe_or_tokenizer()
    {
        using var micro = new MicroRun();
        RunFolder run = micro.Run("run");
        micro.Train(run, stopAt: 3);
        Recipe recipe = micro.Recipe;

        micro.Recipe = recipe with { Seed = 5 };
        Should.Throw<RunException>(() => micro.Resume(run)).Message.ShouldContain("not the recipe");

        micro.Recipe = recipe;
        string facts = File.ReadAllText(micro.Facts);
        File.WriteAllText(micro.Facts, facts.Replace("blue", "grey", StringComparison.Ordinal));
        Should.Throw<RunException>(() => micro.Resume(run)).Message.ShouldContain("facts.csv#sky");
        File.WriteAllText(micro.Facts, facts + "rust,red\n");
        Should.Throw<RunException>(() => micro.Resume(run)).Message.ShouldContain("added");
        File.WriteAllText(micro.Facts, facts);
        micro.Resume(run).Finished.ShouldBeTrue();
    }

    [Fact]
    public void A_folder_that_can_not_be_written_is_one_error_that_names_it()
    {
        using var micro = new MicroRun();
        File.WriteAllText(micro.Run("file").Path, "");
        RunException e = Should.Throw<RunException>(() => micro.Train(new RunFolder(Path.Combine(micro.Run("file").Path, "run"))));
        e.Message.ShouldContain("can not be written");
        e.Message.ShouldContain(micro.Run("file").Path);
    }

    [Fact]
    public void When_only_answers_count_questions_are_read_and_not_asked_for()
    {
        using var micro = new MicroRun();
        micro.Recipe = micro.Recipe with { Training = micro.Recipe.Training with { LossOnAnswersOnly = true } };
        foreach (TokenDocument d in micro.Setup().Documents) (d.FirstTarget > 1).ShouldBe(d.IsConversation);
        RunFolder run = micro.Run("run");
        micro.Train(run).Finished.ShouldBeTrue();
        LedgerFile.Read(run.Ledger).Lines.OfType<StepLine>().ShouldAllBe(s => s.Targets > 0 && s.Targets < s.Tokens * 0.8);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public void Any_number_of_threads_gives_the_same_bytes(int threads)
    {
        using var micro = new MicroRun();
        micro.Recipe = micro.Recipe with { Training = micro.Recipe.Training with { MicroBatches = 4 } };
        RunFolder one = micro.Run("one"), many = micro.Run("many");
        micro.Train(one);
        micro.Train(many, threads);
        MicroRun.Proof(many).ShouldBe(MicroRun.Proof(one));
    }

    [Fact]
    public void Materials_say_where_each_document_was_used()
    {
        using var micro = new MicroRun();
        TrainingSetup setup = micro.Setup();
        IReadOnlyList<Material> materials = Materials.Of(setup);
        materials.Select(m => m.Name)
            .ShouldBe(["facts.csv#coal", "facts.csv#grass", "facts.csv#sky", "facts.csv#snow", "facts.csv#sun", "unknown.txt"],
            ignoreOrder: true);
        materials.Sum(m => m.Texts).ShouldBe(setup.Documents.Length);
        materials.ShouldAllBe(m => m.Licence == "Public domain" && m.FirstStep >= 1 && m.Steps >= 1
            && m.Steps <= MicroRun.Steps - m.FirstStep + 1);

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["materials.json"], Materials.ToJson(materials));
        Materials.Read(folder["materials.json"]).ShouldBe(materials);
        File.WriteAllText(folder["materials.json"], "{}");
        Should.Throw<RunException>(() => Materials.Read(folder["materials.json"])).Message.ShouldContain("materials.json");
    }
}
