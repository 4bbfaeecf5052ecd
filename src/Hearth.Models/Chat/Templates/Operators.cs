using System.Numerics;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>What operators, subscripts and loops do to values.</summary>
internal static class Operators
{
    public static Value Calculate(TemplateContext c, string op, Value a, Value b)
    {
        if (Numbers.IsNumber(a) && Numbers.IsNumber(b)) return Numbers.Calculate(c, op, a, b);
        switch (op, a, b)
        {
            case ("+", StringValue x, StringValue y):
                return c.Text(x.Text + y.Text);
            case ("+", SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } x, SequenceValue y) when x.Kind == y.Kind:
                c.TakeElements(x.Items.Count + y.Items.Count);
                return new SequenceValue(x.Kind, [.. x.Items, .. y.Items]);
            case ("*", StringValue or SequenceValue, IntegerValue or BoolValue): return Repeat(c, a, Numbers.Whole(b)!.Value);
            case ("*", IntegerValue or BoolValue, StringValue or SequenceValue): return Repeat(c, b, Numbers.Whole(a)!.Value);
            case ("%", StringValue format, _): return c.Text(PercentFormat.Apply(c, format.Text, b));
        }
        string hint = op == "+" && (a is StringValue || b is StringValue) ? ". To join texts with other values use '~'" : "";
        throw c.Fail($"'{op}' does not work on {Comparisons.Show(a)} and {Comparisons.Show(b)}{hint}");
    }

    public static Value Sign(TemplateContext c, string op, Value value)
    {
        if (!Numbers.IsNumber(value)) throw c.Fail($"'{op}' does not work on {Comparisons.Show(value)}");
        return op == "-" ? Numbers.Negate(value) : value is BoolValue ? new IntegerValue(Numbers.Whole(value)!.Value) : value;
    }

    /// <summary>The items that a loop goes through.</summary>
    public static List<Value> Items(TemplateContext c, Value value)
    {
        switch (value)
        {
            case SequenceValue sequence: return sequence.Take();
            case DictValue dict:
                c.TakeElements(dict.Entries.Count);
                return [.. dict.Entries.Select(e => e.Key)];
            case StringValue text:
                c.TakeElements(text.Length);
                return text.Characters();
            case UndefinedValue: return [];
            default: throw c.Fail($"{Comparisons.Show(value)} can not be gone through; expected a list, dict or text");
        }
    }

    /// <summary>How many items a value has, or null when that has no meaning.</summary>
    public static int? Count(Value value) => value switch
    {
        StringValue s => s.Length,
        SequenceValue { Kind: not SequenceKind.Generator } l => l.Items.Count,
        DictValue d => d.Entries.Count,
        UndefinedValue => 0,
        LoopValue l => l.Count,
        _ => null,
    };

    public static Value Slice(TemplateContext c, Value target, Value start, Value stop, Value step)
    {
        int count = target switch
        {
            StringValue s => s.Length,
            SequenceValue { IsIndexed: true } l => l.Items.Count,
            UndefinedValue u => throw c.Fail(u.Problem),
            _ => -1,
        };
        if (count < 0) throw c.Fail($"{Comparisons.Show(target)} can not be sliced");
        BigInteger by = Bound(step, 1);
        if (by.IsZero) throw c.Fail("a slice's step is 0");
        BigInteger low = by.Sign > 0 ? 0 : -1, high = by.Sign > 0 ? count : count - 1;
        BigInteger from = Clamp(Bound(start, by.Sign > 0 ? low : high, count)), to = Clamp(Bound(stop, by.Sign > 0 ? high : low, count));
        if (target is StringValue text && by.IsOne)
        {
            if (to <= from) return StringValue.Empty;
            int begin = text.Offset((int)from);
            if (text.Length != text.Text.Length) c.Step((text.Text.Length / 16) + 1);
            return c.Text(text.Text[begin..text.Offset((int)to)]);
        }
        var places = new List<int>();
        for (BigInteger i = from; by.Sign > 0 ? i < to : i > to; i += by) places.Add((int)i);
        c.TakeElements(places.Count + (target is StringValue ? count : 0));
        if (target is SequenceValue list)
        {
            return new SequenceValue(list.Kind == SequenceKind.Range ? SequenceKind.List : list.Kind, [.. places.Select(i => list.Items[i])]);
        }
        List<Value> characters = ((StringValue)target).Characters();
        var result = new StringBuilder();
        foreach (int i in places) result.Append(((StringValue)characters[i]).Text);
        return c.Text(result.ToString());

        BigInteger Clamp(BigInteger at) => BigInteger.Max(low, BigInteger.Min(high, at));
        BigInteger Bound(Value value, BigInteger otherwise, int fromEnd = 0) => value is NoneValue ? otherwise
            : Numbers.Whole(value) is not { } whole ? throw c.Fail($"a slice's bounds are whole numbers, and this is {Comparisons.Show(value)}")
            : fromEnd > 0 && whole.Sign < 0 ? whole + fromEnd : whole;
    }

    private static Value Repeat(TemplateContext c, Value value, BigInteger times)
    {
        int count = times.Sign <= 0 ? 0 : times > int.MaxValue ? int.MaxValue : (int)times;
        if (value is StringValue text)
        {
            c.TakeText((long)text.Text.Length * count);
            return new StringValue(new StringBuilder().Insert(0, text.Text, text.Text.Length == 0 ? 0 : count).ToString());
        }
        var list = (SequenceValue)value;
        if (list.Kind is not (SequenceKind.List or SequenceKind.Tuple)) throw c.Fail($"'*' does not work on {Comparisons.Show(value)}");
        c.TakeElements((long)list.Items.Count * count);
        var items = new List<Value>(list.Items.Count * count);
        for (int i = 0; i < count && list.Items.Count > 0; i++) items.AddRange(list.Items);
        return new SequenceValue(list.Kind, items);
    }
}
