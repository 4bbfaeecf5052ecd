namespace Hearth.Models.Chat.Templates;

/// <summary>Filters on lists, dicts and texts as sequences.</summary>
internal static class SequenceFilters
{
    public static readonly IReadOnlyDictionary<string, Builtin> All = new Dictionary<string, Builtin>
    {
        ["length"] = new("", (c, v, _) => Length(c, v)),
        ["count"] = new("", (c, v, _) => Length(c, v)),
        ["list"] = new("", (c, v, _) => c.List([.. Operators.Items(c, v)])),
        ["first"] = new("", (c, v, _) => (v is SequenceValue s ? s.TakeFirst() : Operators.Items(c, v).FirstOrDefault()) ?? new UndefinedValue("there is no first item, the sequence is empty")),
        ["last"] = new("", (c, v, _) => v is SequenceValue { Kind: SequenceKind.Generator }
            ? throw c.Fail("filter 'last' does not work on a generator; put '|list' before it")
            : Operators.Items(c, v).LastOrDefault() ?? new UndefinedValue("there is no last item, the sequence is empty")),
        ["join"] = new("d? attribute?", Join),
        ["items"] = new("", (c, v, _) => v switch
        {
            UndefinedValue => new SequenceValue(SequenceKind.Generator, []),
            DictValue d => ContainerMethods.Pairs(c, d, SequenceKind.Generator),
            _ => throw c.Fail($"filter 'items' needs a dict, and this is {Comparisons.Show(v)}"),
        }),
        ["dictsort"] = new("case_sensitive? by? reverse?", DictSort),
        ["sort"] = new("reverse? case_sensitive? attribute?", Sort),
        ["groupby"] = new("attribute default? case_sensitive?", GroupBy),
        ["unique"] = new("case_sensitive? attribute?", Unique),
        ["min"] = new("case_sensitive? attribute?", (c, v, a) => Extreme(c, v, a, max: false)),
        ["max"] = new("case_sensitive? attribute?", (c, v, a) => Extreme(c, v, a, max: true)),
        ["sum"] = new("attribute? start?", (c, v, a) => Operators.Items(c, v).Aggregate(a[1] ?? Value.Of(0), (sum, item) =>
        {
            c.Step();
            return Operators.Calculate(c, "+", sum, Attribute(c, item, a[0]));
        })),
        ["reverse"] = new("", Reverse),
        ["batch"] = new("linecount fill_with?", Batch),
        ["slice"] = new("slices fill_with?", Slices),
        ["map"] = new("*", Map),
        ["select"] = new("*", (c, v, a) => Choose(c, v, a, ofAttribute: false, keep: true)),
        ["reject"] = new("*", (c, v, a) => Choose(c, v, a, ofAttribute: false, keep: false)),
        ["selectattr"] = new("*", (c, v, a) => Choose(c, v, a, ofAttribute: true, keep: true)),
        ["rejectattr"] = new("*", (c, v, a) => Choose(c, v, a, ofAttribute: true, keep: false)),
    };

    /// <summary>A member of an item by a path such as <c>function.name</c> or <c>0</c>; the item itself without a path.</summary>
    public static Value Attribute(TemplateContext c, Value item, Value? path, Value? otherwise = null)
    {
        if (path is null or NoneValue) return item;
        if (path is not StringValue text) return One(item, path);
        foreach (string part in text.Text.Split('.')) item = One(item, int.TryParse(part, out int at) && at >= 0 ? Value.Of(at) : new StringValue(part));
        return item;

        Value One(Value from, Value part)
        {
            c.Step();
            Value found = Members.Item(c, from, part);
            return found is UndefinedValue && otherwise is not null ? otherwise : found;
        }
    }

    private static Value Folded(Value value, bool caseSensitive) => !caseSensitive && value is StringValue s ? new StringValue(Casing.Lower(s.Text)) : value;

    private static Value Length(TemplateContext c, Value value) => Operators.Count(value) is { } count
        ? Value.Of(count)
        : throw c.Fail($"{Comparisons.Show(value)} has no length{(value is SequenceValue ? "; put '|list' before '|length'" : "")}");

    private static StringValue Join(TemplateContext c, Value value, Bound a)
    {
        string separator = a[0] is null ? "" : PythonText.Of(c, a[0]!);
        var parts = new List<string>();
        foreach (Value item in Operators.Items(c, value))
        {
            c.Step();
            string part = PythonText.Of(c, Attribute(c, item, a[1]));
            c.TakeText(part.Length + separator.Length);
            parts.Add(part);
        }
        return new StringValue(string.Join(separator, parts));
    }

    private static SequenceValue DictSort(TemplateContext c, Value value, Bound a)
    {
        if (value is not DictValue dict) throw c.Fail($"filter 'dictsort' needs a dict, and this is {Comparisons.Show(value)}");
        string by = a.Text(1, "key");
        if (by is not ("key" or "value")) throw c.Fail($"filter 'dictsort': 'by' is '{by}', expected key or value");
        List<KeyValuePair<Value, Value>> sorted = Comparisons.Sort(c, dict.Entries, e => Folded(by == "key" ? e.Key : e.Value, a.Flag(0)), a.Flag(2));
        c.TakeElements(3 * sorted.Count);
        return new SequenceValue(SequenceKind.List, [.. sorted.Select(e => new SequenceValue(SequenceKind.Tuple, [e.Key, e.Value]))]);
    }

    private static SequenceValue Sort(TemplateContext c, Value value, Bound a)
    {
        List<Value> items = Operators.Items(c, value);
        bool sensitive = a.Flag(1);
        string[] paths = a[2] is StringValue s ? s.Text.Split(',') : [];
        c.TakeElements(items.Count * (1 + paths.Length));
        return new SequenceValue(SequenceKind.List, Comparisons.Sort(c, items, Key, a.Flag(0)));

        Value Key(Value item) => paths.Length > 1
            ? new SequenceValue(SequenceKind.List, [.. paths.Select(p => Folded(Attribute(c, item, new StringValue(p)), sensitive))])
            : Folded(Attribute(c, item, a[2]), sensitive);
    }

    private static SequenceValue GroupBy(TemplateContext c, Value value, Bound a)
    {
        bool sensitive = a.Flag(2);
        Value Key(Value item) => Attribute(c, item, a[0], a[1]);
        List<Value> sorted = Comparisons.Sort(c, Operators.Items(c, value), i => Folded(Key(i), sensitive), reverse: false);
        var groups = new List<Value>();
        c.TakeElements(2 * sorted.Count);
        for (int i = 0; i < sorted.Count;)
        {
            Value key = Folded(Key(sorted[i]), sensitive);
            int end = i + 1;
            while (end < sorted.Count && Comparisons.AreEqual(c, Folded(Key(sorted[end]), sensitive), key)) end++;
            groups.Add(new SequenceValue(SequenceKind.Tuple, [Key(sorted[i]), new SequenceValue(SequenceKind.List, sorted[i..end])]) { Names = ["grouper", "list"] });
            i = end;
        }
        return c.List(groups);
    }

    private static SequenceValue Unique(TemplateContext c, Value value, Bound a)
    {
        var seen = new HashSet<Value>(KeyComparer.Instance);
        var others = new List<Value>();
        var result = new List<Value>();
        foreach (Value item in Operators.Items(c, value))
        {
            c.Step();
            Value key = Folded(Attribute(c, item, a[1]), a.Flag(0));
            if (KeyComparer.CanBeKey(key) ? !seen.Add(key) : others.Any(o => Comparisons.AreEqual(c, o, key))) continue;
            if (!KeyComparer.CanBeKey(key)) others.Add(key);
            result.Add(item);
        }
        return c.List(result, SequenceKind.Generator);
    }

    private static Value Extreme(TemplateContext c, Value value, Bound a, bool max)
    {
        Value? best = null, bestKey = null;
        foreach (Value item in Operators.Items(c, value))
        {
            Value key = Folded(Attribute(c, item, a[1]), a.Flag(0));
            if (bestKey is not null && !(max ? Comparisons.IsLess(c, bestKey, key) : Comparisons.IsLess(c, key, bestKey))) continue;
            (best, bestKey) = (item, key);
        }
        return best ?? new UndefinedValue("there is no smallest or largest item, the sequence is empty");
    }

    private static Value Reverse(TemplateContext c, Value value, Bound a)
    {
        List<Value> items = [.. Operators.Items(c, value)];
        items.Reverse();
        if (value is StringValue) return c.Text(string.Concat(items.Select(i => ((StringValue)i).Text)));
        return c.List(items, SequenceKind.Generator);
    }

    private static SequenceValue Batch(TemplateContext c, Value value, Bound a)
    {
        int size = a.Whole(0, 1);
        List<Value> items = Operators.Items(c, value);
        if (size < 1) throw c.Fail($"{a.What}: 'linecount' is {size}, expected at least 1");
        var batches = new List<Value>();
        c.TakeElements(items.Count);
        for (int i = 0; i < items.Count; i += size)
        {
            List<Value> batch = items[i..(int)Math.Min(items.Count, (long)i + size)];
            if (a[1] is not (null or NoneValue))
            {
                c.TakeElements(size - batch.Count);
                batch.AddRange(Enumerable.Repeat(a[1]!, size - batch.Count));
            }
            batches.Add(new SequenceValue(SequenceKind.List, batch));
            if (size >= items.Count) break;
        }
        return c.List(batches, SequenceKind.Generator);
    }

    private static SequenceValue Slices(TemplateContext c, Value value, Bound a)
    {
        int count = a.Whole(0, 1);
        List<Value> items = Operators.Items(c, value);
        if (count < 1) throw c.Fail($"{a.What}: 'slices' is {count}, expected at least 1");
        c.TakeElements((long)items.Count + (2L * count));
        var slices = new List<Value>();
        int size = items.Count / count, longer = items.Count % count, at = 0;
        for (int i = 0; i < count; i++)
        {
            int end = at + size + (i < longer ? 1 : 0);
            List<Value> slice = items[at..end];
            if (a[1] is not (null or NoneValue) && i >= longer) slice.Add(a[1]!);
            slices.Add(new SequenceValue(SequenceKind.List, slice));
            at = end;
        }
        return c.List(slices, SequenceKind.Generator);
    }

    /// <summary>The items, or none of what counts as false, as Jinja's map and select have it.</summary>
    private static List<Value> ItemsIfAny(TemplateContext c, Value value) => value.IsTrue ? Operators.Items(c, value) : [];

    private static SequenceValue Map(TemplateContext c, Value value, Bound a)
    {
        Func<Value, Value> change;
        if (a.All.Positional.Count == 0 && a.All.Keywords.FirstOrDefault(k => k.Key == "attribute").Value is { } path)
        {
            Value? otherwise = a.All.Keywords.FirstOrDefault(k => k.Key == "default").Value;
            change = item => Attribute(c, item, path, otherwise);
        }
        else
        {
            if (a.All.Positional is not [StringValue name, ..]) throw c.Fail("filter 'map' needs a filter's name or attribute='...'");
            var rest = new CallValues([.. a.All.Positional.Skip(1)], a.All.Keywords);
            change = item => c.Filter(name.Text, item, rest);
        }
        var result = new List<Value>();
        foreach (Value item in ItemsIfAny(c, value))
        {
            c.Step();
            result.Add(change(item));
        }
        return c.List(result, SequenceKind.Generator);
    }

    private static SequenceValue Choose(TemplateContext c, Value value, Bound a, bool ofAttribute, bool keep)
    {
        IReadOnlyList<Value> given = a.All.Positional;
        Value? path = ofAttribute ? given.Count > 0 ? given[0] : throw c.Fail($"{a.What} needs the name of an attribute") : null;
        int at = ofAttribute ? 1 : 0;
        string? test = given.Count > at ? given[at] is StringValue name ? name.Text : throw c.Fail($"{a.What} needs the name of a test as a text") : null;
        var rest = new CallValues([.. given.Skip(at + 1)], a.All.Keywords);
        var result = new List<Value>();
        foreach (Value item in ItemsIfAny(c, value))
        {
            c.Step();
            Value tested = Attribute(c, item, path);
            if ((test is null ? tested.IsTrue : c.Test(test, tested, rest)) == keep) result.Add(item);
        }
        return c.List(result, SequenceKind.Generator);
    }
}
