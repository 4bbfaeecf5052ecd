using System.Text.Json;

namespace Hearth.Models.Bundles;

/// <summary>Fields of config.json with bounds, each error naming its key.</summary>
internal sealed class ConfigFields(string path, JsonElement root, string within = "")
{
    public bool Has(string name) => Find(name) is not null;

    public string Text(string name, string? otherwise = null) => Find(name) switch
    {
        { ValueKind: JsonValueKind.String } e => e.GetString()!,
        null when otherwise is not null => otherwise,
        JsonElement e => throw Bad(name, $"{e.ValueKind}", "a text"),
        null => throw Bad(name, "nothing", "a text"),
    };

    public int Whole(string name, int most, int? otherwise = null)
    {
        JsonElement? found = Find(name);
        if (found is null && otherwise is not null) return otherwise.Value;
        if (found is { ValueKind: JsonValueKind.Number } e && e.TryGetInt32(out int value) && value >= 1 && value <= most) return value;
        throw Bad(name, found is null ? "nothing" : Shorten(found.Value.GetRawText()), $"a whole number from 1 to {most:N0}");
    }

    /// <summary>A whole number that may be 0, as where 0 stands for none.</summary>
    public int Count(string name, int most, int otherwise)
    {
        JsonElement? found = Find(name);
        if (found is null) return otherwise;
        if (found is { ValueKind: JsonValueKind.Number } e && e.TryGetInt32(out int value) && value >= 0 && value <= most) return value;
        throw Bad(name, Shorten(found.Value.GetRawText()), $"a whole number from 0 to {most:N0}");
    }

    /// <summary>Numbers of a list, so many; null when there is none.</summary>
    public double[]? Numbers(string name, int count)
    {
        if (Find(name) is not { } found) return null;
        if (found.ValueKind != JsonValueKind.Array || found.GetArrayLength() != count) throw Bad(name, Shorten(found.GetRawText()), $"a list of {count} numbers");
        return [.. found.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out double v) && v is > 0 and < 1e12
            ? v
            : throw Bad(name, Shorten(e.GetRawText()), "positive numbers"))];
    }

    /// <summary>The fields of an object inside; null when there is none.</summary>
    public ConfigFields? Inside(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } e => new ConfigFields(path, e, $"{within}{name}."),
        { } e => throw Bad(name, $"{e.ValueKind}", "an object"),
    };

    public double Number(string name, double most, double otherwise)
    {
        JsonElement? found = Find(name);
        if (found is null) return otherwise;
        if (found.Value.ValueKind == JsonValueKind.Number && found.Value.TryGetDouble(out double value) && value > 0 && value <= most) return value;
        throw Bad(name, Shorten(found.Value.GetRawText()), $"a positive number up to {most:N0}");
    }

    public bool Flag(string name, bool otherwise) => Find(name)?.ValueKind switch
    {
        null => otherwise,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(name, "another value", "true or false"),
    };

    public ModelFileException Bad(string name, string found, string expected) =>
        new(path, $"'{within}{name}' is {found}, expected {expected}.");

    public static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private JsonElement? Find(string name)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new ModelFileException(path, $"holds {root.ValueKind}, expected an object.");
        return root.TryGetProperty(name, out JsonElement e) && e.ValueKind != JsonValueKind.Null ? e : null;
    }
}
