using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Optimizers;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Optimizers;

public sealed class AdamWTests
{
    private const double U = 1.0 / (1 << 24);
    private static readonly AdamWSettings Settings = new(0.01, 0.9, 0.95, 1e-8, 0.3, DecayTables: false, DecayVectors: false);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Weights_and_moments_follow_the_algorithm_in_float64(bool decayTables, bool decayVectors)
    {
        AdamWSettings s = Settings with { DecayTables = decayTables, DecayVectors = decayVectors };
        Parameter[] parameters = [TestParameters.Of("m", ParameterKind.Matrix, 7, 9), TestParameters.Of("t", ParameterKind.Table, 5, 3),
            TestParameters.Of("g", ParameterKind.Gain, 17), TestParameters.Of("b", ParameterKind.Bias, 2)];
        bool[] decays = [true, decayTables, decayVectors, decayVectors];
        var optimizer = new AdamW(parameters, s);
        double[][] w = [.. parameters.Select(p => TestParameters.Doubles(p.Tensor.Data))], m = [.. w.Select(x => new double[x.Length])],
            v = [.. w.Select(x => new double[x.Length])];
        using var pool = new WorkerPool(2);
        double[] shares = [0.1, 1, 0.5, 1, 0.25, 1, 1, 1];
        for (int step = 1; step <= shares.Length; step++)
        {
            double rate = s.LearningRate * shares[step - 1];
            for (int p = 0; p < parameters.Length; p++)
            {
                TestParameters.SetGradient(parameters[p], step, scale: step % 3 == 0 ? 100 : 1);
                double[] g = TestParameters.Doubles(parameters[p].Tensor.Gradient);
                for (int i = 0; i < g.Length; i++)
                {
                    if (decays[p]) w[p][i] *= 1 - (rate * s.WeightDecay);
                    m[p][i] = (s.Beta1 * m[p][i]) + ((1 - s.Beta1) * g[i]);
                    v[p][i] = (s.Beta2 * v[p][i]) + ((1 - s.Beta2) * g[i] * g[i]);
                    double first = m[p][i] / (1 - Math.Pow(s.Beta1, step)), second = v[p][i] / (1 - Math.Pow(s.Beta2, step));
                    w[p][i] -= rate * first / (Math.Sqrt(second) + s.Epsilon);
                }
            }
            optimizer.Step(pool, step, shares[step - 1]);
        }
        for (int p = 0; p < parameters.Length; p++)
        {
            // Eight steps of some ten roundings each: of the weight, of an update of about the rate, and of moments that hardly cancel.
            for (int i = 0; i < w[p].Length; i++)
            {
                ((double)parameters[p].Tensor.Data[i]).ShouldBe(w[p][i], 80 * U * (Math.Abs(w[p][i]) + 1),
                    $"{parameters[p].Tensor.Name}[{i}]");
                ((double)optimizer.States[2 * p].Data.Span[i]).ShouldBe(m[p][i], 80 * U * 100, "first moment");
                ((double)optimizer.States[(2 * p) + 1].Data.Span[i]).ShouldBe(v[p][i], 80 * U * v[p][i], "second moment");
            }
        }
    }

    [Fact]
    public void Memory_kept_between_steps_is_named_after_its_parameter_in_order()
    {
        var optimizer = new AdamW([TestParameters.Of("a", ParameterKind.Matrix, 2, 3), TestParameters.Of("b", ParameterKind.Gain, 4)],
            Settings);
        optimizer.States.Select(s => s.Name).ShouldBe(["adamw.m/a", "adamw.v/a", "adamw.m/b", "adamw.v/b"]);
        optimizer.States.Select(s => s.Shape).ShouldBe([[2, 3], [2, 3], [4], [4]]);
        optimizer.States.Select(s => s.Data.Span.ToArray()).ShouldAllBe(x => x.All(v => v == 0));
    }

    [Fact]
    public void Without_decay_a_zero_gradient_moves_nothing_and_with_it_weights_shrink()
    {
        using var pool = new WorkerPool(1);
        Parameter matrix = TestParameters.Of("m", ParameterKind.Matrix, 3, 3), gain = TestParameters.Of("g", ParameterKind.Gain, 3);
        double[] before = TestParameters.Doubles(matrix.Tensor.Data);
        uint[] gainBefore = TestParameters.Bits(gain.Tensor.Data);
        foreach (Parameter p in (Parameter[])[matrix, gain]) p.Tensor.TouchGradient();
        new AdamW([matrix, gain], Settings).Step(pool, 1, 1);
        TestParameters.Bits(gain.Tensor.Data).ShouldBe(gainBefore);
        for (int i = 0; i < before.Length; i++)
            ((double)matrix.Tensor.Data[i]).ShouldBe(before[i] * (1 - 0.003), 2 * U * Math.Abs(before[i]));
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        uint[] Run(int threads)
        {
            using var pool = new WorkerPool(threads);
            Parameter p = TestParameters.Of("m", ParameterKind.Matrix, 161, 167);
            var optimizer = new AdamW([p], Settings);
            for (int step = 1; step <= 3; step++)
            {
                TestParameters.SetGradient(p, step);
                optimizer.Step(pool, step, 1);
            }
            return TestParameters.Bits(p.Tensor.Data);
        }
        Run(3).ShouldBe(Run(1));
    }
}
