using Hearth.Numerics.Operations;
using Xunit;

namespace Hearth.Numerics.Tests.Autograd;

/// <summary>The gradient of every operation against central differences of the same in float64.</summary>
public sealed class GradientTests
{
    private const float Epsilon = 1e-3f;
    private const double Theta = 100;
    private const int N = 7;
    private static readonly Segment[] OneSegment = [new(0, N)];
    private static readonly Segment[] ThreeSegments = [new(0, 2), new(2, 1), new(3, 4)];

    [Fact]
    public void Linear() => new GradientCheck(("x", N, 6), ("w", 4, 6)).Rowwise(4, (x, p) => x.Linear(p[1]), (x, p) => x.Linear(p[1]));

    [Fact]
    public void Affine() => new GradientCheck(("x", N, 6), ("w", 6, 4), ("b", 1, 4))
        .Rowwise(4, (x, p) => x.Affine(p[1], p[2]), (x, p) => x.Affine(p[1], p[2]));

    [Fact]
    public void AddBias() => new GradientCheck(("x", N, 18), ("b", 1, 18))
        .Rowwise(18, (x, p) => x.AddBias(p[1]), (x, p) => x.AddBias(p[1]));

    [Fact]
    public void Add() => new GradientCheck(("x", N, 5), ("y", 5, 5))
        .Rowwise(5, (x, p) => x.Add(x.Linear(p[1])), (x, p) => x.Add(x.Linear(p[1])));

    [Fact]
    public void Add_to_itself() => new GradientCheck(("x", N, 5)).Rowwise(5, (x, _) => x.Add(x), (x, _) => x.Add(x));

    [Fact]
    public void TakeColumns() => new GradientCheck(("x", N, 9))
        .Rowwise(4, (x, _) => x.TakeColumns(0, 4).Add(x.TakeColumns(3, 4)), (x, _) => x.TakeColumns(0, 4).Add(x.TakeColumns(3, 4)));

    [Fact]
    public void SwiGlu() => new GradientCheck(("x", N, 6), ("gate", 5, 6), ("up", 5, 6))
        .Rowwise(5, (x, p) => x.Linear(p[1]).SwiGlu(x.Linear(p[2])), (x, p) => x.Linear(p[1]).SwiGlu(x.Linear(p[2])));

    [Fact]
    public void SwiGlu_of_one_tensor() => new GradientCheck(("x", N, 6)).Rowwise(6, (x, _) => x.SwiGlu(x), (x, _) => x.SwiGlu(x));

    [Fact]
    public void Gelu() => new GradientCheck(("x", N, 6)).Rowwise(6, (x, _) => x.Add(x.Gelu()), (x, _) => x.Add(x.Gelu()));

    [Fact]
    public void SquaredRelu() => new GradientCheck(("x", N, 6))
        .Rowwise(6, (x, _) => x.Add(x.SquaredRelu()), (x, _) => x.Add(x.SquaredRelu()));

    [Fact]
    public void RmsNorm_of_rows() => new GradientCheck(("x", N, 18), ("w", 1, 18))
        .Rowwise(18, (x, p) => x.RmsNorm(p[1], Epsilon), (x, p) => x.RmsNorm(p[1], Epsilon));

    [Fact]
    public void RmsNorm_of_heads() => new GradientCheck(("x", N, 12), ("w", 1, 4))
        .Rowwise(12, (x, p) => x.Add(x.RmsNorm(p[1], Epsilon)), (x, p) => x.Add(x.RmsNorm(p[1], Epsilon)));

    [Fact]
    public void LayerNorm() => new GradientCheck(("x", N, 18), ("w", 1, 18), ("b", 1, 18))
        .Rowwise(18, (x, p) => x.Add(x.LayerNorm(p[1], p[2], Epsilon)), (x, p) => x.Add(x.LayerNorm(p[1], p[2], Epsilon)));

    [Fact]
    public void Rotate()
    {
        var batch = new SequenceBatch(new int[N], ThreeSegments);
        var rope = new RopeTable(8, 6, Theta);
        int[] positions = [0, 1, 0, 0, 1, 2, 3];
        new GradientCheck(("x", N, 12))
            .Rowwise(12, (x, _) => x.Add(x.Rotate(rope, batch)), (x, _) => x.Add(x.Rotate(6, Theta, positions)));
    }

    [Fact]
    public void Attend_with_grouped_heads() => Attention(heads: 4, keyValueHeads: 2, headSize: 3, OneSegment);

    [Fact]
    public void Attend_in_several_segments() => Attention(heads: 2, keyValueHeads: 1, headSize: 4, ThreeSegments);

    [Fact]
    public void Attend_of_one_tensor_to_itself()
    {
        var batch = new SequenceBatch(new int[N], OneSegment);
        new GradientCheck(("x", N, 6)).Rowwise(6, (x, _) => x.Attend(x, x, 3, batch, 0), (x, _) => x.Attend(x, x, 3, OneSegment));
    }

    [Fact]
    public void Embed_with_repeated_ids() => new GradientCheck(("table", 4, 3), ("head", 5, 3)).Run(
        (tape, p) => tape.Embed(p[0], [2, 0, 2, 2, 3]).CrossEntropy(p[1], [0, 1, 2, 3, 4], scale: 1),
        p => p[0].Embed([2, 0, 2, 2, 3]).CrossEntropy(p[1], [0, 1, 2, 3, 4]));

    [Fact]
    public void CrossEntropy_with_ignored_targets() => new GradientCheck(("table", 5, 3), ("head", 6, 3)).Run(
        (tape, p) => tape.Embed(p[0], [0, 1, 2, 3, 4]).CrossEntropy(p[1], [5, LossOperations.Ignored, 2, LossOperations.Ignored, 0],
            scale: 1),
        p => p[0].Embed([0, 1, 2, 3, 4]).CrossEntropy(p[1], [5, -1, 2, -1, 0]));

    [Fact]
    public void A_table_that_is_also_the_output_layer() => new GradientCheck(("table", 6, 4), ("w", 4, 4)).Run(
        (tape, p) => tape.Embed(p[0], [0, 5, 2, 2]).Linear(p[1]).CrossEntropy(p[0], [5, 2, 2, 1], scale: 1),
        p => p[0].Embed([0, 5, 2, 2]).Linear(p[1]).CrossEntropy(p[0], [5, 2, 2, 1]));

    [Fact]
    public void A_weight_that_is_used_twice() => new GradientCheck(("x", N, 4), ("w", 4, 4))
        .Rowwise(4, (x, p) => x.Linear(p[1]).Gelu().Linear(p[1]).Affine(p[1], Zero()),
            (x, p) => x.Linear(p[1]).Gelu().Linear(p[1]).Affine(p[1], new Matrix(1, 4)));

    private static Tensor Zero()
    {
        Tensor b = Tensor.Parameter("b", 4);
        b.NeedsGradient = false;
        return b;
    }

    /// <summary>Queries, keys and values each made from x by a weight.</summary>
    private static void Attention(int heads, int keyValueHeads, int headSize, Segment[] segments)
    {
        var batch = new SequenceBatch(new int[N], segments);
        int q = heads * headSize, kv = keyValueHeads * headSize;
        new GradientCheck(("x", N, 5), ("wq", q, 5), ("wk", kv, 5), ("wv", kv, 5)).Rowwise(q,
            (x, p) => x.Linear(p[1]).Attend(x.Linear(p[2]), x.Linear(p[3]), headSize, batch, 0),
            (x, p) => x.Linear(p[1]).Attend(x.Linear(p[2]), x.Linear(p[3]), headSize, segments));
    }
}
