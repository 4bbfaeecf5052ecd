using System.Text;

namespace Hearth.Models.Formats;

/// <summary>Puts what a file says into an error message without letting it flood or steer a terminal.</summary>
internal static class Show
{
    private const int MaxLength = 120;

    /// <summary>A name of any length and content, cut short and with control characters as '?'.</summary>
    public static string Name(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MaxLength)))
        {
            text.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        }
        return name.Length > MaxLength ? text.Append("...").ToString() : text.ToString();
    }

    /// <summary>A shape as [2, 3].</summary>
    public static string Shape(ReadOnlySpan<int> shape) => Shape<int>(shape);

    /// <summary>A shape as [2, 3].</summary>
    public static string Shape(ReadOnlySpan<long> shape) => Shape<long>(shape);

    private static string Shape<T>(ReadOnlySpan<T> shape)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < shape.Length; i++) text.Append(i == 0 ? "" : ", ").Append(shape[i]);
        return text.Append(']').ToString();
    }
}
