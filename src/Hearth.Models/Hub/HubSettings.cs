namespace Hearth.Models.Hub;

/// <summary>Which hub is asked, and how.</summary>
public sealed record HubSettings
{
    /// <summary>The hub that is asked when <c>HF_ENDPOINT</c> names none.</summary>
    public static readonly Uri PublicHub = new("https://huggingface.co/");

    private const int LongestToken = 4096;

    /// <summary>The hub's address; ends in a slash.</summary>
    public Uri Endpoint { get; init; } = PublicHub;

    /// <summary>Sent to the hub itself as a bearer token, to no other host; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Whether the hub may send us to private addresses: of this machine or a local network.</summary>
    public bool AllowsPrivate { get; init; }

    /// <summary>How often in a row something is tried before it fails.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The pause before the second attempt; it doubles every time.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause, whatever the hub asks for.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long nothing may come before a connection counts as cut.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c> and <c>HEARTH_PULL_PRIVATE</c>.</summary>
    /// <param name="variable">An environment variable's value, or null.</param>
    /// <exception cref="HubException">One of them can not be used.</exception>
    public static HubSettings FromEnvironment(Func<string, string?> variable)
    {
        string? endpoint = Given("HF_ENDPOINT"), token = Given("HF_TOKEN");
        var settings = new HubSettings { Token = token, AllowsPrivate = Given("HEARTH_PULL_PRIVATE") is not (null or "0") };
        if (endpoint is not null) settings = settings with { Endpoint = Address(endpoint) };
        if (token is not null && (token.Length > LongestToken || token.Any(c => c is <= ' ' or > '~')))
            throw new HubException("HF_TOKEN holds characters that no token has, such as spaces. Set it to the token alone, or unset it.");
        if (token is not null && settings.Endpoint.Scheme != Uri.UriSchemeHttps && !settings.Endpoint.IsLoopback)
            throw new HubException($"HF_ENDPOINT is {settings.Endpoint}, and HF_TOKEN would be sent to it readable by everyone between. Use https, or unset HF_TOKEN.");
        return settings;

        string? Given(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out Uri? uri) && uri.Scheme is "https" or "http"
            && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
            ? uri
            : throw new HubException($"HF_ENDPOINT is '{Formats.Show.Name(text)}', expected the address of a hub such as https://huggingface.co.");
}
