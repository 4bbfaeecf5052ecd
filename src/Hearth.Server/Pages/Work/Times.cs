using System.Globalization;

namespace Hearth.Server.Pages.Work;

/// <summary>Times and numbers as pages show them.</summary>
internal static class Times
{
    /// <summary>A moment, UTC, to the minute.</summary>
    public static string Show(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A moment, UTC, to the second.</summary>
    public static string Exact(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>A number of things.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number as short as it can be told.</summary>
    public static string Number(double value) => Math.Abs(value) is >= 1e-3 and < 1e5 or 0
        ? value.ToString("0.####", CultureInfo.InvariantCulture)
        : value.ToString("0.###e0", CultureInfo.InvariantCulture);

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
