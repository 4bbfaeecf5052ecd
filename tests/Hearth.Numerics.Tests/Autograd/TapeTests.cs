using Hearth.Numerics.Operations;
using Hearth.Numerics.Tests.Manifest;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Autograd;

public sealed class TapeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Memory_is_used_again_from_one_pass_to_the_next(bool recording)
    {
        using var pool = new WorkerPool(2);
        var tape = new Tape(pool, recording);
        var model = new Model();
        for (int i = 0; i < 10; i++) model.Pass(tape, 50);                       // buffers find their places
        long held = tape.BytesHeld;
        held.ShouldBeGreaterThan(0);
        for (int i = 0; i < 3; i++)
        {
            model.Pass(tape, 50);
            tape.BytesHeld.ShouldBe(held);
        }
    }

    [Fact]
    public void A_pass_gives_the_same_bits_in_memory_that_was_used_before()
    {
        using var pool = new WorkerPool(2);
        var tape = new Tape(pool, recording: true);
        var model = new Model();
        float[] first = model.Pass(tape, 50);
        model.Pass(tape, 70);
        model.Pass(tape, 50).ShouldHaveBits(first, "gradient");
    }

    [Fact]
    public void Attention_over_2048_tokens_keeps_nothing_of_size_tokens_squared()
    {
        const int tokens = 2048, heads = 4, headSize = 16;
        using var pool = new WorkerPool(1);
        var tape = new Tape(pool, recording: true);
        Tensor table = Tensor.Parameter("table", tokens, heads * headSize), head = Tensor.Parameter("head", 4, heads * headSize);
        new Inputs(2).Even(table.Length).CopyTo(table.Data);
        new Inputs(3).Even(head.Length).CopyTo(head.Data);
        int[] ids = [.. Enumerable.Range(0, tokens)];
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Tensor x = tape.Embed(table, ids);
        x.Attend(x, x, headSize, new SequenceBatch(ids), 0).CrossEntropy(head, [.. ids.Select(i => i % 4)], 1f);
        tape.Backward();
        long scores = (long)tokens * tokens * heads * sizeof(float);
        tape.BytesHeld.ShouldBeLessThan(scores / 8);
        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(scores / 4);   // the threads' own working memory too
        table.HasGradient.ShouldBeTrue();
    }

    [Fact]
    public void An_activation_can_not_be_read_after_its_tape_took_the_memory_back()
    {
        using var pool = new WorkerPool(1);
        var tape = new Tape(pool, recording: false);
        Tensor x = tape.New(2, 3);
        tape.Reset();
        Should.Throw<InvalidOperationException>(() => x.Data.Length).Message.ShouldBe("This activation's memory went back to its tape.");
    }

    [Fact]
    public void A_parameter_that_is_not_trained_gets_no_gradient()
    {
        using var pool = new WorkerPool(1);
        var tape = new Tape(pool, recording: true);
        var model = new Model { Frozen = true };
        model.Pass(tape, 5).ShouldBeEmpty();
    }

    [Fact]
    public void A_changed_weight_is_packed_again()
    {
        using var pool = new WorkerPool(1);
        var tape = new Tape(pool, recording: false);
        Tensor w = Tensor.Parameter("w", 1, 1), b = Tensor.Parameter("b", 1), x = tape.New(1, 1);
        (x.Data[0], w.Data[0]) = (3f, 5f);
        x.Linear(w).Data[0].ShouldBe(15f);
        x.Affine(w, b).Data[0].ShouldBe(15f);
        w.Data[0] = 7f;
        w.Changed();
        x.Linear(w).Data[0].ShouldBe(21f);
        x.Affine(w, b).Data[0].ShouldBe(21f);
    }

    [Fact]
    public void Shapes_are_counted_and_bounded()
    {
        Tensor.Count([]).ShouldBe(1);
        Tensor.Count([3, 0, 5]).ShouldBe(0);
        Tensor.Count([3, 4, 5]).ShouldBe(60);
        Should.Throw<OverflowException>(() => Tensor.Count([1 << 20, 1 << 20]));
        Tensor t = Tensor.Parameter("t", 3, 4, 5);
        (t.Rows, t.Columns, t.Length, t.ShapeText).ShouldBe((12, 5, 60, "[3, 4, 5]"));
    }

    [Fact]
    public void A_cache_goes_back_only_to_where_it_was()
    {
        var cache = new KeyValueCache(1, 1, 4);
        new SequenceBatch([1, 2, 3], cache).Commit();
        cache.Length.ShouldBe(3);
        cache.Truncate(2);
        cache.Length.ShouldBe(2);
        Should.Throw<ArgumentOutOfRangeException>(() => cache.Truncate(3));
        Should.Throw<ArgumentOutOfRangeException>(() => cache.Truncate(-1));
    }

    [Fact]
    public void Segments_cover_the_rows_in_order_and_positions_count_from_each_beginning()
    {
        var cache = new KeyValueCache(1, 1, 4);
        new SequenceBatch([1, 2], cache).Commit();
        new SequenceBatch(new int[4], [new(0, 1), new(1, 3, cache)]).Positions.ShouldBe([0, 2, 3, 4]);
        Should.Throw<ArgumentException>(() => new SequenceBatch(new int[4], [new(0, 1), new(2, 2)])).Message.ShouldStartWith(
            "A segment starts at row 2, expected 1.");
        Should.Throw<ArgumentException>(() => new SequenceBatch(new int[4], [new(0, 3)])).Message.ShouldStartWith(
            "Segments cover 3 rows of 4.");
    }

    /// <summary>A little of everything: embedding, norm, attention, a gated layer, a bias and the loss.</summary>
    private sealed class Model
    {
        private readonly Tensor _table = Parameter("table", 9, 8);
        private readonly Tensor _norm = Parameter("norm", 1, 8);
        private readonly Tensor _wide = Parameter("wide", 24, 8);
        private readonly Tensor _back = Parameter("back", 24, 8);
        private readonly Tensor _bias = Parameter("bias", 1, 8);
        private readonly RopeTable _rope = new(100, 4, 100);

        public bool Frozen { get; init; }

        public float[] Pass(Tape tape, int tokens)
        {
            int[] ids = [.. Enumerable.Range(0, tokens).Select(i => i * i % 9)];
            var batch = new SequenceBatch(ids);
            _wide.NeedsGradient = !Frozen;
            _wide.ClearGradient();
            Tensor x = tape.Embed(_table, ids), h = x.RmsNorm(_norm, 1e-5f).Rotate(_rope, batch);
            x = x.Add(h.Attend(h, h, 4, batch, 0));
            h = x.Linear(_wide);
            x = x.Add(h.SwiGlu(h).Affine(_back, _bias));
            x.CrossEntropy(_table, ids, 1f);
            if (tape.Recording) tape.Backward();
            else tape.Reset();
            return _wide.Gradient.ToArray();
        }

        private static Tensor Parameter(string name, int rows, int columns)
        {
            Tensor tensor = Tensor.Parameter(name, rows, columns);
            new Inputs((ulong)name.Length).Even(tensor.Length).CopyTo(tensor.Data);
            return tensor;
        }
    }
}
