using Hearth.Numerics;

namespace Hearth.Models.Hub;

/// <summary>A hub of models can not be reached, refuses, or sends something other than was asked for.</summary>
/// <param name="message">What was asked of whom, what came, and what to do next.</param>
/// <param name="inner">The cause.</param>
public sealed class HubException(string message, Exception? inner = null) : HearthException(message, inner);
