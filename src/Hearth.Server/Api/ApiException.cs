using Hearth.Numerics;

namespace Hearth.Server.Api;

/// <summary>A request that is refused, with what the client is told.</summary>
/// <param name="status">HTTP's status code.</param>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="param">The field it is about; null for none.</param>
/// <param name="code">A word for programs; null for none.</param>
public sealed class ApiException(int status, string message, string? param = null, string? code = null) : HearthException(message)
{
    /// <summary>HTTP's status code.</summary>
    public int Status { get; } = status;

    /// <summary>The field it is about.</summary>
    public string? Param { get; } = param;

    /// <summary>A word for programs.</summary>
    public string? Code { get; } = code;

    /// <summary>Seconds after which to try again; null when that would not help.</summary>
    public int? RetryAfter { get; init; }
}
