using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Numerics;

/// <summary>
/// A file of any size, mapped into memory for reading and kept open. Every access is checked against the length the file had when it was
/// opened. Memory is only taken for the pages that are read, and the system may take it back.
/// </summary>
/// <remarks>
/// Others may read the file and replace it by renaming another over it; neither disturbs the mapping. Who cuts the file short while it is
/// mapped takes pages away that were promised: the system then ends the process. On Windows the open file can not be cut.
/// </remarks>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly SafeFileHandle? _handle;
    private readonly byte* _start;
    private bool _disposed;

    private MappedFile(string path, FileStream stream)
    {
        Path = path;
        Length = stream.Length;
        if (Length == 0)
        {
            stream.Dispose();                                                    // nothing to map, which is not allowed either
            return;
        }
        _handle = stream.SafeFileHandle;
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens and maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It is missing, can not be read or can not be mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static MappedFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            return new MappedFile(path, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Some bytes of the file, in place. Not to be used after this object was disposed.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return length == 0 ? [] : new ReadOnlySpan<byte>(Pointer(offset, length), length);
    }

    /// <summary>The first of some bytes of the file, in place. Not to be used after this object was disposed.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes that will be read from there.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all inside the file.</exception>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return _start + offset;
    }

    /// <summary>Copies some bytes of the file. What is read once only is better copied: a page in place stays with the process.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="into">Where to.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not all inside the file.</exception>
    /// <exception cref="EndOfStreamException">The file has been cut short.</exception>
    public void Read(long offset, Span<byte> into)
    {
        _ = Pointer(offset, into.Length);
        while (!into.IsEmpty)
        {
            int read = RandomAccess.Read(_handle!, into, offset);
            if (read == 0) throw new EndOfStreamException($"{Path}: ends at {offset:N0}, and had {Length:N0} bytes when it was opened.");
            into = into[read..];
            offset += read;
        }
    }

    /// <summary>Ends the mapping and closes the file.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_view is null) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }
}
