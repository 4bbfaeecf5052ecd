namespace Hearth.Models.Chat.Templates;

/// <summary>The filters a template can name (Jinja 3.1, "List of Builtin Filters"), tojson being Hugging Face's.</summary>
internal static class TemplateFilters
{
    public static readonly IReadOnlyDictionary<string, Builtin> All = Merge(TextFilters.All, SequenceFilters.All, NumberFilters.All, new Dictionary<string, Builtin>
    {
        ["default"] = new("default_value? boolean?", Default),
        ["d"] = new("default_value? boolean?", Default),
        ["tojson"] = new("ensure_ascii? indent? separators? sort_keys?", ToJson),
        ["attr"] = new("name", (c, v, a) => v is DictValue ? Members.Attribute(c, Value.None, a.Text(0)) : Members.Attribute(c, v, a.Text(0))),
        ["string"] = new("", (c, v, _) => v is StringValue ? v : new StringValue(PythonText.Of(c, v))),
        ["safe"] = new("", (c, v, _) => v is StringValue ? v : new StringValue(PythonText.Of(c, v))),
        ["pprint"] = new("", (c, v, _) => c.Text(PythonText.Repr(c, v))),
    });

    private static Value Default(TemplateContext c, Value value, Bound a) =>
        value is UndefinedValue || (a.Flag(1) && !value.IsTrue) ? a[0] ?? StringValue.Empty : value;

    private static StringValue ToJson(TemplateContext c, Value value, Bound a)
    {
        string? indent = a[1] is StringValue s ? s.Text : a[1] is null or NoneValue ? null : new string(' ', Math.Min(Math.Max(0, a.Whole(1, 0)), 1_000));
        (string item, string key) = (indent is null ? ", " : ",", ": ");
        if (a[2] is SequenceValue { Items: [StringValue i, StringValue k] }) (item, key) = (i.Text, k.Text);
        else if (a[2] is not (null or NoneValue)) throw c.Fail("tojson: 'separators' are two texts, such as (',', ':')");
        return c.Text(new JsonText(c, a.Flag(0), indent, item, key, a.Flag(3)).Write(value));
    }

    private static Dictionary<string, Builtin> Merge(params IReadOnlyDictionary<string, Builtin>[] sets) =>
        new(sets.SelectMany(s => s), StringComparer.Ordinal);
}
