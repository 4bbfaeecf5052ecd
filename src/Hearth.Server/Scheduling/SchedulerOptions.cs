using Hearth.Models.Architectures;
using Hearth.Models.Generation;
using Hearth.Numerics.Quantization;

namespace Hearth.Server.Scheduling;

/// <summary>What a <see cref="Scheduler"/> may use. None of it changes an answer but <see cref="CacheType"/>.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Threads that compute, for all models together.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The most bytes of keys and values in memory, running sequences and remembered prefixes together; a shared block counts once.</summary>
    public long KeyValueBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8;

    /// <summary>The most bytes of weights in memory, all models together.</summary>
    public long ModelBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 * 5;

    /// <summary>How long a model that nobody uses stays in memory.</summary>
    public TimeSpan UnloadAfter { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How caches hold keys and values: F32, F16 or Q8_0. Another type is another arithmetic: answers may differ.</summary>
    public TensorType CacheType { get; init; } = TensorType.F32;

    /// <summary>The most sequences of a model that run at a time.</summary>
    public int MostRunning { get; init; } = 64;

    /// <summary>The most requests that wait to run; more are refused.</summary>
    public int MostWaiting { get; init; } = 512;

    /// <summary>The most requests of one owner that wait to run.</summary>
    public int MostWaitingOfOwner { get; init; } = 256;

    /// <summary>The most tokens of prompts that a pass reads.</summary>
    public int PrefillRows { get; init; } = 512;

    /// <summary>
    /// About how long a pass may take for prompts' sake while answers are being written; up to eight times as long when more prompts wait than
    /// answers are written. Prompts are read in pieces that are expected to fit;
    /// zero leaves the smallest pieces, <see cref="Timeout.InfiniteTimeSpan"/> those of <see cref="PrefillRows"/>.
    /// </summary>
    public TimeSpan DecodeDelay { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>Whether prompts that begin alike are read once.</summary>
    public bool RemembersPrefixes { get; init; } = true;

    /// <summary>
    /// Whether owners share remembered prefixes. How fast an answer begins then tells one owner what another has asked; not, unless set.
    /// </summary>
    public bool SharesPrefixesBetweenOwners { get; init; }

    /// <summary>Proposes tokens for a model, to check several in one pass; null for not. What a draft model holds is not counted in the budgets.</summary>
    public Func<LanguageModel, Speculation?>? Speculation { get; init; }
}

/// <summary>How much of the machine a request's class gets when classes compete: each some times what the one below gets.</summary>
public enum RequestPriority
{
    /// <summary>Work that can wait: evaluation, batches.</summary>
    Low,

    /// <summary>Programs.</summary>
    Normal,

    /// <summary>People who watch the answer come.</summary>
    High,
}
