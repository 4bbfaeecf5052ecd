using System.Globalization;
using System.Security.Claims;
using Hearth.Server.Api;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Security;

/// <summary>Who asks.</summary>
/// <param name="Id">The key's id, by which what is theirs is kept; <see cref="LocalId"/> without a key.</param>
/// <param name="Name">Whose key it is.</param>
/// <param name="IsAdmin">Whether admins' routes are open to it.</param>
/// <param name="Limits">How much it may use.</param>
/// <param name="Models">The models it may ask; empty for all.</param>
public sealed record Caller(string Id, string Name, bool IsAdmin, KeyLimits Limits, IReadOnlyList<string> Models)
{
    /// <summary>The id of whoever asks on loopback while there are no keys.</summary>
    public const string LocalId = "local";

    private const string ModelClaim = "hearth:model", RequestsClaim = "hearth:requests", TokensClaim = "hearth:tokens", DayClaim = "hearth:tokens-day";

    /// <summary>Whoever asks on loopback while there are no keys: an admin, since the machine is theirs.</summary>
    public static readonly Caller Local = new(LocalId, LocalId, true, KeyLimits.None, []);

    /// <summary>Who holds a key.</summary>
    /// <param name="key">The key.</param>
    public static Caller Of(AccessKey key) => new(key.Id, key.Name, key.IsAdmin, key.Limits, key.Models);

    /// <summary>Who a request is from.</summary>
    /// <param name="user">As the server recognised them.</param>
    /// <exception cref="ApiException">Nobody was recognised.</exception>
    public static Caller Of(ClaimsPrincipal user)
    {
        string id = user.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new ApiException(401, "A key is needed here.", null, "invalid_api_key");
        var limits = new KeyLimits((int?)Number(user, RequestsClaim), (int?)Number(user, TokensClaim), Number(user, DayClaim));
        return new Caller(id, user.FindFirstValue(ClaimTypes.Name)!, user.IsInRole(AccessKey.Admin), limits, [.. user.FindAll(ModelClaim).Select(c => c.Value)]);
    }

    /// <summary>Whether they may ask a model.</summary>
    /// <param name="model">Its name.</param>
    public bool MayAsk(string model) => Models.Count == 0 || Models.Contains(model, StringComparer.Ordinal);

    /// <summary>Refuses a model they may not ask, in the words for one that is not there.</summary>
    /// <param name="model">Its name.</param>
    /// <exception cref="ApiException">They may not.</exception>
    public void RequireModel(string model)
    {
        if (!MayAsk(model)) throw new ApiException(404, $"There is no model '{Api.Wire.Query.Short(model)}' for this key. GET /v1/models lists those there are.", "model", "model_not_found");
    }

    /// <summary>Refuses whoever is no admin.</summary>
    /// <exception cref="ApiException">They are none: status 403.</exception>
    public void RequireAdmin()
    {
        if (!IsAdmin) throw new ApiException(403, "This is for admins. Ask one of them, or log in with an admin's key.", null, "forbidden");
    }

    /// <summary>As ASP.NET Core passes them along.</summary>
    /// <param name="scheme">How they were recognised.</param>
    public ClaimsPrincipal ToPrincipal(string scheme)
    {
        var claims = new List<Claim>
        {
            new(ClaimTypes.NameIdentifier, Id),
            new(ClaimTypes.Name, Name),
            new(ClaimTypes.Role, IsAdmin ? AccessKey.Admin : AccessKey.User),
        };
        claims.AddRange(Models.Select(m => new Claim(ModelClaim, m)));
        Add(RequestsClaim, Limits.RequestsPerMinute);
        Add(TokensClaim, Limits.TokensPerMinute);
        Add(DayClaim, Limits.TokensPerDay);
        return new ClaimsPrincipal(new ClaimsIdentity(claims, scheme));

        void Add(string type, long? limit)
        {
            if (limit is { } n) claims.Add(new Claim(type, n.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static long? Number(ClaimsPrincipal user, string type) => user.FindFirstValue(type) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}

/// <summary>Who a request is from.</summary>
public static class CallerOfRequest
{
    /// <summary>Who a request is from.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="ApiException">Nobody was recognised.</exception>
    public static Caller Caller(this HttpContext context) => Security.Caller.Of(context.User);
}
