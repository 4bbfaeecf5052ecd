using System.Runtime.InteropServices;
using Hearth.Numerics;

namespace Hearth.Server.Scheduling;

/// <summary>
/// The memory of keys and values, all models together: how much is free, and who makes room when it is short: first what is only remembered, least
/// recently used first, then sequences that run. For the scheduler's thread alone.
/// </summary>
/// <param name="budget">Bytes.</param>
internal sealed class CacheMemory(long budget)
{
    private readonly List<ModelLane> _lanes = [];

    /// <summary>Bytes there are.</summary>
    public long Budget { get; } = budget;

    /// <summary>The blocks.</summary>
    public BlockPool Blocks { get; } = new(budget) { MostTogether = budget };

    /// <summary>Bytes that the pass in the making will take.</summary>
    public long Planned { get; set; }

    /// <summary>Uses of remembered prefixes so far: a clock.</summary>
    public long Now { get; private set; }

    /// <summary>The models in memory.</summary>
    public ReadOnlySpan<ModelLane> Lanes => CollectionsMarshal.AsSpan(_lanes);

    /// <summary>Bytes that are free.</summary>
    public long Free => Budget - Blocks.BytesInUse - Planned;

    /// <summary>A later time than before.</summary>
    public long Tick() => ++Now;

    public void Add(ModelLane lane) => _lanes.Add(lane);

    public void Remove(ModelLane lane) => _lanes.Remove(lane);

    /// <summary>Gives up remembered prefixes until so much is free.</summary>
    /// <param name="bytes">Bytes wanted.</param>
    /// <returns>Whether it is.</returns>
    public bool Make(long bytes)
    {
        if (Free >= bytes) return true;
        long spare = Free;
        foreach (ModelLane lane in _lanes) spare += lane.Prefixes.BytesUnused();
        if (spare < bytes) return false;                                         // what is remembered would be lost for nothing
        while (Free < bytes)
        {
            ModelLane? oldest = null;
            foreach (ModelLane lane in _lanes)
            {
                if (!lane.Prefixes.IsSpent && (oldest is null || lane.Prefixes.Oldest < oldest.Prefixes.Oldest)) oldest = lane;
            }
            if (oldest is null) break;
            if (_lanes.Count == 1) oldest.Prefixes.Evict(() => Free >= bytes);
            else oldest.Prefixes.EvictOne();
        }
        foreach (ModelLane lane in _lanes) lane.Prefixes.IsSpent = false;
        return Free >= bytes;
    }

    /// <summary>Bytes that prompts which are being read have yet to take.</summary>
    public long Promised()
    {
        long bytes = 0;
        foreach (ModelLane lane in _lanes) bytes += lane.Promised();
        return bytes;
    }

    /// <summary>The running request that makes room first: the lowest class, and of it the youngest. Null when none runs.</summary>
    public (ModelLane Lane, Request Request)? Victim()
    {
        (ModelLane Lane, Request Request)? worst = null;
        foreach (ModelLane lane in _lanes)
        {
            if (lane.Last is { } last && (worst is not { } known || IsBefore(known.Request, last))) worst = (lane, last);
        }
        return worst;
    }

    /// <summary>How many requests run.</summary>
    public int Running()
    {
        int running = 0;
        foreach (ModelLane lane in _lanes) running += lane.Running;
        return running;
    }

    /// <summary>Whether a request keeps its memory longer than another.</summary>
    public static bool IsBefore(Request a, Request b) => a.Rank != b.Rank ? a.Rank > b.Rank : a.Number < b.Number;
}
