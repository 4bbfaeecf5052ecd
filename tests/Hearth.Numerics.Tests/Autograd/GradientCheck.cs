using Hearth.Numerics.Operations;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;

namespace Hearth.Numerics.Tests.Autograd;

/// <summary>
/// Compares the loss and every gradient of some operations with float64: the loss directly, gradients with central differences of the
/// float64 loss, whose own error (a step of 1e-4) is about 1e-8. What is left is the roundings of float32.
/// </summary>
internal sealed class GradientCheck(params (string Name, int Rows, int Columns)[] parameters)
{
    private const double Step = 1e-4;
    private const int Rows = 7;
    private const int Vocabulary = 5;
    private readonly int[] _targets = [1, 4, 0, 3, 3, 2, 1];

    /// <summary>
    /// Checks operations that turn rows into rows. The first parameter is a table of 7 rows, which comes in as an activation; the result
    /// goes through an output layer of fixed weights and the loss.
    /// </summary>
    public void Rowwise(int outputs, Func<Tensor, Tensor[], Tensor> operation, Func<Matrix, Matrix[], Matrix> reference)
    {
        float[] fixedHead = new Inputs(99).Even(Vocabulary * outputs);
        Run((tape, p) =>
        {
            Tensor head = Tensor.Parameter("head", Vocabulary, outputs);
            fixedHead.CopyTo(head.Data);
            head.NeedsGradient = false;
            Tensor y = operation(tape.Embed(p[0], [.. Enumerable.Range(0, Rows)]), p);
            double loss = y.CrossEntropy(head, _targets, scale: 1);
            head.HasGradient.ShouldBeFalse();
            return loss;
        },
        p => reference(p[0], p).CrossEntropy(new Matrix(Vocabulary, outputs, [.. fixedHead.Select(x => (double)x)]), _targets));
    }

    /// <summary>Checks any function of the parameters that ends in a loss.</summary>
    public void Run(Func<Tape, Tensor[], double> operation, Func<Matrix[], double> reference)
    {
        using var pool = new WorkerPool(3);
        var inputs = new Inputs(17);
        Tensor[] tensors = [.. parameters.Select(p => Tensor.Parameter(p.Name, p.Rows, p.Columns))];
        foreach (Tensor tensor in tensors) inputs.Even(tensor.Length).CopyTo(tensor.Data);
        Matrix[] exact = [.. tensors.Select(t => new Matrix(t.Rows, t.Columns, [.. t.Data.ToArray().Select(x => (double)x)]))];

        var tape = new Tape(pool, recording: true);
        double loss = operation(tape, tensors), expected = reference(exact);
        tape.Backward();
        loss.ShouldBe(expected, 1e-5 * Math.Max(1, Math.Abs(expected)));
        for (int i = 0; i < tensors.Length; i++) Compare(tensors[i], exact, exact[i].Data, reference);
    }

    private static void Compare(Tensor tensor, Matrix[] exact, double[] values, Func<Matrix[], double> reference)
    {
        tensor.HasGradient.ShouldBeTrue(tensor.Name);
        var expected = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double x = values[i];
            values[i] = x + Step;
            double above = reference(exact);
            values[i] = x - Step;
            double below = reference(exact);
            values[i] = x;
            expected[i] = (above - below) / (2 * Step);
        }
        // A hundred roundings of numbers as large as the largest gradient.
        double tolerance = (100 * Exact.U * expected.Max(Math.Abs)) + 1e-7;
        for (int i = 0; i < expected.Length; i++)
        {
            ((double)tensor.Gradient[i]).ShouldBe(expected[i], tolerance, $"gradient {i} of {tensor.Name}");
        }
    }
}
