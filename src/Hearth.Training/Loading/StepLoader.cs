namespace Hearth.Training.Loading;

/// <summary>
/// What each step of a run sees: a pure function of the documents, the seed and the recipe's numbers, known without training.
/// </summary>
/// <param name="packer">Lays the documents.</param>
/// <param name="microBatches">Micro-batches of a step.</param>
/// <param name="revocableFrom">The first step that revocable documents are drawn in; 0 for none.</param>
public sealed class StepLoader(Packer packer, int microBatches, int revocableFrom)
{
    /// <summary>The pieces of a step, for each micro-batch.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="position">Where the step before it ended; moved to where this one ends.</param>
    public Piece[][] Next(int step, ref DataPosition position)
    {
        if (step == revocableFrom) position = new DataPosition(DocumentOrder.RevocableEpoch, 0, 0);
        var pieces = new Piece[microBatches][];
        for (int m = 0; m < pieces.Length; m++) pieces[m] = packer.Next(ref position);
        return pieces;
    }

    /// <summary>The pieces' tokens and targets, for each micro-batch.</summary>
    /// <param name="pieces">Pieces from <see cref="Next"/>.</param>
    public MicroBatch[] Lay(Piece[][] pieces) => [.. pieces.Select(packer.Lay)];
}
