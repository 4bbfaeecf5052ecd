using Hearth.Numerics;

namespace Hearth.Server.Hosting;

/// <summary>A server can not start, or would not be safe.</summary>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class ServerStartException(string message, Exception? inner = null) : HearthException(message, inner);
