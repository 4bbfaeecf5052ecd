using System.Globalization;

namespace Hearth.Benchmarks.Harness;

/// <summary>The command line after the benchmark's name: pairs of <c>--name value</c>, each used by somebody.</summary>
internal sealed class Arguments
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == arguments.Length)
            {
                throw new ArgumentException($"'{arguments[i]}' is not an option with a value.");
            }
            _values[arguments[i][2..]] = arguments[i + 1];
        }
    }

    public string Text(string name, string missing) => _values.Remove(name, out string? value) ? value : missing;

    public int Number(string name, int missing)
    {
        string text = Text(name, missing.ToString(CultureInfo.InvariantCulture));
        return int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new ArgumentException($"--{name} is '{text}', expected a whole number above 0.");
    }

    /// <summary>Refuses what no one asked for, so that a misspelt option is not silently the default.</summary>
    public void RequireAllUsed()
    {
        if (_values.Count > 0) throw new ArgumentException($"--{_values.First().Key} is not an option of this benchmark.");
    }
}
