namespace Hearth.Numerics;

/// <summary>
/// An error the user can act on. The message names where, what was found and what was expected, and what to do next;
/// the command line prints the message alone, the server turns the same exception into a response body.
/// </summary>
/// <param name="message">The whole message, ending in what to do next.</param>
/// <param name="inner">The cause, shown with <c>--verbose</c>.</param>
public abstract class HearthException(string message, Exception? inner = null) : Exception(message, inner);
