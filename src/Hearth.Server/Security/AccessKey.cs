using Hearth.Server.State;

namespace Hearth.Server.Security;

/// <summary>How much a key may use; null is without limit.</summary>
/// <param name="RequestsPerMinute">Requests in a minute.</param>
/// <param name="TokensPerMinute">Tokens, read and written, in a minute.</param>
/// <param name="TokensPerDay">Tokens, read and written, in a day of UTC.</param>
public sealed record KeyLimits(int? RequestsPerMinute = null, int? TokensPerMinute = null, long? TokensPerDay = null)
{
    /// <summary>Without any limit.</summary>
    public static readonly KeyLimits None = new();

    /// <summary>The limits in words; empty for none.</summary>
    public string Describe()
    {
        var parts = new List<string>();
        if (RequestsPerMinute is { } requests) parts.Add($"{requests:N0} requests/minute");
        if (TokensPerMinute is { } tokens) parts.Add($"{tokens:N0} tokens/minute");
        if (TokensPerDay is { } today) parts.Add($"{today:N0} tokens/day");
        return string.Join("; ", parts);
    }
}

/// <summary>A key as those who keep it see it; its secret is known to its owner alone.</summary>
/// <param name="Id">The open part of the key.</param>
/// <param name="Name">Whose it is.</param>
/// <param name="IsAdmin">Whether it opens what is for admins.</param>
/// <param name="Limits">How much it may use.</param>
/// <param name="Models">The models it may ask; empty for all.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">When it ends by itself.</param>
/// <param name="Revoked">When it was revoked.</param>
public sealed record AccessKey(
    string Id, string Name, bool IsAdmin, KeyLimits Limits, IReadOnlyList<string> Models, DateTime Created, DateTime? Expires, DateTime? Revoked)
{
    /// <summary>What a role is called.</summary>
    public const string User = "user", Admin = "admin";

    /// <summary><see cref="User"/> or <see cref="Admin"/>.</summary>
    public string Role => IsAdmin ? Admin : User;

    /// <summary>Whether it opens the server at a time.</summary>
    /// <param name="now">The time, UTC.</param>
    public bool HoldsAt(DateTime now) => Revoked is null && (Expires is not { } end || now < end);

    /// <summary>How it stands at a time, in words.</summary>
    /// <param name="now">The time, UTC.</param>
    public string StateAt(DateTime now) => this switch
    {
        { Revoked: { } when } => $"revoked {when:yyyy-MM-dd}",
        { Expires: { } end } => HoldsAt(now) ? $"until {end:yyyy-MM-dd}" : $"ended {end:yyyy-MM-dd}",
        _ => "holds",
    };

    internal static AccessKey Of(KeyRow row) => new(
        row.Id, row.Name, row.Role == Admin, new KeyLimits(row.RequestsPerMinute, row.TokensPerMinute, row.TokensPerDay),
        row.Models?.Split('\n') ?? [], row.Created, row.Expires, row.Revoked);
}
