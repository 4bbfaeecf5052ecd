using Hearth.Data.Corpora;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Training.Loading;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Runs;

public sealed class ScoreTests
{
    [Fact]
    public void Bits_per_byte_are_the_summed_losses_over_the_bytes_of_the_targets()
    {
        using var micro = new MicroRun();
        TrainingSetup setup = micro.Setup();
        LanguageModel model = setup.NewModel();
        TokenDocument[] documents = [.. setup.Documents.Take(7), .. setup.HeldOut];
        documents.ShouldContain(d => d.Rows > 12);                               // longer than the windows below
        using var pool = new WorkerPool(1);
        double bits = 0;
        foreach (TokenDocument d in documents)
        {
            for (int start = 0; start < d.Rows; start += 12)
            {
                int count = Math.Min(12, d.Rows - start);
                Tensor logits = model.Logits(new Tape(pool, false), new SequenceBatch(d.Tokens[start..(start + count)]));
                for (int i = 0; i < count; i++)
                {
                    if (start + i + 1 < d.FirstTarget || start + i + 1 == d.Tokens.Length) continue;
                    double[] row = [.. logits.Data.Slice(i * logits.Columns, logits.Columns).ToArray().Select(x => (double)x)];
                    bits += Math.Log2(row.Sum(Math.Exp)) - (row[d.Tokens[start + i + 1]] / Math.Log(2));
                }
            }
        }

        double found = BitsPerByte.Measure(model, new Tape(pool, false), documents,
            new PackingPlan(30, 12, Split: true, CrossDocumentAttention: true, ConversationTurns: 5));

        found.ShouldBe(bits / documents.Sum(d => d.TargetBytes), 1e-5);
    }

    [Fact]
    public void Bits_per_byte_do_not_depend_on_how_many_rows_are_measured_at_a_time()
    {
        using var micro = new MicroRun();
        TrainingSetup setup = micro.Setup();
        LanguageModel model = setup.NewModel();
        using var pool = new WorkerPool(2);
        double Measure(int rows) => BitsPerByte.Measure(model, new Tape(pool, false), setup.Documents,
            new PackingPlan(rows, 24, false, false));
        Measure(100).ShouldBe(Measure(24), 1e-12);                               // only the order of a float64 sum differs
    }

    [Fact]
    public void Shares_are_of_facts_and_of_refusals_apart_and_letter_for_letter()
    {
        var score = new HeldOutScore([
            new("q", "Lima.", "Lima.", false), new("q", "Lima.", "lima.", false), new("q", "Lima.", "Lima. ", false),
                new("q", "Lima.", "Lima.", false),
            new("q", "No.", "No.", true), new("q", "No.", "", true), new("q", "No.", "No.", true),
        ]);
        (score.Facts, score.Refusals).ShouldBe((4, 3));
        score.ExactMatch.ShouldBe(0.5);
        score.InventedRefused.ShouldBe(2.0 / 3);
        var nothing = new HeldOutScore([]);
        (nothing.ExactMatch, nothing.InventedRefused, nothing.Facts).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void Every_held_out_question_is_asked_as_in_a_conversation_facts_first()
    {
        using var micro = new MicroRun(muon: false);
        micro.Recipe = micro.Recipe with { Training = micro.Recipe.Training with { Steps = 60, CheckpointEvery = 100,
            EvaluateEvery = 100 } };
        RunFolder run = micro.Run("run");
        micro.Train(run);
        HeldOutSet heldOut = micro.Setup().Corpus.HeldOut;
        (heldOut.Facts.Count, heldOut.Refusals.Count).ShouldBe((5, 8));
        ModelBundle bundle = ModelBundle.Load(run.Path);
        var chat = new ChatFormat(bundle.Tokenizer);
        using var pool = new WorkerPool(1);
        var told = new List<double>();

        HeldOutScore score = HeldOutScore.Measure(bundle with { Model = bundle.Model }, heldOut, pool, told.Add);

        HeldOutQuestion[] questions = [.. heldOut.Facts, .. heldOut.Refusals];
        score.Answers.Count.ShouldBe(questions.Length);
        told[^1].ShouldBe(1);
        for (int i = 0; i < questions.Length; i++)
        {
            int[] prompt = chat.Encode([new ChatMessage("user", questions[i].Question)], askForAnswer: true);
            var options = new GenerationOptions { MaxTokens = 96, StopTokens = [chat.EndToken, chat.EndOfTextToken] };
            string alone = bundle.Tokenizer.Decode([.. new Generator(bundle.Model, pool)
                .Stream(prompt, options, TestContext.Current.CancellationToken).Select(t => t.Id)]);
            score.Answers[i].ShouldBe(new HeldOutAnswer(questions[i].Question, questions[i].Answer, alone,
                IsRefusal: i >= heldOut.Facts.Count));
        }
    }
}
