using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>Forward and backward passes against scalar float64.</summary>
public sealed class Float64Tests
{
    /// <summary>Half of the distance between 1 and the next float32.</summary>
    private const double U = 1.0 / (1 << 24);

    public static TheoryData<string> Models => TinyModels.Names;

    /// <summary>
    /// A sum of n products in float32 is off by at most n·u·Σ|a||b|. On the way to a logit a row passes, in each of two layers, two
    /// products over 24 numbers, one over 40 or so, attention over up to 80 keys and a dozen single roundings, then the output layer: under
    /// 500 roundings in a chain, each of the size of the values at hand. The last norm brings those to the size of x, so a logit is off by
    /// at most 500·u·Σ|x||w|.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_are_those_of_a_float64_implementation(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        var reference = new Float64Decoder(model);
        int[] tokens = TinyModels.Tokens(80, 1);
        using var pool = new WorkerPool(1);

        float[] found = model.Logits(new Tape(pool, recording: false), new SequenceBatch(tokens)).Data.ToArray();

        double[][] expected = reference.Logits(tokens), magnitudes = reference.Magnitudes(tokens);
        for (int t = 0; t < tokens.Length; t++)
        {
            for (int v = 0; v < TinyModels.Vocabulary; v++)
            {
                ((double)found[(t * TinyModels.Vocabulary) + v]).ShouldBe(expected[t][v], 500 * U * magnitudes[t][v],
                    $"logit {v} after token {t}");
            }
        }
    }

    /// <summary>
    /// Central differences of the float64 loss with a step of 1e-4 are right to about 1e-7. Every number of a short parameter is checked
    /// alone. Of a matrix some are, and the derivatives along dense directions of ±1/√n, in which every number takes part: n errors of 400
    /// roundings each add up, at random, to one.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_of_every_parameter_are_central_differences_of_a_float64_loss(string name)
    {
        const double Step = 1e-4;
        LanguageModel model = TinyModels.Create(name);
        var reference = new Float64Decoder(model);
        int[] lengths = [5, 1, 4];
        int[] tokens = TinyModels.Tokens(10, 2), targets = TinyModels.Tokens(10, 3);
        targets[0] = targets[7] = LossOperations.Ignored;
        (int[], int[])[] sequences = [(tokens[..5], targets[..5]), (tokens[5..6], targets[5..6]), (tokens[6..], targets[6..])];
        Segment[] segments = [.. lengths.Select((length, i) => new Segment(lengths[..i].Sum(), length))];
        using var pool = new WorkerPool(1);
        var tape = new Tape(pool, recording: true);

        double loss = model.Loss(tape, new SequenceBatch(tokens, segments), targets, scale: 1);
        tape.Backward();

        loss.ShouldBe(reference.Loss(sequences), 500 * U * loss);
        foreach (Parameter p in model.Parameters.All)
        {
            double[] w = reference[p.Tensor.Name], original = [.. w];
            p.Tensor.HasGradient.ShouldBeTrue(p.Tensor.Name);
            double[] gradient = [.. p.Tensor.Gradient.ToArray().Select(g => (double)g)];
            double one = (400 * U * gradient.Max(Math.Abs)) + 2e-7;
            var random = new Philox(9, p.Tensor.Name);

            double Along(Func<int, double> direction)
            {
                for (int i = 0; i < w.Length; i++) w[i] = original[i] + (Step * direction(i));
                double above = reference.Loss(sequences);
                for (int i = 0; i < w.Length; i++) w[i] = original[i] - (Step * direction(i));
                double below = reference.Loss(sequences);
                original.CopyTo(w, 0);
                return (above - below) / (2 * Step);
            }

            int[] alone = w.Length <= 48
                ? [.. Enumerable.Range(0, w.Length)]
                : [.. Enumerable.Range(0, 12).Select(i => (int)(random.Uniform(i) * w.Length))];
            foreach (int i in alone) gradient[i].ShouldBe(Along(j => j == i ? 1 : 0), one, $"gradient {i} of {p.Tensor.Name}");
            if (w.Length <= 48) continue;
            for (int d = 0; d < 6; d++)
            {
                // Steps of 1/√n a number, so that the whole step is as long as one number's alone.
                double[] direction = [.. Enumerable.Range(0, w.Length)
                    .Select(i => (random.Uniform(1000 + (d * w.Length) + i) < 0.5 ? 1 : -1) / Math.Sqrt(w.Length))];
                double expected = gradient.Zip(direction, (g, x) => g * x).Sum();
                expected.ShouldBe(Along(i => direction[i]), one, $"gradient of {p.Tensor.Name} along direction {d}");
            }
        }
    }
}
