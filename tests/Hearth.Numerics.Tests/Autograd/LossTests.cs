using Hearth.Numerics.Operations;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Autograd;

public sealed class LossTests
{
    [Fact]
    public void The_scale_is_a_factor_of_the_gradients_and_not_of_the_loss()
    {
        (double one, float[] gradient) = Loss(1f);
        (double half, float[] halved) = Loss(0.5f);
        half.ShouldBe(one);
        halved.ShouldHaveBits([.. gradient.Select(g => g / 2)], "gradient");
    }

    [Fact]
    public void Losses_of_rows_are_told_and_sum_to_the_loss()
    {
        using var pool = new WorkerPool(2);
        float[] rows = [9f, 9f, 9f];
        double loss = Tokens(new Tape(pool, recording: false), [0, 1, 2]).CrossEntropy(Table("head"), [3, LossOperations.Ignored, 1], 1f,
            rows);
        rows[1].ShouldBe(9f);
        loss.ShouldBe((double)rows[0] + rows[2]);
        rows[0].ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_batch_without_targets_has_no_loss_and_no_gradient()
    {
        using var pool = new WorkerPool(2);
        var tape = new Tape(pool, recording: true);
        Tensor head = Table("head");
        Tokens(tape, [0, 1]).CrossEntropy(head, [LossOperations.Ignored, LossOperations.Ignored], 1f).ShouldBe(0);
        tape.Backward();
        head.HasGradient.ShouldBeFalse();
    }

    [Fact]
    public void Gradients_go_on_from_one_pass_to_the_next_until_they_are_cleared()
    {
        using var pool = new WorkerPool(1);
        Tensor table = Table("table"), head = Table("head");
        Pass([0, 1, 2, 3, 0, 2]);
        float[] whole = head.Gradient.ToArray();
        head.ClearGradient();
        Pass([0, 1, 2]);
        Pass([3, 0, 2]);
        head.Gradient.ShouldHaveBits(whole, "gradient in two passes");

        void Pass(int[] tokens)
        {
            var tape = new Tape(pool, recording: true);
            tape.Embed(table, tokens).CrossEntropy(head, tokens, 1f);
            tape.Backward();
        }
    }

    [Fact]
    public void Logits_never_stand_whole_in_memory_and_their_pieces_do_not_show()
    {
        const int vocabulary = 1 << 18, rows = 40, columns = 4;
        using var pool = new WorkerPool(2);
        var inputs = new Inputs(1);
        Tensor table = Tensor.Parameter("table", rows, columns), head = Tensor.Parameter("head", vocabulary, columns);
        inputs.Even(table.Length).CopyTo(table.Data);
        inputs.Even(head.Length).CopyTo(head.Data);
        int[] targets = [.. Enumerable.Range(0, rows).Select(_ => inputs.Below(vocabulary))];
        var all = new float[rows];
        var tape = new Tape(pool, recording: true);
        tape.Embed(table, [.. Enumerable.Range(0, rows)]).CrossEntropy(head, targets, 1f, all);
        tape.Backward();
        tape.BytesHeld.ShouldBeLessThan((long)rows * vocabulary * sizeof(float) / 2);

        float[] gradient = head.Gradient.ToArray();
        head.ClearGradient();
        foreach ((int from, int to) in ((int, int)[])[(0, 1), (1, 19), (19, 40)])
        {
            var some = new float[to - from];
            tape.Embed(table, [.. Enumerable.Range(from, to - from)]).CrossEntropy(head, targets[from..to], 1f, some);
            tape.Backward();
            some.ShouldHaveBits(all.AsSpan(from..to), $"losses from row {from}");
        }
        head.Gradient.ShouldHaveBits(gradient, "gradient in other pieces");
    }

    private static (double Loss, float[] Gradient) Loss(float scale)
    {
        using var pool = new WorkerPool(2);
        var tape = new Tape(pool, recording: true);
        Tensor head = Table("head");
        double loss = Tokens(tape, [0, 3]).CrossEntropy(head, [1, 2], scale);
        tape.Backward();
        return (loss, head.Gradient.ToArray());
    }

    private static Tensor Tokens(Tape tape, int[] tokens) => tape.Embed(Table("table"), tokens);

    private static Tensor Table(string name)
    {
        Tensor table = Tensor.Parameter(name, 4, 3);
        new Inputs((ulong)name.Length).Even(12).CopyTo(table.Data);
        return table;
    }
}
