using System.Diagnostics;
using System.Globalization;
using Hearth.Training.Runs;
using Spectre.Console;

namespace Hearth.Cli.Terminal;

/// <summary>
/// What long work shows on standard error: a bar with a rate and the time left on a terminal, a line now and then elsewhere.
/// Standard output is left to results.
/// </summary>
internal sealed class TrainingDisplay : ITrainingDisplay
{
    private const double SecondsBetweenLines = 5, SecondsBetweenFrames = 0.2;
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly bool _quiet;
    private DateTime _last = DateTime.MinValue;

    public TrainingDisplay(bool quiet) => _quiet = quiet;

    /// <summary>A line of text.</summary>
    public void Say(string text)
    {
        if (!_quiet) Console.Error.WriteLine(text);                              // not through the display, which would break long lines
    }

    /// <summary>Runs training with its progress on display.</summary>
    public T Train<T>(string name, Func<Action<TrainingProgress>, T> work)
    {
        if (_quiet) return work(_ => { });
        if (!_terminal) return work(Line);
        return _console.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 })
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(name), maxValue: 1);
                return work(p =>
                {
                    task.MaxValue = p.Steps;
                    task.Value = p.Step;
                    task.Description = Markup.Escape(Text(p));
                });
            });
    }

    /// <summary>Runs work that reports the share done.</summary>
    public T Share<T>(string name, Func<Action<double>, T> work)
    {
        if (_quiet || !_terminal)
        {
            Say(name);
            return work(_ => { });
        }
        return _console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 })
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(name), maxValue: 1);
                return work(share => task.Value = share);
            });
    }

    /// <summary>Runs work on so many units of something, with a rate and the time left.</summary>
    /// <param name="show">Units in words.</param>
    /// <param name="work">Is given what to tell: the name of what is being done, units done, units in all.</param>
    public T Amount<T>(Func<long, string> show, Func<Action<string, long, long>, T> work)
    {
        if (_quiet) return work((_, _, _) => { });
        var pace = new Pace(show);
        if (!_terminal)
        {
            return work((name, done, total) =>
            {
                if (pace.Text(name, done, total, SecondsBetweenLines) is { } text) Console.Error.WriteLine(text);
            });
        }
        return _console.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 })
            .Start(context =>
            {
                ProgressTask task = context.AddTask("...", maxValue: 1);
                return work((name, done, total) =>
                {
                    if (pace.Text(name, done, total, SecondsBetweenFrames) is not { } text) return;
                    task.MaxValue = Math.Max(1, total);
                    task.Value = total > 0 ? done : 1;
                    task.Description = Markup.Escape(text);
                });
            });
    }

    /// <summary>Says now and then how far work is. What was done before it began does not count as speed.</summary>
    private sealed class Pace(Func<long, string> show)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly RateMeter _meter = new();
        private double _told = double.NegativeInfinity, _rate;
        private long? _before;

        public string? Text(string name, long done, long total, double every)
        {
            double now = _clock.Elapsed.TotalSeconds;
            if (done != total && now - _told < every) return null;
            if (_before is { } before) _rate = _meter.Add(Math.Max(0, done - before), now);
            (_told, _before) = (now, done);
            string left = _rate > 0 ? $"  {show((long)_rate)}/s  {TimeText.Show(TimeSpan.FromSeconds((total - done) / _rate))} left" : "";
            return $"{name}  {show(done)} of {show(total)}{left}";
        }
    }

    private void Line(TrainingProgress p)
    {
        if (p.Step != p.Steps && (DateTime.UtcNow - _last).TotalSeconds < SecondsBetweenLines) return;
        _last = DateTime.UtcNow;
        Console.Error.WriteLine(Text(p));
    }

    private static string Text(TrainingProgress p)
    {
        string bits = p.BitsPerByte is { } b ? string.Create(CultureInfo.InvariantCulture, $"  held out {b:0.000} bits/byte") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"step {p.Step,5:N0} of {p.Steps:N0}  loss {p.Loss:0.0000}{bits}  {p.TokensPerSecond:N0} tokens/s  {TimeText.Show(p.Left)} left");
    }
}
