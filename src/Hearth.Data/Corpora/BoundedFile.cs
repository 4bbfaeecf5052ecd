using System.Buffers.Binary;
using System.IO.Compression;

namespace Hearth.Data.Corpora;

/// <summary>Reads files of any size in bounded memory.</summary>
internal static class BoundedFile
{
    /// <summary>A compressed file may grow to this many times its size and <see cref="FreeExpansion"/>; text grows tenfold.</summary>
    public const int MostExpansion = 100;

    /// <summary>Bytes every compressed file may grow to.</summary>
    public const long FreeExpansion = 16 << 20;

    /// <summary>The file's bytes, or null when there are more than <paramref name="most"/>.</summary>
    public static byte[]? Bytes(string path, long most)
    {
        // A pipe or device says it has no length, and is not opened: reading it might never end.
        if (new FileInfo(path).Length is 0) return [];
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > most) return null;
        byte[] bytes = new byte[stream.Length];
        return bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).ToArray();
    }

    /// <summary>The lines of a file, decompressed when its name ends in ".gz".</summary>
    /// <returns>
    /// Line number from 1, and the line's bytes without its end; null for a line of more than <paramref name="most"/> bytes.
    /// </returns>
    /// <exception cref="InvalidDataException">
    /// A compressed file is damaged, cut short, made of several parts, or grows beyond its bound. Known only at its end: what was read
    /// before then is not to be used.
    /// </exception>
    public static IEnumerable<(long Number, byte[]? Line)> Lines(string path, long most)
    {
        if (new FileInfo(path).Length is 0) yield break;
        using FileStream file = File.OpenRead(path);
        bool compressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        using Stream stream = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        long mostTotal = compressed ? FreeExpansion + MostExpansion * file.Length : long.MaxValue;
        uint statedTotal = compressed ? StatedTotal(file) : 0;

        byte[] buffer = new byte[1 << 16];
        var line = new MemoryStream();
        bool tooLong = false;
        long number = 1, total = 0;
        for (int read; (read = Read(stream, buffer)) > 0;)
        {
            total += read;
            if (total > mostTotal)
                throw new InvalidDataException($"grows to more than {MostExpansion} times its size, which no honest text does");
            for (int start = 0; start < read;)
            {
                int length = buffer.AsSpan(start, read - start).IndexOf((byte)'\n');
                bool ends = length >= 0;
                if (!ends) length = read - start;
                tooLong |= line.Length + length > most;
                if (!tooLong) line.Write(buffer, start, length);
                start += length + 1;
                if (!ends) continue;
                yield return (number++, tooLong ? null : line.ToArray());
                line.SetLength(0);
                tooLong = false;
            }
        }
        if (tooLong || line.Length > 0) yield return (number, tooLong ? null : line.ToArray());
        if (compressed && (uint)total != statedTotal)
            throw new InvalidDataException("is cut short, or is several compressed files in one; make it anew, in one piece");
    }

    // RFC 1952: a gzip file ends in the length of its content modulo 2^32. The platform does not look, and takes a file that was cut short.
    private static uint StatedTotal(FileStream file)
    {
        Span<byte> stated = stackalloc byte[sizeof(uint)];
        if (file.Length < stated.Length) return 0;
        file.Seek(-stated.Length, SeekOrigin.End);
        file.ReadExactly(stated);
        file.Seek(0, SeekOrigin.Begin);
        return BinaryPrimitives.ReadUInt32LittleEndian(stated);
    }

    private static int Read(Stream stream, byte[] buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("is damaged or was not compressed with gzip", e);
        }
    }
}
