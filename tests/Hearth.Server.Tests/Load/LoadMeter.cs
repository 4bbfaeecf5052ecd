using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Hearth.Server.Tests.Load;

/// <summary>What the process holds while it works: memory, open files, connections.</summary>
internal sealed class LoadMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(double WorkingSet, double Heap, double Files)> _samples = [];
    private long _connections;

    public LoadMeter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Microsoft.AspNetCore.Server.Kestrel", Name: "kestrel.active_connections" }) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _connections, value));
        _listener.Start();
    }

    /// <summary>Connections that the servers of this process have open.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Open files and sockets; 0 where the system does not tell.</summary>
    public static int Files => Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;

    /// <summary>Bytes of the heap that something holds on to.</summary>
    public static long Live()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Notes what is held, every half second, until it is told to end.</summary>
    public async Task WatchAsync(CancellationToken until)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        using var process = Process.GetCurrentProcess();
        try
        {
            while (await timer.WaitForNextTickAsync(until))
            {
                process.Refresh();
                _samples.Add((process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: false), Files));
            }
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
    }

    /// <summary>The middle value of a third of the samples, from 0 to 2; a first quarter, in which code is compiled and pools fill, is left out.</summary>
    public (double WorkingSet, double Heap, double Files) Third(int third)
    {
        int warm = _samples.Count / 4, count = (_samples.Count - warm) / 3;
        var part = _samples.Skip(warm + (third * count)).Take(count).ToList();
        double Middle(Func<(double WorkingSet, double Heap, double Files), double> of) => part.Select(of).Order().ElementAt(part.Count / 2);
        return (Middle(s => s.WorkingSet), Middle(s => s.Heap), Middle(s => s.Files));
    }

    public override string ToString() => string.Join("; ", Enumerable.Range(0, 3).Select(i => Third(i)).Select(t =>
        string.Create(CultureInfo.InvariantCulture, $"working set {t.WorkingSet / 1e6:0} MB, managed heap {t.Heap / 1e6:0} MB, {t.Files:0} files")));

    public void Dispose() => _listener.Dispose();
}
