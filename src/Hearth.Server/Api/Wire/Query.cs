using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.Wire;

/// <summary>The fields of an address: as those of a body, what nobody reads is an error naming it.</summary>
internal static class Query
{
    /// <summary>Refuses fields beside those that are known. A list's field may end in [].</summary>
    public static void Only(HttpContext context, params string[] names)
    {
        if (context.Request.Query.Keys.FirstOrDefault(k => !names.Contains(k.EndsWith("[]", StringComparison.Ordinal) ? k[..^2] : k, StringComparer.Ordinal)) is not { } unknown) return;
        throw new ApiException(400, $"The field '{Short(unknown)}' of the address is not known or not supported here. Leave it out.", Short(unknown), "unknown_parameter");
    }

    public static string? Text(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } text, ..] ? text : null;

    public static int? Whole(HttpContext context, string name, int least, int most)
    {
        if (Text(context, name) is not { } text) return null;
        bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return isNumber && number >= least && number <= most ? number
            : throw new ApiException(400, $"The field '{name}' is '{Short(text)}', expected {least} to {most}.", name, "invalid_value");
    }

    public static string? OneOf(HttpContext context, string name, params string[] choices)
    {
        if (Text(context, name) is not { } text) return null;
        return choices.Contains(text, StringComparer.Ordinal) ? text
            : throw new ApiException(400, $"The field '{name}' is '{Short(text)}', expected {string.Join(", ", choices)}.", name, "invalid_value");
    }

    /// <summary>What a client sent, as far as an error shows it.</summary>
    public static string Short(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
