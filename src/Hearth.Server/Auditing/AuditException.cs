using Hearth.Numerics;

namespace Hearth.Server.Auditing;

/// <summary>The audit log can not do what was asked.</summary>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class AuditException(string message, Exception? inner = null) : HearthException(message, inner);
