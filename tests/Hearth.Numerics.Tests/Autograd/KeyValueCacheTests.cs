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
        cache.BytesHeld.ShouldBe((16 + 3) * Block);                                        // 1,000 positions; those from 1,000 - 64 - 99 on, in block 13
        pool.BytesInUse.ShouldBe((16 + 3) * Block);
        pool.BytesHeld.ShouldBeLessThanOrEqualTo(3 * Block);                               // what a window gave back was used again for what came
        cache.CanTruncate(1_000 - KeyValueCache.Slack).ShouldBeTrue();
        cache.CanTruncate(500).ShouldBeFalse();
        Should.Throw<ArgumentOutOfRangeException>(() => cache.Truncate(500));
        cache.Truncate(0);
        Fill(cache, 10);
        cache.Clear();
        cache.BytesHeld.ShouldBe(0);
        pool.BytesHeld.ShouldBe(3 * Block);                                                // more were given back than it keeps
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

    /// <summary>Appends rows and attends to them in every layer; the last layer's result.</summary>
    private static float[] Fill(KeyValueCache cache, int count, long seed = 7)
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
                Tensor x = tape.New(rows, Size);
                var random = new Philox(seed, "test");
                for (int i = 0; i < x.Length; i++) x.Data[i] = (float)random.Normal((done * Size) + i);
                Tensor o = x.Attend(x, x, new AttentionShape(Size) with { Window = cache.Window(layer) }, batch, layer);
                if (layer == layers - 1) result = [.. result, .. o.Data];
            }
            batch.Commit();
            tape.Reset();
            done += rows;
        }
        return result;
    }
}
