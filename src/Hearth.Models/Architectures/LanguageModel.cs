using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Architectures;

/// <summary>A decoder: tokens in, logits of the next token out. One definition serves training, evaluation and generation.</summary>
/// <param name="config">Its sizes.</param>
/// <param name="source">Where its parameters come from; null for new ones, all zero.</param>
public abstract class LanguageModel(ModelConfig config, IParameterSource? source)
{
    /// <summary>The sizes.</summary>
    public ModelConfig Config { get; } = config;

    /// <summary>The parameters, in order of definition.</summary>
    public ParameterSet Parameters { get; } = new(source);

    /// <summary>The output layer, [V, C].</summary>
    public abstract Tensor Head { get; }

    /// <summary>The residual stream after the last norm.</summary>
    /// <param name="tape">Where operations run.</param>
    /// <param name="batch">The tokens, [N].</param>
    /// <returns>[N, C]</returns>
    public abstract Tensor Forward(Tape tape, SequenceBatch batch);

    /// <summary>Logits of the token after each row.</summary>
    /// <param name="tape">Where operations run.</param>
    /// <param name="batch">The tokens, [N].</param>
    /// <param name="rows">The rows wanted; null for all.</param>
    /// <returns>[rows, V]</returns>
    public Tensor Logits(Tape tape, SequenceBatch batch, int[]? rows = null)
    {
        Tensor x = Forward(tape, batch);
        return (rows is null ? x : tape.Embed(x, rows)).Linear(Head);
    }

    /// <summary>The sum of -ln p(target) in nats, and the gradients where the tape records.</summary>
    /// <param name="tape">Where operations run.</param>
    /// <param name="batch">The tokens, [N].</param>
    /// <param name="targets">The right next tokens, [N]; <see cref="LossOperations.Ignored"/> where there is none.</param>
    /// <param name="scale">Factor of the gradients.</param>
    /// <param name="rowLosses">Receives the loss of each row.</param>
    public double Loss(Tape tape, SequenceBatch batch, int[] targets, float scale, float[]? rowLosses = null) =>
        Forward(tape, batch).CrossEntropy(Head, targets, scale, rowLosses);

    /// <summary>How many tokens a token sees in a layer, itself included; 0 for all before it.</summary>
    /// <param name="layer">The layer, from 0.</param>
    public int Window(int layer) => Config.Window(layer);

    /// <summary>An empty cache for one sequence.</summary>
    /// <param name="type">How it holds its numbers: F32, F16 or Q8_0.</param>
    /// <param name="pool">Where its blocks come from and go back to; null for none.</param>
    /// <exception cref="ArgumentException">The type does not fit the heads of this model.</exception>
    public KeyValueCache NewCache(TensorType type = TensorType.F32, BlockPool? pool = null) =>
        new(Config.NumHiddenLayers, Config.Cached.Heads, Config.Cached.KeySize, Config.Cached.ValueSize, type,
            [.. Enumerable.Range(0, Config.NumHiddenLayers).Select(Window)], pool);
}
