using Hearth.Data.Corpora;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Numerics;

namespace Hearth.Training.Runs;

/// <summary>A held-out question and what the model said.</summary>
/// <param name="Question">The question, in a phrasing that this fact was not trained in.</param>
/// <param name="Expected">The right answer.</param>
/// <param name="Answer">The model's answer.</param>
/// <param name="IsRefusal">True when the right answer is that the documents do not have it.</param>
public sealed record HeldOutAnswer(string Question, string Expected, string Answer, bool IsRefusal)
{
    /// <summary>True when the answer is the right one, letter for letter.</summary>
    public bool Right => Answer == Expected;
}

/// <summary>How well a model answers what was held out: facts in phrasings it was not trained on, and names that are in no document.</summary>
/// <param name="Answers">Every question, in order, facts first.</param>
public sealed record HeldOutScore(IReadOnlyList<HeldOutAnswer> Answers)
{
    private const int LongestAnswer = 96;

    /// <summary>Facts asked for.</summary>
    public int Facts => Answers.Count(a => !a.IsRefusal);

    /// <summary>Invented names asked for.</summary>
    public int Refusals => Answers.Count(a => a.IsRefusal);

    /// <summary>Share of facts answered letter for letter; 0 when there are none.</summary>
    public double ExactMatch => Share(isRefusal: false);

    /// <summary>Share of invented names refused letter for letter; 0 when there are none.</summary>
    public double InventedRefused => Share(isRefusal: true);

    /// <summary>Asks every held-out question, the most likely token each time.</summary>
    /// <param name="bundle">The model.</param>
    /// <param name="heldOut">The questions.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    public static HeldOutScore Measure(ModelBundle bundle, HeldOutSet heldOut, WorkerPool pool, Action<double>? progress = null)
    {
        HeldOutQuestion[] questions = [.. heldOut.Facts, .. heldOut.Refusals];
        var chat = new ChatFormat(bundle.Tokenizer);
        int[][] prompts = [.. questions.Select(q => chat.Encode([new ChatMessage("user", q.Question)], askForAnswer: true))];
        var options = new GenerationOptions { MaxTokens = LongestAnswer, StopTokens = [chat.EndToken, chat.EndOfTextToken] };
        GeneratedToken[][] said = new Generator(bundle.Model, pool).Complete(prompts, options, progress: done => progress?.Invoke(done / (double)questions.Length));
        return new HeldOutScore([.. questions.Select((q, i) =>
            new HeldOutAnswer(q.Question, q.Answer, bundle.Tokenizer.Decode([.. said[i].Select(t => t.Id)]), i >= heldOut.Facts.Count))]);
    }

    private double Share(bool isRefusal)
    {
        int all = Answers.Count(a => a.IsRefusal == isRefusal);
        return all == 0 ? 0 : Answers.Count(a => a.IsRefusal == isRefusal && a.Right) / (double)all;
    }
}
