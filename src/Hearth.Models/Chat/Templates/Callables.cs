namespace Hearth.Models.Chat.Templates;

/// <summary>The arguments of a call.</summary>
/// <param name="Positional">Those without a name.</param>
/// <param name="Keywords">Those with one, in order.</param>
internal sealed record CallValues(IReadOnlyList<Value> Positional, IReadOnlyList<KeyValuePair<string, Value>> Keywords)
{
    public static CallValues None { get; } = new([], []);
}

/// <summary>What a template can call: a function of Hearth's, a method bound to its value.</summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="body">What it does.</param>
internal sealed class FunctionValue(string name, Func<TemplateContext, CallValues, Value> body) : Value
{
    public string Name { get; } = name;

    internal override string TypeName => "builtin_function_or_method";

    public Value Call(TemplateContext context, CallValues arguments) => body(context, arguments);
}

/// <summary>A macro with the names around its definition.</summary>
/// <param name="definition">Its parameters and body.</param>
/// <param name="scope">The names it sees.</param>
internal sealed class MacroValue(MacroDefinition definition, Scope scope) : Value
{
    public MacroDefinition Definition { get; } = definition;

    public Scope Scope { get; } = scope;

    internal override string TypeName => "macro";
}

/// <summary>The one kind of value whose members <c>set</c> can change.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Members { get; } = new(StringComparer.Ordinal);

    internal override string TypeName => "namespace";
}

/// <summary><c>joiner(separator)</c>: nothing on its first call, the separator on all others.</summary>
internal sealed class JoinerValue(Value separator) : Value
{
    private bool _used;

    internal override string TypeName => "joiner";

    public Value Next()
    {
        Value next = _used ? separator : StringValue.Empty;
        _used = true;
        return next;
    }
}

/// <summary><c>cycler(a, b)</c>: its items in turn, without end.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> items) : Value
{
    private int _at;

    internal override string TypeName => "cycler";

    public Value Current => items[_at];

    public Value Next()
    {
        Value next = items[_at];
        _at = (_at + 1) % items.Count;
        return next;
    }

    public Value Reset()
    {
        _at = 0;
        return Value.None;
    }
}

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class LoopValue(For definition, Scope scope, List<Value> items, int depth) : Value
{
    private IReadOnlyList<Value>? _last;

    public For Definition { get; } = definition;

    public Scope Scope { get; } = scope;

    public int Depth { get; } = depth;

    public int Index { get; set; }

    public int Count => items.Count;

    internal override string TypeName => "loop";

    /// <summary>A member of <c>loop</c>, or null when it has no such.</summary>
    public Value? Member(string name) => name switch
    {
        "index" => Of(Index + 1),
        "index0" => Of(Index),
        "revindex" => Of(Count - Index),
        "revindex0" => Of(Count - Index - 1),
        "first" => Of(Index == 0),
        "last" => Of(Index == Count - 1),
        "length" => Of(Count),
        "depth" => Of(Depth),
        "depth0" => Of(Depth - 1),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < Count ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("loop.cycle", (c, a) => a.Positional.Count > 0
            ? a.Positional[Index % a.Positional.Count]
            : throw c.Fail("loop.cycle() needs at least one value")),
        "changed" => new FunctionValue("loop.changed", (c, a) => Of(Changed(c, a.Positional))),
        _ => null,
    };

    private bool Changed(TemplateContext c, IReadOnlyList<Value> values)
    {
        bool same = _last is not null && _last.Count == values.Count && !values.Where((v, i) => !Comparisons.AreEqual(c, v, _last[i])).Any();
        _last = values;
        return !same;
    }
}
