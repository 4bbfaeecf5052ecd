using System.Diagnostics;
using System.Globalization;
using Hearth.Models.Hub;
using Hearth.Training.Runs;

namespace Hearth.Server.Work;

/// <summary>What work tells while it goes on, for those who watch.</summary>
public sealed class JobReport : ITrainingDisplay
{
    private const int MostNotes = 100;

    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];
    private double? _fraction;
    private string _text;
    private Stopwatch _clock = new();
    private RateMeter _rate = new();
    private string _name = "";
    private long _before;

    internal JobReport(string text) => _text = text;

    internal (double? Fraction, string Text, IReadOnlyList<string> Notes) Now
    {
        get
        {
            lock (_gate) return (_fraction, _text, [.. _notes]);
        }
    }

    /// <summary>Something that stays to be read.</summary>
    /// <param name="text">A line.</param>
    public void Say(string text)
    {
        lock (_gate)
        {
            if (_notes.Count < MostNotes) _notes.Add(text);
        }
    }

    /// <summary>What is being done, without a share.</summary>
    /// <param name="text">It in words.</param>
    public void Begin(string text) => Show(null, text);

    /// <summary>How many bytes of something are done.</summary>
    /// <param name="name">What is being done.</param>
    /// <param name="done">Bytes done, those before it began too.</param>
    /// <param name="total">Bytes in all.</param>
    public void Bytes(string name, long done, long total)
    {
        if (name != _name) (_clock, _rate, _name, _before) = (Stopwatch.StartNew(), new RateMeter(), name, done);
        double rate = _rate.Add(Math.Max(0, done - _before), _clock.Elapsed.TotalSeconds);
        _before = done;
        string left = rate > 0 && done < total ? $", {HubSelection.Size((long)rate)} a second, {TimeText.Show(TimeSpan.FromSeconds((total - done) / rate))} left" : "";
        Show(total > 0 ? done / (double)total : 1, $"{name}: {HubSelection.Size(done)} of {HubSelection.Size(total)}{left}");
    }

    /// <summary>How many of something are done.</summary>
    /// <param name="done">Done.</param>
    /// <param name="total">In all.</param>
    public void Count(long done, long total) => Show(total > 0 ? done / (double)total : null, $"{done:N0} of {total:N0}");

    /// <inheritdoc/>
    public T Train<T>(string name, Func<Action<TrainingProgress>, T> work)
    {
        Begin(name);
        return work(p => Show(p.Step / (double)p.Steps, string.Create(CultureInfo.InvariantCulture,
            $"{name}: step {p.Step:N0} of {p.Steps:N0}, loss {p.Loss:0.0000}, {p.TokensPerSecond:N0} tokens a second, {TimeText.Show(p.Left)} left")));
    }

    /// <inheritdoc/>
    public T Share<T>(string name, Func<Action<double>, T> work)
    {
        Begin(name);
        return work(share => Show(share, name));
    }

    private void Show(double? fraction, string text)
    {
        lock (_gate) (_fraction, _text) = (fraction, text);
    }
}
