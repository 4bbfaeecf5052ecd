using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Operations;

/// <summary>
/// Collects what the meters named Hearth say, and shows it as Prometheus reads it (text exposition format 0.0.4). Names are the instruments' with
/// underscores; seconds and bytes are in the name; counters end in _total.
/// </summary>
public sealed class Metrics : IHostedService, IDisposable
{
    /// <summary>The name of meters that are shown.</summary>
    public const string MeterName = "Hearth";

    private const int MostSeries = 1000;

    private static readonly double[] SecondBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120];
    private static readonly double[] CountBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), Series> _series = [];
    private readonly MeterListener _listener = new();
    private readonly Meter _meter = new(MeterName);
    private readonly Lock _showing = new();

    /// <summary>Begins to listen.</summary>
    public Metrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeterName) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Measured(i, value, tags));
        _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Measured(i, value, tags));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Measured(i, value, tags));
        _listener.Start();
        _meter.CreateObservableGauge("process.resident_memory", () => Environment.WorkingSet, "By", "Memory of the process.");
        _meter.CreateObservableCounter("process.cpu_time", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the process.");
        _meter.CreateObservableGauge("process.managed_memory", () => GC.GetTotalMemory(false), "By", "Memory of managed objects.");
        Requests = _meter.CreateHistogram<double>("hearth.http.duration", "s", "From a request's head to the end of its answer, by route and status.");
    }

    internal Histogram<double> Requests { get; }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    /// <summary>All of it, as text.</summary>
    public string ToPrometheus()
    {
        lock (_showing)
        {
            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (IGrouping<string, KeyValuePair<(Instrument Instrument, string Labels), Series>> family in _series.GroupBy(s => NameOf(s.Key.Instrument)).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                Instrument instrument = family.First().Key.Instrument;
                if (instrument.Description is { } help) text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Key} {help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {KindOf(instrument)}\n");
                foreach (KeyValuePair<(Instrument Instrument, string Labels), Series> series in family.OrderBy(s => s.Key.Labels, StringComparer.Ordinal)) series.Value.Write(text, family.Key, series.Key.Labels);
            }
            return text.ToString();
        }
    }

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (Instrument, string) key = (instrument, LabelsOf(tags));
        if (!_series.TryGetValue(key, out Series? series))
        {
            if (_series.Count >= MostSeries) return;                             // labels that clients can choose must not fill the memory
            series = _series.GetOrAdd(key, _ => KindOf(instrument) == "histogram" ? new Buckets(instrument.Unit == "s" ? SecondBounds : CountBounds) : new Value());
        }
        // An observed counter and a gauge tell how it stands, a counter how much was added.
        series.Add(value, adds: instrument is not (ObservableCounter<int> or ObservableCounter<long> or ObservableCounter<double>) && !IsGauge(instrument));
    }

    private static bool IsGauge(Instrument instrument) => instrument.GetType().Name.StartsWith("ObservableGauge", StringComparison.Ordinal)
        || instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal) || instrument.GetType().Name.StartsWith("ObservableUpDown", StringComparison.Ordinal);

    private static string KindOf(Instrument instrument) => instrument.GetType().Name switch
    {
        var name when name.StartsWith("Histogram", StringComparison.Ordinal) => "histogram",
        var name when name.StartsWith("Counter", StringComparison.Ordinal) || name.StartsWith("ObservableCounter", StringComparison.Ordinal) => "counter",
        _ => "gauge",
    };

    private static string NameOf(Instrument instrument)
    {
        string name = string.Concat(instrument.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        name += instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return KindOf(instrument) == "counter" ? name + "_total" : name;
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0) return "";
        var pairs = new string[tags.Length];
        for (int i = 0; i < tags.Length; i++)
        {
            string value = Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "";
            string name = string.Concat(tags[i].Key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
            pairs[i] = $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
        }
        Array.Sort(pairs, StringComparer.Ordinal);
        return string.Join(',', pairs);
    }

    private abstract class Series
    {
        public abstract void Add(double value, bool adds);

        public abstract void Write(StringBuilder text, string name, string labels);

        protected static void Line(StringBuilder text, string name, string labels, double value) =>
            text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private sealed class Value : Series
    {
        private double _value;

        public override void Add(double value, bool adds)
        {
            lock (this) _value = adds ? _value + value : value;
        }

        public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, _value);
    }

    private sealed class Buckets(double[] bounds) : Series
    {
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public override void Add(double value, bool adds)
        {
            int at = 0;
            while (at < bounds.Length && value > bounds[at]) at++;
            lock (this)
            {
                _counts[at]++;
                _sum += value;
            }
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            lock (this)
            {
                long count = 0;
                for (int i = 0; i < _counts.Length; i++)
                {
                    count += _counts[i];
                    string bound = i < bounds.Length ? bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
                    Line(text, name + "_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{bound}\"", count);
                }
                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, count);
            }
        }
    }
}
