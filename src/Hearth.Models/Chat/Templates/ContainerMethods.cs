namespace Hearth.Models.Chat.Templates;

/// <summary>Methods of dicts, lists and tuples. Those that would change the value are named, so that the error can say why there are none.</summary>
internal static class ContainerMethods
{
    public static readonly IReadOnlyDictionary<string, Builtin> OfDicts = Frozen("clear pop popitem setdefault update", new()
    {
        ["get"] = new("key default?", (c, v, a) => ((DictValue)v).Find(Key(c, a[0]!)) ?? a[1] ?? Value.None),
        ["items"] = new("", (c, v, _) => Pairs(c, (DictValue)v, SequenceKind.Items)),
        ["keys"] = new("", (c, v, _) => c.List([.. ((DictValue)v).Entries.Select(e => e.Key)], SequenceKind.Keys)),
        ["values"] = new("", (c, v, _) => c.List([.. ((DictValue)v).Entries.Select(e => e.Value)], SequenceKind.Values)),
        ["copy"] = new("", (_, v, _) => v),
    });

    public static readonly IReadOnlyDictionary<string, Builtin> OfTuples = new Dictionary<string, Builtin>(StringComparer.Ordinal)
    {
        ["count"] = new("value", (c, v, a) => Value.Of(((SequenceValue)v).Items.Count(i => Comparisons.AreEqual(c, i, a[0]!)))),
        ["index"] = new("value start? end?", (c, v, a) => IndexOf(c, (SequenceValue)v, a)),
    };

    public static readonly IReadOnlyDictionary<string, Builtin> OfLists = Frozen("append clear extend insert pop remove reverse sort", new(OfTuples)
    {
        ["copy"] = new("", (_, v, _) => v),
    });

    /// <summary>Keys with values, each pair a tuple.</summary>
    public static SequenceValue Pairs(TemplateContext c, DictValue dict, SequenceKind kind)
    {
        c.TakeElements(3 * dict.Entries.Count);
        return new SequenceValue(kind, [.. dict.Entries.Select(e => new SequenceValue(SequenceKind.Tuple, [e.Key, e.Value]))]);
    }

    private static Value Key(TemplateContext c, Value key) => key is SequenceValue { Kind: SequenceKind.List } or DictValue
        ? throw c.Fail($"{Comparisons.Show(key)} can not be a key")
        : key;

    private static Value IndexOf(TemplateContext c, SequenceValue list, Bound a)
    {
        int start = a.Whole(1, 0), end = a.Whole(2, int.MaxValue);
        if (start < 0) start = Math.Max(0, start + list.Items.Count);
        if (end < 0) end += list.Items.Count;
        for (int i = start; i < Math.Min(end, list.Items.Count); i++)
        {
            if (Comparisons.AreEqual(c, list.Items[i], a[0]!)) return Value.Of(i);
        }
        throw c.Fail($"{a.What}: the value is not in it");
    }

    private static Dictionary<string, Builtin> Frozen(string changing, Dictionary<string, Builtin> methods)
    {
        foreach (string name in changing.Split(' '))
        {
            methods[name] = new("*", (c, v, a) => throw c.Fail($"{a.What} would change its {v.TypeName}, which a chat template can not do. Make a new one with '+' or keep what changes in a namespace"));
        }
        return methods;
    }
}
