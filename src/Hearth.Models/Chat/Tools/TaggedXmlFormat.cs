using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Chat.Tools;

/// <summary>Calls as tags: one for the call, one for each argument, whose value is plain text, or JSON where the tool's schema does not say string.</summary>
internal sealed class TaggedXmlFormat : ToolFormat
{
    private const string ArgumentEnd = "</parameter>";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _open, _close, _callBegin, _callEnd, _argumentBegin, _nameEnd;
    private readonly bool _together;             // all calls between one pair of marks

    private TaggedXmlFormat(string open, string close, string callBegin, string callEnd, string argumentBegin, string nameEnd, bool together) =>
        (_open, _close, _callBegin, _callEnd, _argumentBegin, _nameEnd, _together) = (open, close, callBegin, callEnd, argumentBegin, nameEnd, together);

    /// <summary>Qwen 3 Coder: <c>&lt;tool_call&gt;&lt;function=name&gt;&lt;parameter=key&gt;value&lt;/parameter&gt;...</c>.</summary>
    public static TaggedXmlFormat Qwen { get; } =
        new("<tool_call>", "</tool_call>", "<function=", "</function>", "<parameter=", ">", together: false);

    /// <summary>MiniMax M2: <c>&lt;minimax:tool_call&gt;&lt;invoke name="..."&gt;&lt;parameter name="..."&gt;value&lt;/parameter&gt;...</c>.</summary>
    public static TaggedXmlFormat MiniMax { get; } =
        new("<minimax:tool_call>", "</minimax:tool_call>", "<invoke name=\"", "</invoke>", "<parameter name=\"", "\">", together: true);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opens => [_open];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks => [_open, _close];

    /// <inheritdoc/>
    public override bool Verbatim => false;

    /// <inheritdoc/>
    public override CallRegion Read(string text, IReadOnlyList<Tool> tools)
    {
        var calls = new List<PartialCall>();
        int at = text.StartsWith(_open, StringComparison.Ordinal) ? _open.Length : 0;
        while (true)
        {
            at = PartialJson.SkipSpace(text, at);
            if (Begins(text, at, _close)) return new CallRegion(calls, at + _close.Length);
            if (!Begins(text, at, _callBegin))
            {
                bool coming = at >= text.Length || _close.StartsWith(text[at..], StringComparison.Ordinal) || _callBegin.StartsWith(text[at..], StringComparison.Ordinal);
                return new CallRegion(calls, coming ? null : at);
            }
            int nameEnd = text.IndexOf(_nameEnd, at, StringComparison.Ordinal);
            if (nameEnd < 0) return new CallRegion(calls, null);
            string name = text[(at + _callBegin.Length)..nameEnd].Trim();
            at = nameEnd + _nameEnd.Length;
            bool complete = Arguments(text, ref at, tools.FirstOrDefault(t => t.Name == name), out string arguments);
            calls.Add(new PartialCall(name, arguments, complete));
            if (!complete) return new CallRegion(calls, null);
        }
    }

    /// <inheritdoc/>
    public override (string Before, string Between, string After) Around => _together ? ($"{_open}\n", "\n", $"\n{_close}") : ("", "\n", "");

    /// <inheritdoc/>
    public override (string Before, string After) Frame(string name) =>
        ($"{(_together ? "" : $"{_open}\n")}{_callBegin}{name}{_nameEnd}\n", _callEnd + (_together ? "" : $"\n{_close}"));

    /// <summary>The schema's properties in their order; what need not be there may be left out.</summary>
    public override GrammarNode Arguments(GrammarRules rules, Tool tool)
    {
        using JsonDocument schema = Parse(tool);
        if (!schema.RootElement.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return GrammarNode.All(GrammarNode.Text(_argumentBegin), new OneOf([('<', '>'), ('"', '"'), ('\n', '\n')]).Others().Repeat(1, null), GrammarNode.Text(_nameEnd), Value(rules)).Repeat(0, null);
        }
        var parts = new List<GrammarNode>();
        string[] required = schema.RootElement.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(n => n.ToString())] : [];
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            GrammarNode value = !IsText(tool, property.Name)
                ? GrammarNode.All(GrammarNode.Text("\n"), JsonSchemaReader.Add(rules, Alone(property.Value, schema.RootElement)), GrammarNode.Text($"\n{ArgumentEnd}\n"))
                : property.Value.TryGetProperty("enum", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array
                ? GrammarNode.All(GrammarNode.Text("\n"), GrammarNode.Any([.. choices.EnumerateArray().Select(c => GrammarNode.Text(c.ToString()))]), GrammarNode.Text($"\n{ArgumentEnd}\n"))
                : Value(rules, property.Value);
            GrammarNode part = GrammarNode.All(GrammarNode.Text(_argumentBegin + property.Name + _nameEnd), value);
            parts.Add(required.Contains(property.Name, StringComparer.Ordinal) ? part : part.Maybe());
        }
        return GrammarNode.All([.. parts]);
    }

    /// <summary>A part of a schema with the definitions that it may refer to.</summary>
    private static string Alone(JsonElement part, JsonElement schema)
    {
        if (JsonNode.Parse(part.GetRawText()) is not JsonObject alone) return part.GetRawText();
        foreach (string key in (string[])["$defs", "definitions"])
        {
            if (!alone.ContainsKey(key) && schema.TryGetProperty(key, out JsonElement definitions)) alone[key] = JsonNode.Parse(definitions.GetRawText());
        }
        return alone.ToJsonString();
    }

    /// <summary>A text that ends before the next tag. Of what the schema of a text may ask, its length is kept; then it has no tag at all.</summary>
    private static GrammarNode Value(GrammarRules rules, JsonElement schema = default)
    {
        int? least = Length("minLength"), most = Length("maxLength");
        GrammarNode text = least is null && most is null ? rules.TextWithout(ArgumentEnd) : new OneOf([('<', '<')]).Others().Repeat(least ?? 0, most);
        return GrammarNode.All(GrammarNode.Text("\n"), text, GrammarNode.Text($"\n{ArgumentEnd}\n"));

        int? Length(string key) => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(key, out JsonElement length)
            && length.ValueKind == JsonValueKind.Number && length.TryGetInt32(out int count) && count >= 0 ? count : null;
    }

    /// <summary>The arguments as JSON, as far as they are whole.</summary>
    private bool Arguments(string text, ref int at, Tool? tool, out string json)
    {
        var arguments = new StringBuilder("{");
        while (true)
        {
            at = PartialJson.SkipSpace(text, at);
            if (Begins(text, at, _callEnd))
            {
                at += _callEnd.Length;
                json = arguments.Append('}').ToString();
                return true;
            }
            int end = Begins(text, at, _argumentBegin) ? text.IndexOf(ArgumentEnd, at, StringComparison.Ordinal) : -1;
            int nameEnd = end < 0 ? -1 : text.IndexOf(_nameEnd, at, StringComparison.Ordinal);
            if (nameEnd < 0 || nameEnd > end)
            {
                json = arguments.ToString();
                return false;
            }
            string key = text[(at + _argumentBegin.Length)..nameEnd].Trim(), value = text[(nameEnd + _nameEnd.Length)..end];
            if (value.StartsWith('\n')) value = value[1..];
            if (value.EndsWith('\n')) value = value[..^1];
            if (arguments.Length > 1) arguments.Append(", ");
            arguments.Append(JsonSerializer.Serialize(key, Plain)).Append(": ").Append(IsText(tool, key) || !IsJson(value) ? JsonSerializer.Serialize(value, Plain) : value.Trim());
            at = end + ArgumentEnd.Length;
        }
    }

    private static JsonDocument Parse(Tool tool)
    {
        try
        {
            JsonDocument schema = JsonDocument.Parse(tool.Parameters ?? AnyArguments);
            return schema.RootElement.ValueKind == JsonValueKind.Object ? schema : throw new ChatException($"The parameters of the tool '{tool.Name}' are no JSON object.");
        }
        catch (JsonException e)
        {
            throw new ChatException($"The parameters of the tool '{tool.Name}' are not JSON: {e.Message}");
        }
    }

    private static bool IsText(Tool? tool, string key)
    {
        if (tool?.Parameters is null) return false;
        try
        {
            using JsonDocument schema = JsonDocument.Parse(tool.Parameters);
            return schema.RootElement.ValueKind == JsonValueKind.Object && schema.RootElement.TryGetProperty("properties", out JsonElement properties)
                && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(key, out JsonElement property)
                && property.ValueKind == JsonValueKind.Object && property.TryGetProperty("type", out JsonElement type)
                && type.ValueKind == JsonValueKind.String && type.GetString() == "string";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsJson(string value)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool Begins(string text, int at, string mark) => at < text.Length && text.AsSpan(at).StartsWith(mark, StringComparison.Ordinal);
}
