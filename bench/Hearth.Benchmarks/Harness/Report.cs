using System.Globalization;
using System.Text.Json;

namespace Hearth.Benchmarks.Harness;

/// <summary>A table of measurements, shown on the terminal and, where asked, written as JSON with the machine it was measured on.</summary>
internal sealed class Report(string benchmark, int threads, params string[] columns)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly List<object?[]> _rows = [];
    private readonly SortedDictionary<string, object> _facts = new(StringComparer.Ordinal);

    /// <summary>Adds a row, a value for each column; null where there is none.</summary>
    public void Row(params object?[] values) => _rows.Add(values);

    /// <summary>Adds a number that belongs to the whole table.</summary>
    public void Fact(string name, object value) => _facts[name] = value;

    /// <summary>Prints the table and writes the file, if a path is given.</summary>
    public void Finish(string jsonPath)
    {
        Fact("peakMemoryMB", Math.Round(Machine.PeakMemory / 1e6));
        Machine m = Machine.Here;
        Console.WriteLine($"{benchmark}: {threads} thread(s), {m.Processor}, {m.VectorBits}-bit vectors, {m.Runtime}, {ClockName} clock, commit {m.Commit[..Math.Min(10, m.Commit.Length)]}");
        string[][] cells = [columns, .. _rows.Select(row => row.Select(Show).ToArray())];
        int[] widths = [.. columns.Select((_, c) => cells.Max(row => row[c].Length))];
        foreach (string[] row in cells)
        {
            Console.WriteLine("  " + string.Join("  ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
        }
        foreach ((string name, object value) in _facts) Console.WriteLine($"  {name}: {Show(value)}");
        if (jsonPath.Length > 0) File.WriteAllText(jsonPath, JsonSerializer.Serialize(new { benchmark, threads, clock = ClockName, machine = m, facts = _facts, rows = Rows() }, Json));
    }

    private static string ClockName => Clock.OfProcessor ? "processor" : "wall";

    private IEnumerable<Dictionary<string, object?>> Rows() =>
        _rows.Select(row => columns.Zip(row).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal));

    private static string Show(object? value) => value switch
    {
        null => "",
        double number when Math.Abs(number) >= 100 => number.ToString("N0", CultureInfo.InvariantCulture),
        double number when Math.Abs(number) >= 10 => number.ToString("N1", CultureInfo.InvariantCulture),
        double number when Math.Abs(number) is >= 0.001 or 0 => number.ToString("0.000", CultureInfo.InvariantCulture),
        double number => number.ToString("0.0E+0", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
