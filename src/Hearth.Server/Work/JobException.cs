using Hearth.Numerics;

namespace Hearth.Server.Work;

/// <summary>Work can not be begun, or not on what was named.</summary>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class JobException(string message, Exception? inner = null) : HearthException(message, inner);
