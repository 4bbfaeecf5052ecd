using System.Buffers;
using System.Text;

namespace Hearth.Data.Corpora;

/// <summary>Text from bytes, strictly.</summary>
internal static class Utf8
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text without byte order mark and with every line end as "\n"; null when the bytes are not valid UTF-8.</summary>
    public static string? Text(ReadOnlySpan<byte> bytes) => Decode(bytes) is { } text ? PlainLineEnds(text) : null;

    /// <summary>The text with every line end as "\n".</summary>
    public static string PlainLineEnds(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    /// <summary>The text without byte order mark; null when the bytes are not valid UTF-8.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(ByteOrderMark)) bytes = bytes[ByteOrderMark.Length..];
        return System.Text.Unicode.Utf8.IsValid(bytes) ? s_strict.GetString(bytes) : null;
    }

    /// <summary>Where bytes stop being UTF-8, in words.</summary>
    public static string Problem(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out int length) == OperationStatus.Done) at += length;
        return at < bytes.Length ? $"not valid UTF-8 at byte {at:N0} (0x{bytes[at]:X2})" : "not valid UTF-8";
    }
}
