using System.Globalization;
using Hearth.Training.Runs;
using Spectre.Console;

namespace Hearth.Cli.Terminal;

/// <summary>
/// What long work shows on standard error: a bar with a rate and the time left on a terminal, a line now and then elsewhere.
/// Standard output is left to results.
/// </summary>
internal sealed class TrainingDisplay
{
    private const double SecondsBetweenLines = 5;
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
            $"step {p.Step,5:N0} of {p.Steps:N0}  loss {p.Loss:0.0000}{bits}  {p.TokensPerSecond:N0} tokens/s  {Left(p.Left)} left");
    }

    /// <summary>A time in words.</summary>
    public static string Left(TimeSpan left) => left.TotalHours >= 1
        ? $"{(int)left.TotalHours} h {left.Minutes:00} min"
        : left.TotalMinutes >= 1 ? $"{left.Minutes} min {left.Seconds:00} s" : $"{left.Seconds} s";
}
