namespace Hearth.Models.Generation.Constraints;

/// <summary>The formats of JSON schema that are kept (draft 2020-12 validation, section 7.3). Others say nothing, as the standard has it.</summary>
internal static class SchemaFormats
{
    private const string Date = @"[1-9]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)";
    private const string Time = @"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)";
    private const string Byte = @"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";
    private const string Label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["ipv4"] = $@"{Byte}\.{Byte}\.{Byte}\.{Byte}",
        ["hostname"] = $@"{Label}(?:\.{Label}){{0,3}}",
        ["email"] = $@"[a-zA-Z0-9_+-]{{1,32}}(?:\.[a-zA-Z0-9_+-]{{1,15}}){{0,1}}@{Label}(?:\.{Label}){{1,2}}",
    };

    /// <summary>The pattern of a format; null for one that says nothing.</summary>
    public static string? Pattern(string format) => Patterns.GetValueOrDefault(format);
}
