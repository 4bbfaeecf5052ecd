using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hearth.Numerics;

namespace Hearth.Models.Formats.Gguf;

/// <summary>Reads the parts of a GGUF file in order. Whatever is not inside the file is an error that names what was being read.</summary>
internal sealed class GgufReader(MappedFile file)
{
    private const int MostDepth = 4;
    private const string Altered = "The file is cut short or was altered; copy or download it again.";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public long Position { get; set; }

    public long Left => file.Length - Position;

    public T Read<T>(string what, string name = "") where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        return MemoryMarshal.Read<T>(file.Span(Advance(size, what, name), size));
    }

    /// <summary>A length and so many bytes of UTF-8.</summary>
    public string Text(int most, string what, string name = "")
    {
        ulong length = Read<ulong>(what, name);
        if (length > (ulong)most) throw Fail(what, name, $"has {length:N0} bytes, expected at most {most:N0}. {Altered}");
        int bytes = (int)length;
        try
        {
            return StrictUtf8.GetString(file.Span(Advance(bytes, what, name), bytes));
        }
        catch (DecoderFallbackException e)
        {
            throw Fail(what, name, $"is not valid UTF-8. {Altered}", e);
        }
    }

    /// <summary>The bytes of a string whose length stands before it.</summary>
    public ReadOnlySpan<byte> Bytes(string what, string name)
    {
        int length = (int)Math.Min(Read<ulong>(what, name), int.MaxValue);
        return file.Span(Advance(length, what, name), length);
    }

    /// <summary>A metadata type.</summary>
    public GgufType Type(string name)
    {
        uint number = Read<uint>("the type of key", name);
        if (number > (uint)GgufType.Float64) throw Fail("key", name, $"has type {number:N0}, expected 0 to 12. {Altered}");
        return (GgufType)number;
    }

    /// <summary>Moves past a value, checking that all of it is there.</summary>
    public void Skip(GgufType type, string name, int depth = 0)
    {
        if (GgufTypes.Size(type) is > 0 and int size) CheckFlags(type, Advance(size, "the value of key", name), 1, name);
        else if (type == GgufType.String) SkipText(name);
        else
        {
            if (depth == MostDepth) throw Fail("key", name, $"has arrays {MostDepth + 1} deep, expected at most {MostDepth}. {Altered}");
            (GgufType element, long count) = ArrayHeader(name);
            if (GgufTypes.Size(element) is > 0 and int each) CheckFlags(element, Advance(count * each, "the values of key", name), count,
                name);
            else for (long i = 0; i < count; i++) Skip(element, name, depth + 1);
        }
    }

    /// <summary>Type and length of an array; the length is one that the rest of the file has room for.</summary>
    public (GgufType Element, long Count) ArrayHeader(string name)
    {
        GgufType element = Type(name);
        ulong count = Read<ulong>("the length of key", name);
        int least = element == GgufType.Array ? 12 : Math.Max(GgufTypes.Size(element), element == GgufType.String ? 8 : 1);
        if (count > (ulong)(Left / least))
        {
            throw Fail("key", name, $"has an array of {count:N0} values of {least} bytes or more, but {Left:N0} bytes are left. {Altered}");
        }
        return (element, (long)count);
    }

    public ModelFileException Fail(string what, string name, string problem, Exception? inner = null) =>
        new(file.Path, name.Length == 0 ? $"{what} {problem}" : $"{what} '{Show.Name(name)}' {problem}", inner);

    private void SkipText(string name)
    {
        ulong length = Read<ulong>("the value of key", name);
        if (length > (ulong)Left) throw Fail("key", name, $"has a text of {length:N0} bytes, but {Left:N0} bytes are left. {Altered}");
        Position += (long)length;
    }

    private void CheckFlags(GgufType type, long at, long count, string name)
    {
        if (type != GgufType.Bool) return;
        const int piece = 1 << 20;
        for (long i = 0; i < count; i += piece)
        {
            ReadOnlySpan<byte> flags = file.Span(at + i, (int)Math.Min(piece, count - i));
            int wrong = flags.IndexOfAnyExceptInRange((byte)0, (byte)1);
            if (wrong >= 0) throw Fail("key", name, $"has a truth value of {flags[wrong]}, expected 0 or 1. {Altered}");
        }
    }

    private long Advance(long bytes, string what, string name)
    {
        if (bytes > Left)
        {
            throw Fail(what, name, $"needs {bytes:N0} bytes at offset {Position:N0}, but the file ends at {file.Length:N0}. {Altered}");
        }
        long at = Position;
        Position += bytes;
        return at;
    }
}
