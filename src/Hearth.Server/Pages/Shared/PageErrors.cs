using Hearth.Server.Api;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Pages.Shared;

/// <summary>Says errors to who looks at a page, in the words that clients of the interfaces get.</summary>
/// <param name="logs">The log of what nobody foresaw.</param>
public sealed class PageErrors(ILoggerFactory logs)
{
    /// <summary>An exception as a sentence.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="where">The page and what it did, for the log.</param>
    public string Sentence(Exception e, string where) => ApiErrors.Of(e, logs, where).Message;
}
