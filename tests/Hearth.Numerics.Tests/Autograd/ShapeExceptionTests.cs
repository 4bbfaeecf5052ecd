using Hearth.Numerics.Operations;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Autograd;

/// <summary>What a user reads when a configuration and weights do not fit, word for word.</summary>
public sealed class ShapeExceptionTests : IDisposable
{
    private const string Tail = " The model's configuration and its weights do not fit together.";
    private readonly WorkerPool _pool = new(1);
    private readonly Tape _tape;

    public ShapeExceptionTests() => _tape = new Tape(_pool, recording: true);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Linear() => Message(() => X(2, 4).Linear(P("head", 3, 5))).ShouldBe(
        "Linear: w 'head' has shape [3, 5], expected [outputs, 4]." + Tail);

    [Fact]
    public void Affine()
    {
        Message(() => X(2, 4).Affine(P("w", 3, 5), P("b", 5))).ShouldBe("Affine: w 'w' has shape [3, 5], expected [4, outputs]." + Tail);
        Message(() => X(2, 4).Affine(P("w", 4, 5), P("c_fc.bias", 4))).ShouldBe(
            "Affine: b 'c_fc.bias' has shape [4], expected [5]." + Tail);
    }

    [Fact]
    public void AddBias() => Message(() => X(2, 4).AddBias(P("b", 2))).ShouldBe("AddBias: b 'b' has shape [2], expected [4]." + Tail);

    [Fact]
    public void Add() => Message(() => X(2, 4).Add(X(2, 5))).ShouldBe("Add: b has shape [2, 5], expected [2, 4]." + Tail);

    [Fact]
    public void SwiGlu() => Message(() => X(2, 4).SwiGlu(X(3, 4))).ShouldBe("SwiGlu: up has shape [3, 4], expected [2, 4]." + Tail);

    [Fact]
    public void TakeColumns() => Message(() => X(2, 4).TakeColumns(3, 2)).ShouldBe(
        "TakeColumns: x has shape [2, 4], expected [2, at least 5]." + Tail);

    [Fact]
    public void RmsNorm() => Message(() => X(2, 4).RmsNorm(P("norm", 3), 1e-5f)).ShouldBe(
        "RmsNorm: w 'norm' has shape [3], expected [4] or a divisor of it." + Tail);

    [Fact]
    public void LayerNorm()
    {
        Message(() => X(2, 4).LayerNorm(P("w", 3), P("b", 4), 1e-5f)).ShouldBe("LayerNorm: w 'w' has shape [3], expected [1, 4]." + Tail);
        Message(() => X(2, 4).LayerNorm(P("w", 4), P("b", 3), 1e-5f)).ShouldBe("LayerNorm: b 'b' has shape [3], expected [1, 4]." + Tail);
    }

    [Fact]
    public void Rotate()
    {
        var rope = new RopeTable(3, 4, 100);
        Message(() => X(2, 6).Rotate(rope, Batch(2))).ShouldBe("Rotate: x has shape [2, 6], expected [2, heads · 4]." + Tail);
        Message(() => X(2, 8).Rotate(rope, Batch(3))).ShouldBe("Rotate: x has shape [2, 8], expected [3, heads · 4]." + Tail);
        Message(() => X(4, 8).Rotate(rope, Batch(4))).ShouldBe(
            "Rotate: a sequence has shape 4 tokens, expected at most 3, the model's context." + Tail);
    }

    [Fact]
    public void Attend()
    {
        Message(() => X(2, 7).Attend(X(2, 4), X(2, 4), 4, Batch(2), 0)).ShouldBe(
            "Attend: q has shape [2, 7], expected [2, heads · 4]." + Tail);
        Message(() => X(3, 8).Attend(X(3, 4), X(3, 4), 4, Batch(2), 0)).ShouldBe(
            "Attend: q has shape [3, 8], expected [2, heads · 4]." + Tail);
        Message(() => X(2, 8).Attend(X(2, 12), X(2, 12), 4, Batch(2), 0)).ShouldBe(
            "Attend: k has shape [2, 12], expected [2, a divisor of 8]." + Tail);
        Message(() => X(2, 8).Attend(X(2, 4), X(2, 8), 4, Batch(2), 0)).ShouldBe("Attend: v has shape [2, 8], expected [2, 4]." + Tail);
    }

    [Fact]
    public void Embed() => Message(() => _tape.Embed(P("table", 3, 2), [0, 3])).ShouldBe(
        "Embed: an id has shape value 3, expected 0 to 2." + Tail);

    [Fact]
    public void CrossEntropy()
    {
        Message(() => X(2, 4).CrossEntropy(P("head", 3, 5), [0, 1], 1f)).ShouldBe(
            "CrossEntropy: w 'head' has shape [3, 5], expected [vocabulary, 4]." + Tail);
        Message(() => X(2, 4).CrossEntropy(P("head", 3, 4), [0, 3], 1f)).ShouldBe(
            "CrossEntropy: a target has shape value 3, expected 0 to 2." + Tail);
        Message(() => X(2, 4).CrossEntropy(P("head", 3, 4), [0, -2], 1f)).ShouldBe(
            "CrossEntropy: a target has shape value -2, expected 0 to 2." + Tail);
        Message(() => X(2, 4).CrossEntropy(P("head", 3, 4), [0], 1f)).ShouldBe("CrossEntropy: x has shape [2, 4], expected [1, 4]." + Tail);
    }

    private static string Message(Action action) => Should.Throw<ShapeException>(action).Message;

    private static SequenceBatch Batch(int tokens) => new(new int[tokens]);

    private static Tensor P(string name, params int[] shape) => Tensor.Parameter(name, shape);

    private Tensor X(int rows, int columns)
    {
        Tensor x = _tape.New(rows, columns);
        x.Data.Clear();
        return x;
    }
}
