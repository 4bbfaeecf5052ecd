namespace Hearth.Models.Chat.Templates;

/// <summary>Equality, order and membership.</summary>
internal static class Comparisons
{
    public static bool AreEqual(TemplateContext c, Value a, Value b)
    {
        c.Step();
        if (ReferenceEquals(a, b)) return a is not FloatValue { Number: double.NaN };
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                if (x.Text.Length == y.Text.Length) c.Step(x.Text.Length / 64);
                return x.Text == y.Text;
            case (UndefinedValue, UndefinedValue) or (NoneValue, NoneValue): return true;
            case (IntegerValue or BoolValue or FloatValue, IntegerValue or BoolValue or FloatValue): return Numbers.Compare(a, b) == 0;
            case (SequenceValue x, SequenceValue y): return AreEqual(c, x, y);
            case (DictValue x, DictValue y):
                c.RequireStack();
                return x.Entries.Count == y.Entries.Count && x.Entries.All(e => y.Find(e.Key) is { } other && AreEqual(c, e.Value, other));
            default: return false;
        }
    }

    private static bool AreEqual(TemplateContext c, SequenceValue x, SequenceValue y)
    {
        if (x.Kind == SequenceKind.Generator || x.Kind != y.Kind || x.Items.Count != y.Items.Count) return false;
        c.RequireStack();
        for (int i = 0; i < x.Items.Count; i++)
        {
            if (!AreEqual(c, x.Items[i], y.Items[i])) return false;
        }
        return true;
    }

    /// <summary>True when a stands before b.</summary>
    public static bool IsLess(TemplateContext c, Value a, Value b) => Holds(c, "<", a, b);

    /// <summary>Evaluates a comparison.</summary>
    /// <param name="c">The rendering.</param>
    /// <param name="op">Which: ==, !=, &lt;, &lt;=, &gt;, &gt;=, in, not in.</param>
    /// <param name="a">The left side.</param>
    /// <param name="b">The right side.</param>
    public static bool Holds(TemplateContext c, string op, Value a, Value b)
    {
        switch (op)
        {
            case "==": return AreEqual(c, a, b);
            case "!=": return !AreEqual(c, a, b);
            case "in": return Contains(c, b, a);
            case "not in": return !Contains(c, b, a);
        }
        return Order(c, op, a, b) is { } order && op switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    public static bool Contains(TemplateContext c, Value container, Value item)
    {
        switch (container)
        {
            case StringValue text when item is StringValue part:
                c.Step((text.Text.Length + part.Text.Length) / 64);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case StringValue: throw c.Fail($"only a text can be in a text, and this is {Show(item)}");
            case DictValue dict: return dict.Find(item) is not null;
            case SequenceValue sequence: return sequence.Take().Any(other => AreEqual(c, other, item));
            case UndefinedValue: return false;
            default: throw c.Fail($"'in' can not look into {Show(container)}");
        }
    }

    /// <summary>The value's kind, and why an undefined one is.</summary>
    public static string Show(Value value) => value is UndefinedValue u ? $"undefined ({u.Problem})" : value is NoneValue ? "none" : $"a value of type {value.TypeName}";

    /// <summary>Sorts without moving equal ones past each other.</summary>
    public static List<T> Sort<T>(TemplateContext c, List<T> items, Func<T, Value> key, bool reverse)
    {
        (T Item, Value Key)[] from = [.. items.Select(i => (i, key(i)))], to = new (T, Value)[items.Count];
        for (int width = 1; width < from.Length; width *= 2)
        {
            for (int start = 0; start < from.Length; start += 2 * width)
            {
                int middle = Math.Min(start + width, from.Length), end = Math.Min(start + (2 * width), from.Length), left = start, right = middle;
                for (int at = start; at < end; at++)
                {
                    bool takeRight = left == middle || (right < end
                        && (reverse ? IsLess(c, from[left].Key, from[right].Key) : IsLess(c, from[right].Key, from[left].Key)));
                    to[at] = takeRight ? from[right++] : from[left++];
                }
            }
            (from, to) = (to, from);
        }
        return [.. from.Select(p => p.Item)];
    }

    /// <summary>Texts in the order of their code points.</summary>
    public static int CompareText(string a, string b)
    {
        int at = a.AsSpan().CommonPrefixLength(b);
        if (at == a.Length || at == b.Length) return a.Length.CompareTo(b.Length);
        return Rank(a[at]).CompareTo(Rank(b[at]));

        // Halves of surrogate pairs stand for code points above all others.
        static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }

    private static int? Order(TemplateContext c, string op, Value a, Value b)
    {
        c.Step();
        switch (a, b)
        {
            case (StringValue x, StringValue y): return CompareText(x.Text, y.Text);
            case (IntegerValue or BoolValue or FloatValue, IntegerValue or BoolValue or FloatValue): return Numbers.Compare(a, b);
            case (SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } x, SequenceValue y) when x.Kind == y.Kind:
                c.RequireStack();
                for (int i = 0; i < Math.Min(x.Items.Count, y.Items.Count); i++)
                {
                    if (!AreEqual(c, x.Items[i], y.Items[i])) return Order(c, op, x.Items[i], y.Items[i]);
                }
                return x.Items.Count.CompareTo(y.Items.Count);
            default: throw c.Fail($"'{op}' can not compare {Show(a)} with {Show(b)}");
        }
    }
}
