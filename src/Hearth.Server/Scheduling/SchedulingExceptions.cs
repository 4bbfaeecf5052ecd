using Hearth.Numerics;

namespace Hearth.Server.Scheduling;

/// <summary>More requests wait than may, or the server is shutting down.</summary>
/// <param name="message">What there is too much of.</param>
/// <param name="retryAfter">When a place is likely to be free; whole seconds, at least one.</param>
public sealed class BusyException(string message, TimeSpan retryAfter)
    : HearthException($"{message} Try again in {retryAfter.TotalSeconds:0} s.")
{
    /// <summary>When a place is likely to be free; whole seconds, at least one.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>There is no model of a name.</summary>
/// <param name="name">The name.</param>
public sealed class UnknownModelException(string name) : HearthException($"There is no model '{(name.Length <= 80 ? name : name[..80] + "...")}'. The list of models has the names.")
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}

/// <summary>A model or a sequence takes more memory than it could ever get.</summary>
/// <param name="what">What does not fit.</param>
/// <param name="needed">Bytes.</param>
/// <param name="budget">Bytes.</param>
/// <param name="then">What to do.</param>
public sealed class MemoryBudgetException(string what, long needed, long budget, string then)
    : HearthException($"{what} takes {needed:N0} bytes and the budget is {budget:N0}. {then}")
{
    /// <summary>Bytes it takes.</summary>
    public long Needed { get; } = needed;

    /// <summary>Bytes there are.</summary>
    public long Budget { get; } = budget;
}
