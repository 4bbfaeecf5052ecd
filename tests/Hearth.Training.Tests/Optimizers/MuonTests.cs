using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Training.Optimizers;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Optimizers;

public sealed class MuonTests
{
    /// <summary>Where five steps bring a singular value that was not tiny beside the others.</summary>
    private const double Least = 0.6, Most = 1.3;

    [Theory]
    [InlineData(8, 64)]
    [InlineData(64, 8)]
    [InlineData(20, 70)]
    [InlineData(33, 16)]
    [InlineData(1, 40)]
    [InlineData(40, 1)]
    [InlineData(1, 1)]
    public void The_direction_of_a_wide_or_tall_matrix_is_nearly_orthogonal(int rows, int columns)
    {
        double[] values = DoubleMatrix.SingularValues(Orthogonalised(Random(rows, columns), rows, columns), rows, columns);
        values.Length.ShouldBe(Math.Min(rows, columns));
        values.ShouldAllBe(v => v > Least && v < Most);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    public void The_direction_of_a_square_matrix_far_from_singular_is_nearly_orthogonal(int size)
    {
        double[] x = [.. Random(size, size).Select((v, i) => v + (i % (size + 1) == 0 ? 3 * Math.Sqrt(size) : 0))];
        DoubleMatrix.SingularValues(Orthogonalised(x, size, size), size, size).ShouldAllBe(v => v > Least && v < Most);
    }

    [Theory]
    [InlineData(16, 16, 3)]
    [InlineData(12, 40, 5)]
    [InlineData(40, 12, 1)]
    public void Of_a_matrix_without_full_rank_the_directions_it_has_are_made_equal_and_no_others_appear(int rows, int columns, int rank)
    {
        double[] x = DoubleMatrix.Multiply(Random(rows, rank), Random(rank, columns), rows, rank, columns);
        double[] values = DoubleMatrix.SingularValues(Orthogonalised(x, rows, columns), rows, columns);
        values[..rank].ShouldAllBe(v => v > Least && v < Most);
        // Roundings of the input are 2^-24 of it; five steps magnify by up to 3.4445⁵, about 485, in each direction.
        values[rank..].ShouldAllBe(v => v < 485 * Math.ScaleB(1, -24) * Math.Sqrt(rows * columns));
    }

    [Theory]
    [InlineData(8, 64)]
    [InlineData(64, 8)]
    [InlineData(20, 20)]
    [InlineData(37, 50)]
    public void The_direction_is_that_of_float64_newton_schulz(int rows, int columns)
    {
        double[] x = Random(rows, columns), expected = DoubleMatrix.NewtonSchulz(x, rows, columns),
            found = Orthogonalised(x, rows, columns);
        // An early rounding along a small singular value grows by 485 at most; a number has some four of them.
        for (int i = 0; i < x.Length; i++) found[i].ShouldBe(expected[i], 4 * 485 * Math.ScaleB(1, -24), $"number {i}");
    }

    [Fact]
    public void A_zero_gradient_gives_a_zero_direction()
    {
        Orthogonalised(new double[6 * 9], 6, 9).ShouldAllBe(v => v == 0);
    }

    [Fact]
    public void The_scale_of_the_gradient_does_not_matter()
    {
        double[] x = Random(10, 30), one = Orthogonalised(x, 10, 30);
        foreach (double scale in (double[])[1e-3, 1e6])
        {
            // The norm that is divided by has 1e-7 added to it, which a gradient of this size hardly feels.
            double tolerance = (4 * 485 * Math.ScaleB(1, -24)) + (10 * 1e-7 / (Math.Sqrt(300) * scale));
            double[] other = Orthogonalised([.. x.Select(v => v * scale)], 10, 30);
            for (int i = 0; i < x.Length; i++) other[i].ShouldBe(one[i], tolerance);
        }
    }

    [Theory]
    [InlineData(12, 30)]
    [InlineData(30, 12)]
    public void Weights_follow_the_algorithm_in_float64(int rows, int columns)
    {
        var settings = new MuonSettings(0.02, 0.95, 0.1);
        Parameter[] parameters = [TestParameters.Of("a", ParameterKind.Matrix, rows, columns),
            TestParameters.Of("b", ParameterKind.Matrix, 5, 7)];
        var muon = new Muon(parameters, settings);
        double[] w = TestParameters.Doubles(parameters[0].Tensor.Data), b = new double[w.Length];
        using var pool = new WorkerPool(2);
        double[] shares = [0.5, 1, 0.1];
        for (int step = 1; step <= shares.Length; step++)
        {
            foreach (Parameter p in parameters) TestParameters.SetGradient(p, step);
            double[] g = TestParameters.Doubles(parameters[0].Tensor.Gradient);
            for (int i = 0; i < b.Length; i++) b[i] = (settings.Momentum * b[i]) + ((1 - settings.Momentum) * g[i]);
            double[] direction = DoubleMatrix.NewtonSchulz([.. b.Zip(g, (m, x) => (settings.Momentum * m)
                + ((1 - settings.Momentum) * x))], rows, columns);
            double rate = settings.LearningRate * shares[step - 1];
            for (int i = 0; i < w.Length; i++)
                w[i] = (w[i] * (1 - (rate * settings.WeightDecay))) - (rate * Math.Sqrt(Math.Max(1,
                    rows / (double)columns)) * direction[i]);
            muon.Step(pool, step, shares[step - 1]);
        }
        // The direction's error above, times the rates and the scale; and some roundings of the weight.
        for (int i = 0; i < w.Length; i++)
            ((double)parameters[0].Tensor.Data[i]).ShouldBe(w[i], (0.032 * 2 * 1.2e-4) + (10 * Math.ScaleB(1, -24) * Math.Abs(w[i])),
                $"weight {i}");
        muon.States.Select(s => s.Name).ShouldBe(["muon.momentum/a", "muon.momentum/b"]);
    }

    [Fact]
    public void Threads_and_other_parameters_do_not_change_a_bit()
    {
        uint[] Run(int threads, bool alone)
        {
            using var pool = new WorkerPool(threads);
            Parameter p = TestParameters.Of("m", ParameterKind.Matrix, 40, 33),
                larger = TestParameters.Of("l", ParameterKind.Matrix, 90, 70);
            Parameter[] all = alone ? [p] : [larger, p];
            var muon = new Muon(all, new MuonSettings(0.02, 0.95, 0.1));
            for (int step = 1; step <= 2; step++)
            {
                foreach (Parameter each in all) TestParameters.SetGradient(each, step);
                muon.Step(pool, step, 1);
            }
            return TestParameters.Bits(p.Tensor.Data);
        }
        uint[] one = Run(1, alone: true);
        Run(3, alone: true).ShouldBe(one);
        Run(2, alone: false).ShouldBe(one);
    }

    private static double[] Random(int rows, int columns)
    {
        float[] x = new float[rows * columns];
        TestParameters.Fill(x, $"matrix {rows} {columns}", 0);
        return TestParameters.Doubles(x);
    }

    private static double[] Orthogonalised(double[] x, int rows, int columns)
    {
        using var pool = new WorkerPool(1);
        var workspace = new NewtonSchulz.Workspace([(rows, columns)]);
        for (int i = 0; i < x.Length; i++) workspace.Matrix.Span[i] = (float)x[i];
        NewtonSchulz.Orthogonalise(pool, workspace, rows, columns);
        return TestParameters.Doubles(workspace.Matrix.Span[..x.Length]);
    }
}
