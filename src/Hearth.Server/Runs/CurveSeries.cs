using Hearth.Training.Ledger;

namespace Hearth.Server.Runs;

/// <summary>Some steps in a row, drawn as one.</summary>
/// <param name="First">The first step.</param>
/// <param name="Last">The last step.</param>
/// <param name="Count">Steps.</param>
/// <param name="SumLoss">Sum of their losses, nats a target.</param>
/// <param name="Lowest">Their lowest loss.</param>
/// <param name="Highest">Their highest loss.</param>
/// <param name="LearningRate">The last one's learning rate.</param>
/// <param name="GradientNorm">The last one's gradient norm.</param>
public readonly record struct CurvePiece(int First, int Last, int Count, double SumLoss, double Lowest, double Highest, double LearningRate, double GradientNorm)
{
    /// <summary>Their mean loss.</summary>
    public double Mean => SumLoss / Count;

    /// <summary>Both as one.</summary>
    /// <param name="next">The steps that follow.</param>
    public CurvePiece With(CurvePiece next) => new(
        First, next.Last, Count + next.Count, SumLoss + next.SumLoss, Math.Min(Lowest, next.Lowest), Math.Max(Highest, next.Highest), next.LearningRate, next.GradientNorm);
}

/// <summary>The losses of a run in a bounded number of pieces: when there are too many, each two become one, and so on.</summary>
internal sealed class CurveSeries
{
    /// <summary>The most pieces; a drawing has no room for more.</summary>
    public const int Most = 512;

    private readonly List<CurvePiece> _pieces = new(Most);
    private int _each = 1;

    /// <summary>The pieces, in order.</summary>
    public CurvePiece[] Pieces => [.. _pieces];

    /// <summary>Adds a step.</summary>
    public void Add(StepLine step)
    {
        var piece = new CurvePiece(step.Step, step.Step, 1, step.Loss, step.Loss, step.Loss, step.LearningRate, step.GradientNorm);
        if (_pieces.Count > 0 && _pieces[^1].Count < _each)
        {
            _pieces[^1] = _pieces[^1].With(piece);
            return;
        }
        if (_pieces.Count == Most)
        {
            for (int i = 0; i < Most / 2; i++) _pieces[i] = _pieces[2 * i].With(_pieces[(2 * i) + 1]);
            _pieces.RemoveRange(Most / 2, Most / 2);
            _each *= 2;
        }
        _pieces.Add(piece);
    }
}
