namespace Hearth.Models.Generation.Constraints;

/// <summary>The formats of JSON schema (draft 2020-12 validation, section 7.3) that can be kept, as patterns of the whole text.</summary>
internal static class SchemaFormats
{
    private const string LeapYear = @"(?:[1-9]\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)";
    private const string Date = @"(?:[1-9]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|" + LeapYear + "-02-29)";
    private const string Time = @"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))";
    private const string Days = @"(?:\d{1,6}Y(?:\d{1,6}M(?:\d{1,6}D)?)?|\d{1,6}M(?:\d{1,6}D)?|\d{1,6}D)";
    private const string Hours = @"T(?:\d{1,6}H(?:\d{1,6}M(?:\d{1,6}S)?)?|\d{1,6}M(?:\d{1,6}S)?|\d{1,6}S)";
    private const string Byte = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string H = "[0-9a-fA-F]{1,4}";
    private const string Label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    private const string Word = "[a-zA-Z0-9](?:[a-zA-Z0-9_+-]{0,30}[a-zA-Z0-9])?";
    private const string Unreserved = @"(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})";
    private const string Path = $@"(?:/{Unreserved}*)*(?:\?(?:{Unreserved}|[/?])*)?(?:#(?:{Unreserved}|[/?])*)?";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = $@"P(?:{Days}(?:{Hours})?|{Hours}|\d{{1,6}}W)",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["ipv4"] = $@"{Byte}\.{Byte}\.{Byte}\.{Byte}",
        ["ipv6"] = $"(?:{H}:){{7}}{H}|(?:{H}:){{1,7}}:|(?:{H}:){{1,6}}:{H}|(?:{H}:){{1,5}}(?::{H}){{1,2}}|(?:{H}:){{1,4}}(?::{H}){{1,3}}|"
            + $"(?:{H}:){{1,3}}(?::{H}){{1,4}}|(?:{H}:){{1,2}}(?::{H}){{1,5}}|{H}:(?::{H}){{1,6}}|:(?::{H}){{1,7}}|::",
        ["hostname"] = $@"{Label}(?:\.{Label}){{0,3}}",
        ["email"] = $@"{Word}(?:\.{Word})?@{Label}(?:\.{Label})?\.[a-zA-Z]{{2,24}}",
        ["uri"] = $@"[a-zA-Z][a-zA-Z0-9+.-]{{0,15}}://{Label}(?:\.{Label}){{0,3}}(?::[1-9]\d{{0,3}})?{Path}",
        ["uri-reference"] = $@"(?:[a-zA-Z][a-zA-Z0-9+.-]{{0,15}}://{Label}(?:\.{Label}){{0,3}}(?::[1-9]\d{{0,3}})?)?{Path}",
    };

    /// <summary>Formats of numbers (OpenAPI). Only the first asks for more than a JSON number has.</summary>
    private static readonly string[] Numbers = ["int32", "int64", "float", "double"];

    /// <summary>The pattern of a text's format.</summary>
    /// <exception cref="ConstraintException">It is not known.</exception>
    public static string Pattern(string format, string path) => Patterns.TryGetValue(format, out string? pattern) ? pattern
        : throw new ConstraintException(path, $"the format '{format}' of a text can not be kept. Leave it out, or use one of {Names(Patterns.Keys)}.");

    /// <summary>Refuses formats of numbers that are not known.</summary>
    public static void RequireNumber(string format, string path)
    {
        if (!Numbers.Contains(format))
            throw new ConstraintException(path, $"the format '{format}' of a number can not be kept. Leave it out, or use one of {Names(Numbers)}.");
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
