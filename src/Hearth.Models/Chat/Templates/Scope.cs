namespace Hearth.Models.Chat.Templates;

/// <summary>Names and their values; what is not here is looked for around it.</summary>
/// <param name="outer">The scope around this one.</param>
internal sealed class Scope(Scope? outer)
{
    private Dictionary<string, Value>? _values;

    public Scope? Outer { get; } = outer;

    public Value? Find(string name)
    {
        for (Scope? at = this; at is not null; at = at.Outer)
        {
            if (at._values is not null && at._values.TryGetValue(name, out Value? value)) return value;
        }
        return null;
    }

    public void Set(string name, Value value) => (_values ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>All names that are visible, for hints.</summary>
    public IEnumerable<string> Names()
    {
        for (Scope? at = this; at is not null; at = at.Outer)
        {
            foreach (string name in at._values?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>()) yield return name;
        }
    }
}
