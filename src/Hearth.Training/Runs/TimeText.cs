namespace Hearth.Training.Runs;

/// <summary>Times in words.</summary>
public static class TimeText
{
    /// <summary>A length of time, as coarse as it is long.</summary>
    /// <param name="time">The time.</param>
    public static string Show(TimeSpan time) => time.TotalHours >= 1
        ? $"{(int)time.TotalHours} h {time.Minutes:00} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds:00} s" : $"{time.Seconds} s";
}
