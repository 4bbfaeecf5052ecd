using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Chat.Tools;

/// <summary>Calls as tags: one for the call, one for each argument, whose value is plain text, or JSON where the tool's schema does not say string.</summary>
internal sealed class TaggedXmlFormat : ToolFormat
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _open, _close, _callBegin, _callEnd, _argumentBegin, _argumentEnd, _nameEnd;

    private TaggedXmlFormat(string open, string close, string callBegin, string callEnd, string argumentBegin, string argumentEnd, string nameEnd) =>
        (_open, _close, _callBegin, _callEnd, _argumentBegin, _argumentEnd, _nameEnd) = (open, close, callBegin, callEnd, argumentBegin, argumentEnd, nameEnd);

    /// <summary>Qwen 3 Coder: <c>&lt;tool_call&gt;&lt;function=name&gt;&lt;parameter=key&gt;value&lt;/parameter&gt;...</c>.</summary>
    public static TaggedXmlFormat Qwen { get; } =
        new("<tool_call>", "</tool_call>", "<function=", "</function>", "<parameter=", "</parameter>", ">");

    /// <summary>MiniMax M2: <c>&lt;minimax:tool_call&gt;&lt;invoke name="..."&gt;&lt;parameter name="..."&gt;value&lt;/parameter&gt;...</c>.</summary>
    public static TaggedXmlFormat MiniMax { get; } =
        new("<minimax:tool_call>", "</minimax:tool_call>", "<invoke name=\"", "</invoke>", "<parameter name=\"", "</parameter>", "\">");

    /// <inheritdoc/>
    public override IReadOnlyList<string> Opens => [_open];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks => [_open, _close];

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
    public override (string Before, string After) Frame(string name) => ($"{_open}\n{_callBegin}{name}{_nameEnd}\n", $"{_callEnd}\n{_close}");

    /// <summary>The schema's properties in their order: what need not be there may be left out; texts end before the next tag.</summary>
    public override GrammarNode Arguments(GrammarRules rules, Tool tool)
    {
        using JsonDocument schema = Parse(tool);
        var parts = new List<GrammarNode>();
        if (schema.RootElement.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
        {
            string[] required = schema.RootElement.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
                ? [.. names.EnumerateArray().Select(n => n.ToString())] : [];
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                GrammarNode value = IsText(tool, property.Name) && !property.Value.TryGetProperty("enum", out _)
                    ? new OneOf([('<', '<')]).Others().Repeat(0, null)
                    : JsonSchemaReader.Add(rules, property.Value.GetRawText());
                GrammarNode part = GrammarNode.All(GrammarNode.Text($"{_argumentBegin}{property.Name}{_nameEnd}\n"), value, GrammarNode.Text($"\n{_argumentEnd}\n"));
                parts.Add(required.Contains(property.Name, StringComparer.Ordinal) ? part : part.Maybe());
            }
        }
        return GrammarNode.All([.. parts]);
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
            int end = Begins(text, at, _argumentBegin) ? text.IndexOf(_argumentEnd, at, StringComparison.Ordinal) : -1;
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
            at = end + _argumentEnd.Length;
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
