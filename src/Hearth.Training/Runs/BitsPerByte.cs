using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Loading;

namespace Hearth.Training.Runs;

/// <summary>How many bits a model needs for each byte of some texts.</summary>
public static class BitsPerByte
{
    private const double BitsPerNat = 1.4426950408889634;

    /// <summary>The loss on some documents, in bits over the bytes that their targets stand for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tape">Where operations run; it does not record.</param>
    /// <param name="documents">The documents.</param>
    /// <param name="plan">Rows at a time, and the longest sequence.</param>
    public static double Measure(LanguageModel model, Tape tape, TokenDocument[] documents, PackingPlan plan)
    {
        var packer = new Packer(new DocumentOrder(documents, 0), plan with { Split = false, CrossDocumentAttention = false, ConversationTurns = 1 });
        var position = default(DataPosition);
        double nats = 0;
        while (position.Epoch == 0)
        {
            MicroBatch batch = packer.Lay(packer.Next(ref position, withinEpoch: true));
            nats += model.Loss(tape, batch.Sequences, batch.Targets, 1f);
            tape.Reset();
        }
        return nats * BitsPerNat / documents.Sum(d => (long)d.TargetBytes);
    }
}
