using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Training.Optimizers;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Optimizers;

public sealed class GradientsTests
{
    private readonly Parameter[] _parameters = [TestParameters.Of("a", ParameterKind.Matrix, 200, 180),
        TestParameters.Of("b", ParameterKind.Gain, 3), TestParameters.Of("unused", ParameterKind.Gain, 5)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 1)]
    [InlineData(8, 3)]
    public void The_sum_over_micro_batches_has_the_bits_of_the_explicit_binary_tree(int microBatches, int threads)
    {
        using var pool = new WorkerPool(threads);
        var gradients = new Gradients(_parameters);
        for (int step = 0; step < 2; step++)                                     // the second uses the first one's memory again
        {
            Accumulate(gradients, pool, microBatches, step);
            foreach (Parameter p in _parameters[..2])
            {
                float[] expected = Tree([.. Enumerable.Range(0, microBatches).Select(m => Gradient(p, step, m))]);
                TestParameters.Bits(p.Tensor.Gradient).ShouldBe(TestParameters.Bits(expected), $"{p.Tensor.Name} in step {step}");
            }
            _parameters[2].Tensor.Gradient.ToArray().ShouldBe(new float[5]);
        }
    }

    /// <summary>Workers take whole subtrees, each with parameters of its own that share the weights.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Subtrees_summed_by_several_workers_join_to_the_same_bits(int workers)
    {
        using var pool = new WorkerPool(2);
        Parameter[][] views = [.. Enumerable.Range(0, workers).Select(w => w == 0 ? _parameters : Views())];
        Gradients[] gradients = [.. views.Select(v => new Gradients(v))];
        for (int step = 0; step < 2; step++)
        {
            for (int m = 0; m < 8; m++)
            {
                int w = m / (8 / workers);
                gradients[w].Begin();
                foreach (Parameter p in views[w][..2])
                {
                    p.Tensor.TouchGradient();
                    Gradient(p, step, m).CopyTo(p.Tensor.Gradient);
                }
                gradients[w].End(pool);
            }
            Gradients.Join(pool, gradients);
            gradients[0].Finish();
            foreach (Parameter p in _parameters[..2])
            {
                TestParameters.Bits(p.Tensor.Gradient)
                    .ShouldBe(TestParameters.Bits(Tree([.. Enumerable.Range(0, 8).Select(m => Gradient(p, step, m))])),
                    $"{p.Tensor.Name} in step {step}");
            }
        }
    }

    [Fact]
    public void The_tree_is_not_the_sum_from_left_to_right()
    {
        // Otherwise the test above would prove nothing about the order.
        float[][] parts = [.. Enumerable.Range(0, 8).Select(m => Gradient(_parameters[0], 0, m))];
        float[] left = parts[1..].Aggregate(parts[0], Add);
        TestParameters.Bits(Tree(parts)).ShouldNotBe(TestParameters.Bits(left));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_number_of_micro_batches_that_is_no_power_of_two_is_an_error(int microBatches)
    {
        using var pool = new WorkerPool(1);
        var gradients = new Gradients(_parameters);
        for (int m = 0; m < microBatches; m++)
        {
            gradients.Begin();
            gradients.End(pool);
        }
        Should.Throw<InvalidOperationException>(gradients.Finish).Message.ShouldContain("power of two");
    }

    [Fact]
    public void The_norm_is_that_of_all_numbers_together()
    {
        using var pool = new WorkerPool(2);
        var gradients = new Gradients(_parameters);
        Accumulate(gradients, pool, 1, 0);
        double expected = Math.Sqrt(_parameters.Sum(p => p.Tensor.Gradient.ToArray().Sum(g => (double)g * g)));
        gradients.Norm(pool).ShouldBe(expected, 1e-5 * expected);
    }

    [Fact]
    public void A_gradient_longer_than_the_limit_is_scaled_down_to_it_and_keeps_its_direction()
    {
        using var pool = new WorkerPool(2);
        var gradients = new Gradients(_parameters);
        Accumulate(gradients, pool, 2, 0);
        double[] before = TestParameters.Doubles(_parameters[0].Tensor.Gradient);
        double norm = gradients.Norm(pool);

        gradients.Clip(pool, norm, 0.5);

        gradients.Norm(pool).ShouldBe(0.5, 1e-5);
        double[] after = TestParameters.Doubles(_parameters[0].Tensor.Gradient);
        for (int i = 0; i < before.Length; i++) after[i].ShouldBe(before[i] * 0.5 / norm, 1e-6 * Math.Abs(before[i]));
    }

    [Theory]
    [InlineData(1.01)]
    [InlineData(1.0)]
    [InlineData(0.0)]
    public void A_gradient_within_the_limit_or_without_one_keeps_its_bits(double limitOverNorm)
    {
        using var pool = new WorkerPool(1);
        var gradients = new Gradients(_parameters);
        Accumulate(gradients, pool, 1, 0);
        uint[] before = TestParameters.Bits(_parameters[0].Tensor.Gradient);
        double norm = gradients.Norm(pool);
        gradients.Clip(pool, norm, norm * limitOverNorm);
        TestParameters.Bits(_parameters[0].Tensor.Gradient).ShouldBe(before);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void The_first_parameter_that_is_not_finite_is_named(float bad)
    {
        using var pool = new WorkerPool(1);
        var gradients = new Gradients(_parameters);
        Accumulate(gradients, pool, 1, 0);
        gradients.FirstNotFinite().ShouldBeNull();
        _parameters[2].Tensor.Gradient[4] = bad;
        gradients.FirstNotFinite().ShouldBe("unused");
        _parameters[1].Tensor.Gradient[0] = bad;
        gradients.FirstNotFinite().ShouldBe("b");
        double.IsFinite(gradients.Norm(pool)).ShouldBeFalse();
    }

    /// <summary>Writes each micro-batch's gradient where a backward pass does, into the memory put in place; "unused" gets none.</summary>
    private void Accumulate(Gradients gradients, WorkerPool pool, int microBatches, int step)
    {
        for (int m = 0; m < microBatches; m++)
        {
            gradients.Begin();
            foreach (Parameter p in _parameters[..2])
            {
                p.Tensor.TouchGradient();
                Gradient(p, step, m).CopyTo(p.Tensor.Gradient);
            }
            gradients.End(pool);
        }
        gradients.Finish();
    }

    private Parameter[] Views() =>
    [
        .. _parameters.Select(p =>
        {
            Tensor view = Tensor.Parameter(p.Tensor.Name, p.Tensor.Shape.ToArray());
            view.ShareData(p.Tensor);
            return p with { Tensor = view };
        }),
    ];

    private static float[] Gradient(Parameter p, int step, int microBatch)
    {
        float[] g = new float[p.Tensor.Length];
        TestParameters.Fill(g, "micro " + p.Tensor.Name, (step * 100) + microBatch, Math.Pow(10, (microBatch % 3) - 1));
        return g;
    }

    private static float[] Tree(float[][] parts) => parts.Length == 1
        ? parts[0]
        : Add(Tree(parts[..(parts.Length / 2)]), Tree(parts[(parts.Length / 2)..]));

    private static float[] Add(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
