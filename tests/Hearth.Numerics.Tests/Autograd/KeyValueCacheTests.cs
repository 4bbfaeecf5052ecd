using Hearth.Numerics.Operations;
using Shouldly;
using Xunit;

namespace Hearth.Numerics.Tests.Autograd;

public sealed class KeyValueCacheTests
{
    private const int Size = 16;

    [Fact]
    public void A_layer_with_a_window_gives_blocks_back_and_the_pool_is_bounded()
    {
        const int Block = Size * 64 * 2 * sizeof(float);
        var pool = new BlockPool(3 * Block);
        var cache = new KeyValueCache(2, 1, Size, windows: [0, 100], pool: pool);
        Fill(cache, 1_000);
        cache.BytesHeld.ShouldBe((16 + 3) * Block);                                        // 1,000 positions; those from 837 on, in blocks
        pool.BytesHeld.ShouldBe(Block);                                                    // given back last; passes took those before again
        cache.CanTruncate(1_000 - KeyValueCache.Slack).ShouldBeTrue();
        cache.CanTruncate(500).ShouldBeFalse();
        Should.Throw<ArgumentOutOfRangeException>(() => cache.Truncate(500));
        cache.Truncate(0);
        Fill(cache, 10);
        cache.Clear();
        cache.BytesHeld.ShouldBe(0);
        pool.BytesHeld.ShouldBe(3 * Block);
        var next = new KeyValueCache(1, 1, Size, pool: pool);
        Fill(next, 65);
        pool.BytesHeld.ShouldBe(Block);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void A_forked_cache_and_its_origin_go_on_without_seeing_each_other(int window)
    {
        foreach (int shared in (int[])[1, 63, 64, 100, 128])
        {
            KeyValueCache New() => new(1, 1, Size, windows: [window]);
            KeyValueCache origin = New(), plain = New(), other = New();
            Fill(origin, shared);
            Fill(plain, shared);
            Fill(other, shared);
            KeyValueCache fork = origin.Fork();
            float[] a = Fill(origin, 40, seed: 1), b = Fill(fork, 40, seed: 2);
            float[] alone = Fill(plain, 40, seed: 1), alone2 = Fill(other, 40, seed: 2);
            a.ShouldBe(alone, $"{shared} shared");
            b.ShouldBe(alone2, $"{shared} shared");
            origin.Truncate(shared);
            Fill(origin, 30, seed: 2).ShouldBe(alone2[..(30 * Size)]);
            fork.Length.ShouldBe(shared + 40);
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(50, true)]
    [InlineData(100, true)]
    [InlineData(100, false)]
    public void A_cache_that_begins_with_pages_goes_on_as_the_one_they_came_from(int window, bool windows)
    {
        const int Block = Size * 64 * 2 * sizeof(float);
        var pool = new BlockPool(long.MaxValue);
        KeyValueCache New() => new(2, 1, Size, windows: [0, window], pool: pool);
        KeyValueCache origin = New(), plain = New();
        Fill(origin, 200);
        Fill(plain, 192);
        CachePage[] pages = [.. Enumerable.Range(0, 3).Select(i => origin.Page(i, windows))];
        KeyValueCache begun = New();
        begun.CanBegin(pages).ShouldBe(windows || window == 0);
        if (!windows)
        {
            Should.Throw<InvalidOperationException>(() => begun.Begin(pages));
            for (int i = 0; i < 3; i++) origin.Complete(pages[i], i);
        }
        long inUse = pool.BytesInUse;
        begun.Begin(pages);
        begun.Length.ShouldBe(192);
        pool.BytesInUse.ShouldBe(inUse);                                                   // all shared
        begun.BytesNeeded(1).ShouldBe(2 * Block);
        pages[0].IsShared.ShouldBeTrue();
        Fill(origin, 40, seed: 3);
        Fill(begun, 100, seed: 1).ShouldBe(Fill(plain, 100, seed: 1));
        Should.Throw<InvalidOperationException>(() => begun.Begin(pages));
        Should.Throw<ArgumentOutOfRangeException>(() => begun.Page(4));                     // 292 positions: its fifth block is not full
        origin.Clear();
        begun.Clear();
        plain.Clear();
        pages[2].IsShared.ShouldBeFalse();
        foreach (CachePage page in pages) page.Release();
        pool.BytesInUse.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    public void Bytes_that_tokens_will_take_are_known_before(int window)
    {
        var pool = new BlockPool(long.MaxValue);
        var cache = new KeyValueCache(3, 1, Size, windows: [0, window, window], pool: pool);
        for (int length = 0; length < 700; length += 50)
        {
            long needed = cache.BytesNeeded(50);
            using var watch = new MostInUse(pool);
            Fill(cache, 50, watch: watch);
            watch.Most.ShouldBe(watch.First + needed);
            pool.BytesInUse.ShouldBe(cache.BytesHeld);
            cache.BytesHeld.ShouldBeLessThanOrEqualTo(cache.BytesFor(length + 50));
        }
        KeyValueCache fork = cache.Fork();
        fork.Truncate(fork.Length - 30);
        long before = pool.BytesInUse, copies = fork.BytesNeeded(10);
        Fill(fork, 10);
        (pool.BytesInUse - before).ShouldBe(copies);
    }

    [Fact]
    public void A_pool_lets_free_blocks_go_when_they_and_those_in_use_are_too_many()
    {
        const int Block = Size * 64 * 2 * sizeof(float);
        var pool = new BlockPool(10 * Block) { MostTogether = 4 * Block };
        var small = new KeyValueCache(1, 1, Size, pool: pool);
        Fill(small, 256);
        (pool.BytesInUse, pool.BytesHeld).ShouldBe((4L * Block, 0L));
        small.Clear();
        (pool.BytesInUse, pool.BytesHeld).ShouldBe((0L, 4L * Block));
        var large = new KeyValueCache(1, 2, Size, pool: pool);                             // blocks twice as long
        Fill(large, 64, columns: 2 * Size);
        (pool.BytesInUse, pool.BytesHeld).ShouldBe((2L * Block, 2L * Block));
    }

    /// <summary>The most bytes in use while something runs.</summary>
    private sealed class MostInUse(BlockPool pool) : IDisposable
    {
        public long First { get; } = pool.BytesInUse;

        public long Most { get; private set; }

        public void Look() => Most = Math.Max(Most, pool.BytesInUse);

        public void Dispose() => Look();
    }

    /// <summary>Appends rows and attends to them in every layer; the last layer's result.</summary>
    private static float[] Fill(KeyValueCache cache, int count, long seed = 7, int columns = Size, MostInUse? watch = null)
    {
        var tape = new Tape(WorkerPool.Alone, recording: false);
        int layers = cache.Layers;
        float[] result = [];
        for (int done = 0; done < count;)
        {
            int rows = Math.Min(50, count - done);
            var batch = new SequenceBatch(new int[rows], cache);
            for (int layer = 0; layer < layers; layer++)
            {
                Tensor x = tape.New(rows, columns);
                var random = new Philox(seed, "test");
                for (int i = 0; i < x.Length; i++) x.Data[i] = (float)random.Normal((done * columns) + i);
                Tensor o = x.Attend(x, x, new AttentionShape(Size) with { Window = cache.Window(layer) }, batch, layer);
                if (layer == layers - 1) result = [.. result, .. o.Data];
            }
            watch?.Look();
            batch.Commit();
            tape.Reset();
            done += rows;
        }
        return result;
    }
}
