namespace Hearth.Models.Chat.Templates;

/// <summary>A filter, test, method or function of Hearth's: the parameters it has, and what it does.</summary>
/// <param name="parameters">Names with spaces between; one that ends in ? may be left out; * takes any arguments as they come.</param>
/// <param name="body">What it does to a value with its arguments.</param>
internal sealed class Builtin(string parameters, Func<TemplateContext, Value, Bound, Value> body)
{
    private readonly string[] _names = [.. parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => p.TrimEnd('?'))];
    private readonly int _required = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(p => !p.EndsWith('?') && p != "*");

    /// <summary>Calls it.</summary>
    /// <param name="c">The rendering.</param>
    /// <param name="what">What it is, for messages: "filter 'trim'".</param>
    /// <param name="target">What it works on.</param>
    /// <param name="arguments">Its arguments.</param>
    public Value Call(TemplateContext c, string what, Value target, CallValues arguments)
    {
        if (_names is ["*"]) return body(c, target, new Bound(c, what, _names, [], arguments));
        var values = new Value?[_names.Length];
        if (arguments.Positional.Count > _names.Length)
        {
            throw c.Fail($"{what} takes at most {_names.Length} arguments ({string.Join(", ", _names)}), and {arguments.Positional.Count} are given");
        }
        for (int i = 0; i < arguments.Positional.Count; i++) values[i] = arguments.Positional[i];
        foreach ((string name, Value value) in arguments.Keywords)
        {
            int at = Array.IndexOf(_names, name);
            if (at < 0) throw c.Fail($"{what} has no argument '{name}'{NearestName.Hint(name, _names)}");
            if (values[at] is not null) throw c.Fail($"{what} is given '{name}' twice");
            values[at] = value;
        }
        for (int i = 0; i < _required; i++)
        {
            if (values[i] is null) throw c.Fail($"{what} needs the argument '{_names[i]}'");
        }
        return body(c, target, new Bound(c, what, _names, values, arguments));
    }
}

/// <summary>Arguments beside their parameters.</summary>
internal sealed class Bound(TemplateContext c, string what, string[] names, Value?[] values, CallValues all)
{
    /// <summary>The arguments as they came.</summary>
    public CallValues All { get; } = all;

    /// <summary>What is called, for messages.</summary>
    public string What { get; } = what;

    /// <summary>An argument, or null when it is left out.</summary>
    public Value? this[int at] => values[at];

    /// <summary>An argument that is a text.</summary>
    public string Text(int at, string? otherwise = null) => values[at] switch
    {
        StringValue s => s.Text,
        null when otherwise is not null => otherwise,
        UndefinedValue u => throw c.Fail($"{What}: {u.Problem}"),
        _ => throw c.Fail($"{What}: '{names[at]}' is {Comparisons.Show(values[at]!)}, expected a text"),
    };

    /// <summary>An argument that is a text or none.</summary>
    public string? TextOrNone(int at) => values[at] is null or NoneValue ? null : Text(at);

    /// <summary>An argument that is a whole number.</summary>
    public int Whole(int at, int otherwise)
    {
        if (values[at] is null) return otherwise;
        System.Numerics.BigInteger whole = Numbers.Whole(values[at]!)
            ?? throw c.Fail($"{What}: '{names[at]}' is {Comparisons.Show(values[at]!)}, expected a whole number");
        return whole > int.MaxValue ? int.MaxValue : whole < -int.MaxValue ? -int.MaxValue : (int)whole;
    }

    /// <summary>An argument that counts as true or false.</summary>
    public bool Flag(int at, bool otherwise = false) => values[at]?.IsTrue ?? otherwise;
}
