namespace Hearth.Models.Chat.Templates;

/// <summary>What stands behind a dot or between brackets: methods, keys, positions. A fixed list of our own; nothing of .NET is reachable.</summary>
internal static class Members
{
    /// <summary><c>value.name</c>: a method or member before a dict's key, as in Jinja.</summary>
    public static Value Attribute(TemplateContext c, Value value, string name) =>
        Own(c, value, name) ?? (value is DictValue dict ? dict.Find(new StringValue(name)) : null) ?? Missing(value, name);

    /// <summary><c>value[index]</c>: a key or position before a member.</summary>
    public static Value Item(TemplateContext c, Value value, Value index)
    {
        if (value is UndefinedValue u) throw c.Fail(u.Problem);
        Value? found = value switch
        {
            DictValue dict => dict.Find(index),
            SequenceValue { IsIndexed: true } list when Numbers.Whole(index) is { } at => InRange(at, list.Items.Count) is { } place ? list.Items[place] : null,
            StringValue text when Numbers.Whole(index) is { } at => InRange(at, text.Length) is { } place ? Character(c, text, place) : null,
            _ => null,
        };
        if (found is not null) return found;
        if (index is StringValue name) return Own(c, value, name.Text) ?? Missing(value, name.Text);
        return new UndefinedValue($"{Comparisons.Show(value)} has no element {PythonText.Repr(c, index)}");
    }

    private static Value? Own(TemplateContext c, Value value, string name)
    {
        switch (value)
        {
            case UndefinedValue u: throw c.Fail(u.Problem);
            case NamespaceValue n when n.Members.TryGetValue(name, out Value? member): return member;
            case LoopValue loop: return loop.Member(name);
            case MacroValue macro when name == "name": return Value.Of(macro.Definition.Name);
            case MacroValue macro when name == "arguments": return new SequenceValue(SequenceKind.Tuple, [.. macro.Definition.Parameters.Select(p => Value.Of(p.Name))]);
            case CyclerValue cycler when name == "current": return cycler.Current;
            case CyclerValue cycler when name is "next" or "reset": return new FunctionValue($"cycler.{name}", (_, _) => name == "next" ? cycler.Next() : cycler.Reset());
            case SequenceValue { Names: { } names } tuple when Array.IndexOf(names, name) is >= 0 and int at: return tuple.Items[at];
        }
        IReadOnlyDictionary<string, Builtin>? methods = value switch
        {
            StringValue => StringMethods.All,
            DictValue => ContainerMethods.OfDicts,
            SequenceValue { Kind: SequenceKind.List } => ContainerMethods.OfLists,
            SequenceValue { Kind: SequenceKind.Tuple or SequenceKind.Range } => ContainerMethods.OfTuples,
            _ => null,
        };
        if (methods is null || !methods.TryGetValue(name, out Builtin? method)) return null;
        string what = $"{value.TypeName}.{name}()";
        return new FunctionValue(what, (context, arguments) => method.Call(context, what, value, arguments));
    }

    private static UndefinedValue Missing(Value value, string name) => new(value is DictValue dict
        ? $"a dict has no key '{name}'{NearestName.Hint(name, dict.Entries.Take(100).Select(e => e.Key).OfType<StringValue>().Select(s => s.Text))}"
        : $"{Comparisons.Show(value)} has nothing named '{name}'");

    private static int? InRange(System.Numerics.BigInteger at, int count)
    {
        if (at.Sign < 0) at += count;
        return at.Sign >= 0 && at < count ? (int)at : null;
    }

    private static StringValue Character(TemplateContext c, StringValue text, int place)
    {
        if (text.Length != text.Text.Length) c.Step((text.Text.Length / 16) + 1);
        int at = text.Offset(place);
        bool pair = at + 1 < text.Text.Length && char.IsSurrogatePair(text.Text[at], text.Text[at + 1]);
        return new StringValue(text.Text.Substring(at, pair ? 2 : 1));
    }
}
