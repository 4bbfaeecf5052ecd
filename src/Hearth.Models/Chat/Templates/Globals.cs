using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>The functions every template can call.</summary>
internal static class Globals
{
    private const int MaxRange = 100_000;

    public static readonly IReadOnlyDictionary<string, FunctionValue> All = new Dictionary<string, Builtin>
    {
        ["range"] = new("start stop? step?", (c, _, a) => Range(c, a)),
        ["dict"] = new("*", (c, _, a) => Dict(c, a)),
        ["namespace"] = new("*", (c, _, a) =>
        {
            var members = new NamespaceValue();
            foreach ((Value key, Value value) in Dict(c, a).Entries) members.Members[PythonText.Of(c, key)] = value;
            return members;
        }),
        ["joiner"] = new("sep?", (_, _, a) => new JoinerValue(a[0] ?? Value.Of(", "))),
        ["cycler"] = new("*", (c, _, a) => a.All.Positional.Count > 0 ? new CyclerValue(a.All.Positional) : throw c.Fail("cycler() needs at least one value")),
        ["raise_exception"] = new("message", (c, _, a) => throw c.Raised(PythonText.Of(c, a[0]!))),
        ["strftime_now"] = new("format", (c, _, a) => c.Text(Strftime.Format(c,
            (c.Options.Clock ?? throw c.Fail("strftime_now() has no time here; the program that renders has to give one"))(), a.Text(0)))),
    }.ToDictionary(g => g.Key, g => new FunctionValue(g.Key, (c, arguments) => g.Value.Call(c, $"{g.Key}()", Value.None, arguments)), StringComparer.Ordinal);

    private static SequenceValue Range(TemplateContext c, Bound a)
    {
        BigInteger Whole(int at) => Numbers.Whole(a[at]!) ?? throw c.Fail($"range() needs whole numbers, and this is {Comparisons.Show(a[at]!)}");
        BigInteger start = a[1] is null ? 0 : Whole(0), stop = a[1] is null ? Whole(0) : Whole(1), step = a[2] is null ? 1 : Whole(2);
        if (step.IsZero) throw c.Fail("range(): the step is 0");
        BigInteger span = step.Sign > 0 ? stop - start : start - stop, by = BigInteger.Abs(step);
        BigInteger count = span.Sign <= 0 ? 0 : (span + by - 1) / by;
        if (count > MaxRange) throw c.Fail($"range() has more than {MaxRange:N0} numbers");
        c.TakeElements((int)count);
        var numbers = new List<Value>((int)count);
        for (BigInteger at = start; numbers.Count < count; at += step) numbers.Add(new IntegerValue(at));
        return new SequenceValue(SequenceKind.Range, numbers) { Shown = step.IsOne ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})" };
    }

    private static DictValue Dict(TemplateContext c, Bound a)
    {
        var dict = new DictValue();
        if (a.All.Positional.Count > 1) throw c.Fail($"{a.What} takes at most one value without a name");
        foreach (Value given in a.All.Positional)
        {
            List<Value> pairs = given is DictValue other ? ContainerMethods.Pairs(c, other, SequenceKind.List).Items : Operators.Items(c, given);
            foreach (Value pair in pairs)
            {
                if (pair is not SequenceValue { Items: [Value key, Value value] }) throw c.Fail($"{a.What} needs a dict or pairs");
                if (!KeyComparer.CanBeKey(key)) throw c.Fail($"{Comparisons.Show(key)} can not be a key");
                dict.Set(key, value);
            }
        }
        c.TakeElements(dict.Entries.Count + a.All.Keywords.Count);
        foreach ((string key, Value value) in a.All.Keywords) dict.Set(new StringValue(key), value);
        return dict;
    }
}
