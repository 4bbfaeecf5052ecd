using Hearth.Numerics;

namespace Hearth.Server.Tools;

/// <summary>A server of tools can not be used, or failed.</summary>
/// <param name="server">Its name here.</param>
/// <param name="problem">What is wrong, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class ToolException(string server, string problem, Exception? inner = null) : HearthException($"The tool server '{server}' {problem}", inner);

/// <summary>
/// A server of tools that speaks the Model Context Protocol: a program that is started, or an address. Of its tools only those that are named are offered
/// to models.
/// </summary>
public sealed record ToolServerSpec
{
    private const int LongestName = 32, LongestVariable = 100;

    /// <summary>What it is called here: letters, digits and '-'.</summary>
    public required string Name { get; init; }

    /// <summary>The program; null for a server with an address.</summary>
    public string? Command { get; init; }

    /// <summary>The program's arguments.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Names of environment variables that the program gets beside PATH, HOME and the like. Their values are not kept.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>The address; null for a program.</summary>
    public string? Url { get; init; }

    /// <summary>The environment variable that holds the address's key, sent as a bearer token; null for none.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>The tools that may be called, by the server's own names.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Whether everybody with a key may use them in the browser; else admins alone.</summary>
    public bool ForUsers { get; init; }

    /// <summary>Seconds that a call may take.</summary>
    public int TimeoutSeconds { get; init; } = 60;

    /// <summary>Where it is, for people.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Place => Url ?? string.Join(' ', [Command!, .. Args]);

    /// <summary>Checks all of it.</summary>
    /// <returns>The same.</returns>
    /// <exception cref="ToolException">Something of it can not be used.</exception>
    public ToolServerSpec Checked()
    {
        if (Name.Length is 0 or > LongestName || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw Wrong($"needs another name: up to {LongestName} letters, digits and '-'.");
        if (Command is null == Url is null) throw Wrong("needs a program or an address, one of both.");
        if (Command is { Length: 0 } || Args.Concat(Tools).Any(t => t.Contains('\0', StringComparison.Ordinal))) throw Wrong("needs the name of a program.");
        if (Env.Append(KeyVariable ?? "X").FirstOrDefault(v => v.Length is 0 or > LongestVariable || !v.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) is { } variable)
            throw Wrong($"names the environment variable '{variable}', expected letters, digits and '_'. Values are not kept.");
        if (TimeoutSeconds is < 1 or > 3600) throw Wrong($"has {TimeoutSeconds} seconds for a call, expected 1 to 3600.");
        if (Url is null) return KeyVariable is null ? this : throw Wrong("is a program and needs no key of its own. Name a variable for it instead.");
        if (!Uri.TryCreate(Url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
            throw Wrong($"has the address '{Url}', expected one such as https://tools.example.org/mcp.");
        if (KeyVariable is not null && uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback) throw Wrong("would be sent its key readable by everyone between. Use https.");
        return Args.Count + Env.Count == 0 ? this : throw Wrong("has an address, and arguments or variables that only a program can have.");
    }

    private ToolException Wrong(string problem) => new(Name, problem);
}
