using System.Globalization;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>A time as C's strftime writes it in the C locale (POSIX.1-2017, strftime; the flags - _ 0 ^ # are GNU's).</summary>
internal static class Strftime
{
    public static string Format(TemplateContext c, DateTime time, string format, int depth = 0)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            c.Step();
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            int begin = i++;
            char flag = '\0';
            while (i + 1 < format.Length && format[i] is '-' or '_' or '0' or '^' or '#') flag = format[i++];
            string? shown = format[i] switch
            {
                'D' when depth == 0 => Format(c, time, "%m/%d/%y", 1),
                'F' when depth == 0 => Format(c, time, "%Y-%m-%d", 1),
                'T' or 'X' when depth == 0 => Format(c, time, "%H:%M:%S", 1),
                'R' when depth == 0 => Format(c, time, "%H:%M", 1),
                'r' when depth == 0 => Format(c, time, "%I:%M:%S %p", 1),
                'c' when depth == 0 => Format(c, time, "%a %b %e %H:%M:%S %Y", 1),
                'x' when depth == 0 => Format(c, time, "%m/%d/%y", 1),
                char directive => One(time, directive, flag),
            };
            text.Append(shown is null ? format[begin..(i + 1)] : flag == '^' ? shown.ToUpperInvariant() : shown);
        }
        return text.ToString();
    }

    private static string? One(DateTime time, char directive, char flag)
    {
        int hour = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        int monday = ((int)time.DayOfWeek + 6) % 7;
        return directive switch
        {
            'a' => Invariant("ddd"),
            'A' => Invariant("dddd"),
            'b' or 'h' => Invariant("MMM"),
            'B' => Invariant("MMMM"),
            'C' => Number(time.Year / 100, 2),
            'd' => Number(time.Day, 2),
            'e' => Number(time.Day, 2, ' '),
            'f' => Number((int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond), 6),
            'g' => Number(ISOWeek.GetYear(time) % 100, 2),
            'G' => Number(ISOWeek.GetYear(time), 4),
            'H' => Number(time.Hour, 2),
            'I' => Number(hour, 2),
            'j' => Number(time.DayOfYear, 3),
            'k' => Number(time.Hour, 2, ' '),
            'l' => Number(hour, 2, ' '),
            'm' => Number(time.Month, 2),
            'M' => Number(time.Minute, 2),
            'n' => "\n",
            'p' when flag == '#' => time.Hour < 12 ? "am" : "pm",
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'S' => Number(time.Second, 2),
            't' => "\t",
            'u' => Number(monday + 1, 1),
            'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(time), 2),
            'w' => Number((int)time.DayOfWeek, 1),
            'W' => Number((time.DayOfYear + 6 - monday) / 7, 2),
            'y' => Number(time.Year % 100, 2),
            'Y' => Number(time.Year, 1),
            'z' or 'Z' => "",                                                    // the clock has no zone, as Python's datetime.now()
            '%' => "%",
            _ => null,
        };

        string Invariant(string format) => time.ToString(format, CultureInfo.InvariantCulture);
        string Number(int number, int digits, char fill = '0') => number.ToString(CultureInfo.InvariantCulture)
            .PadLeft(flag == '-' ? 1 : digits, flag == '_' ? ' ' : flag == '0' ? '0' : fill);
    }
}
