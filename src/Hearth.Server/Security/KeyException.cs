using Hearth.Numerics;

namespace Hearth.Server.Security;

/// <summary>A key can not be made or found.</summary>
/// <param name="message">What is wrong, and what to do.</param>
public sealed class KeyException(string message) : HearthException(message);
