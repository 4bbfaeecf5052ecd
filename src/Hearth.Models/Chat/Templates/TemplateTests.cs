using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>What can follow <c>is</c> (Jinja 3.1, "List of Builtin Tests").</summary>
internal static class TemplateTests
{
    public static readonly IReadOnlyDictionary<string, Builtin> All = new Dictionary<string, Builtin>(StringComparer.Ordinal)
    {
        ["defined"] = Test((_, v) => v is not UndefinedValue),
        ["undefined"] = Test((_, v) => v is UndefinedValue),
        ["none"] = Test((_, v) => v is NoneValue),
        ["boolean"] = Test((_, v) => v is BoolValue),
        ["true"] = Test((_, v) => v is BoolValue { IsTrue: true }),
        ["false"] = Test((_, v) => v is BoolValue { IsTrue: false }),
        ["integer"] = Test((_, v) => v is IntegerValue),
        ["float"] = Test((_, v) => v is FloatValue),
        ["number"] = Test((_, v) => Numbers.IsNumber(v)),
        ["string"] = Test((_, v) => v is StringValue),
        ["mapping"] = Test((_, v) => v is DictValue),
        ["sequence"] = Test((_, v) => v is StringValue or DictValue or UndefinedValue or SequenceValue { IsIndexed: true }),
        ["iterable"] = Test((_, v) => v is StringValue or DictValue or SequenceValue or UndefinedValue or LoopValue),
        ["callable"] = Test((_, v) => v is FunctionValue or MacroValue or LoopValue or JoinerValue or UndefinedValue),
        ["escaped"] = Test((_, _) => false),
        ["lower"] = Test((c, v) => Casing.IsLower(PythonText.Of(c, v))),
        ["upper"] = Test((c, v) => Casing.IsUpper(PythonText.Of(c, v))),
        ["odd"] = Test((c, v) => Rest(c, v, Value.Of(2)) is { } rest && Comparisons.AreEqual(c, rest, Value.Of(1))),
        ["even"] = Test((c, v) => Comparisons.AreEqual(c, Rest(c, v, Value.Of(2)), Value.Of(0))),
        ["divisibleby"] = new("num", (c, v, a) => Value.Of(Comparisons.AreEqual(c, Rest(c, v, a[0]!), Value.Of(0)))),
        ["sameas"] = new("other", (_, v, a) => Value.Of(ReferenceEquals(v, a[0]) || (v is IntegerValue { Number: var x } && a[0] is IntegerValue { Number: var y } && x == y
            && BigInteger.Abs(x) <= 256))),
        ["filter"] = Test((_, v) => v is StringValue s && TemplateFilters.All.ContainsKey(s.Text)),
        ["test"] = Test((_, v) => v is StringValue s && All!.ContainsKey(s.Text)),
        ["in"] = new("seq", (c, v, a) => Value.Of(Comparisons.Contains(c, a[0]!, v))),
        ["eq"] = Compare("=="),
        ["equalto"] = Compare("=="),
        ["=="] = Compare("=="),
        ["ne"] = Compare("!="),
        ["!="] = Compare("!="),
        ["lt"] = Compare("<"),
        ["lessthan"] = Compare("<"),
        ["<"] = Compare("<"),
        ["le"] = Compare("<="),
        ["<="] = Compare("<="),
        ["gt"] = Compare(">"),
        ["greaterthan"] = Compare(">"),
        [">"] = Compare(">"),
        ["ge"] = Compare(">="),
        [">="] = Compare(">="),
    };

    private static Builtin Test(Func<TemplateContext, Value, bool> test) => new("", (c, v, _) => Value.Of(test(c, v)));

    private static Builtin Compare(string op) => new("other", (c, v, a) => Value.Of(Comparisons.Holds(c, op, v, a[0]!)));

    private static Value Rest(TemplateContext c, Value value, Value by) => Operators.Calculate(c, "%", value, by);
}
