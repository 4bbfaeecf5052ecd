using Hearth.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>A chat template is not well formed, does what it may not, or stopped itself with <c>raise_exception</c>.</summary>
/// <param name="template">The template's name.</param>
/// <param name="line">The line of the construct, from 1.</param>
/// <param name="problem">What was found, what was expected, and what to do next.</param>
/// <param name="inner">The cause.</param>
public sealed class ChatTemplateException(string template, int line, string problem, Exception? inner = null)
    : HearthException($"{template}:{line}: {problem}", inner)
{
    /// <summary>The template's name.</summary>
    public string Template { get; } = template;

    /// <summary>The line, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The message without name and line.</summary>
    public string Problem { get; } = problem;

    /// <summary>True when the template itself refused its input with <c>raise_exception</c>.</summary>
    public bool RaisedByTemplate { get; init; }
}
