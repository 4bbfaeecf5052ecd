using Hearth.Numerics;

namespace Hearth.Models.Remote;

/// <summary>What kind of thing went wrong with a remote model.</summary>
public enum RemoteFailure
{
    /// <summary>It does not listen, or its certificate can not be trusted.</summary>
    Unreachable,

    /// <summary>Nothing came for too long.</summary>
    TimedOut,

    /// <summary>What it sent is not what the interface says, or was cut short.</summary>
    Broken,

    /// <summary>It refuses this request, and says why.</summary>
    Refused,

    /// <summary>It takes no more requests of ours for now.</summary>
    Limited,

    /// <summary>It has too much to do; later it may answer.</summary>
    Busy,

    /// <summary>Its key is missing here, or it does not take it.</summary>
    Key,

    /// <summary>No remote model can do it, or this one can not.</summary>
    CanNot,
}

/// <summary>A remote model can not be asked, or did not answer as it should.</summary>
/// <param name="model">The model's name here.</param>
/// <param name="failure">What kind of thing went wrong.</param>
/// <param name="problem">What it did, after its name; never holds its key.</param>
/// <param name="inner">The cause.</param>
public sealed class RemoteException(string model, RemoteFailure failure, string problem, Exception? inner = null)
    : HearthException($"The remote model '{model}' {problem}", inner)
{
    /// <summary>What kind of thing went wrong.</summary>
    public RemoteFailure Failure => failure;

    /// <summary>When it asks to be asked again; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
