using System.Globalization;

namespace Hearth.Training.Runs;

/// <summary>
/// Energy that the machine's processors and their memory took, from the counters that Linux shows below /sys/class/powercap (running
/// average power limit, RAPL). It counts everything that ran on them meanwhile. Many systems let only root read the counters.
/// </summary>
public sealed class EnergyMeter
{
    /// <summary>Where Linux shows the counters.</summary>
    public const string PowerCap = "/sys/class/powercap";

    private readonly List<Counter> _counters = [];

    private EnergyMeter()
    {
    }

    /// <summary>Joules since the start; null once a counter could not be read. Between two readings a counter may begin again once.</summary>
    public double? Read()
    {
        try
        {
            foreach (Counter counter in _counters) counter.Read();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            _counters.Clear();
        }
        return _counters.Count > 0 ? _counters.Sum(c => c.Total) / 1e6 : null;
    }

    /// <summary>Starts to measure; null where nothing can be read.</summary>
    /// <param name="folder">Where the counters are.</param>
    public static EnergyMeter? Start(string folder = PowerCap)
    {
        var meter = new EnergyMeter();
        try
        {
            if (!Directory.Exists(folder)) return null;
            foreach (string zone in Directory.GetDirectories(folder, "intel-rapl:*").Order(StringComparer.Ordinal))
            {
                // A package holds its cores, so those are not counted again; the memory's counter is its own.
                string name = File.ReadAllText(Path.Combine(zone, "name")).Trim();
                if (name.StartsWith("package", StringComparison.Ordinal) || name == "dram") meter._counters.Add(new Counter(zone));
            }
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            return null;
        }
        return meter._counters.Count > 0 ? meter : null;
    }

    private static bool IsUnreadable(Exception e) =>
        e is IOException or UnauthorizedAccessException or FormatException or OverflowException;

    /// <summary>One counter in microjoules, which begins again at 0 after its largest value.</summary>
    private sealed class Counter
    {
        private readonly string _file;
        private readonly long _largest;
        private long _last;

        public Counter(string zone)
        {
            _file = Path.Combine(zone, "energy_uj");
            _largest = Number(Path.Combine(zone, "max_energy_range_uj"));
            _last = Number(_file);
        }

        public long Total { get; private set; }

        public void Read()
        {
            long now = Number(_file);
            Total += now >= _last ? now - _last : _largest - _last + now;
            _last = now;
        }

        private static long Number(string file) =>
            long.Parse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
