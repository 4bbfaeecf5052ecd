using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;
using Hearth.Numerics.Quantization;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>
/// A safetensors file, open for reading. Opening reads and checks the header only; tensors are read on demand, so a file of any
/// size can be opened. Reads may run on several threads at once.
/// </summary>
/// <remarks>
/// Format: eight bytes of header length, a JSON header, then the tensors' bytes; see https://github.com/huggingface/safetensors.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    // One piece of a tensor on its way through a conversion: small enough to stay in a core's own cache.
    private const int PieceBytes = 1 << 18;

    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;
    private MappedFile? _map;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header)
    {
        Path = path;
        _handle = handle;
        _header = header;
        Entries = [.. header.Entries.Values];
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors, sorted by name (ordinal).</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The same tensors in the order of their bytes in the file: the order in which to read all of them.</summary>
    public IReadOnlyList<SafetensorsEntry> EntriesByOffset => _header.ByOffset;

    /// <summary>The texts under <c>__metadata__</c>, sorted by key (ordinal); empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its whole header against its length.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">The file is missing, unreadable, cut short, altered or not a safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle handle = FileAccessErrors.Guard(path, () => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read));
        try
        {
            return new SafetensorsFile(path, handle, ReadHeader(path, handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>True when the file has a tensor of that name.</summary>
    /// <param name="name">The tensor's name.</param>
    public bool Has(string name) => _header.Entries.ContainsKey(name);

    /// <summary>What the header says of a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="ModelFileException">There is no tensor of that name.</exception>
    public SafetensorsEntry Entry(string name) => _header.Entries.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw Fail($"there is no tensor '{Show.Name(name)}' among its {Entries.Count:N0}"
            + (Entries.Count == 0 ? "." : $", which run from '{Show.Name(Entries[0].Name)}' to '{Show.Name(Entries[^1].Name)}'.")
            + " The weights and config.json come from different models, or part of the model is missing.");

    /// <summary>What the header says of a tensor that must have a given shape.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The shape the model needs.</param>
    /// <exception cref="ModelFileException">There is no tensor of that name, or it has another shape.</exception>
    public SafetensorsEntry Entry(string name, ReadOnlySpan<int> shape)
    {
        SafetensorsEntry entry = Entry(name);
        return shape.SequenceEqual(entry.Shape) ? entry : throw Fail(
            $"tensor '{Show.Name(name)}' has shape {Show.Shape(entry.Shape)}, expected {Show.Shape(shape)}. "
            + "The weights and config.json come from different models.");
    }

    /// <summary>Reads a tensor of type F32, F16, BF16 (all exact) or F64 (rounded to nearest) as singles, row-major.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="into">As many elements as the tensor has.</param>
    /// <exception cref="ModelFileException">No such tensor, another type or size, or the file can not be read.</exception>
    public void Read(string name, Span<float> into)
    {
        SafetensorsEntry entry = Sized(name, into.Length);
        if (entry.Type == SafetensorsType.F32) ReadWhole(entry, into);
        else if (entry.Type == SafetensorsType.F16) ReadPieces<ushort, float>(entry, into, Conversion.FromHalf);
        else if (entry.Type == SafetensorsType.BF16) ReadPieces<ushort, float>(entry, into, Conversion.FromBFloat16);
        else if (entry.Type == SafetensorsType.F64) ReadPieces<double, float>(entry, into, Conversion.FromDouble);
        else throw WrongType(entry, "F32, F16, BF16 or F64");
    }

    /// <summary>Reads a tensor of type F64 as it is, row-major.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="into">As many elements as the tensor has.</param>
    /// <exception cref="ModelFileException">No such tensor, another type or size, or the file can not be read.</exception>
    public void Read(string name, Span<double> into)
    {
        SafetensorsEntry entry = Sized(name, into.Length);
        if (entry.Type != SafetensorsType.F64) throw WrongType(entry, "F64");
        ReadWhole(entry, into);
    }

    /// <summary>Reads a tensor of type I32, or of type I64 whose numbers fit 32 bits, row-major.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="into">As many elements as the tensor has.</param>
    /// <exception cref="ModelFileException">No such tensor, another type or size, a number too large, or an unreadable file.</exception>
    public void Read(string name, Span<int> into)
    {
        SafetensorsEntry entry = Sized(name, into.Length);
        if (entry.Type == SafetensorsType.I32) ReadWhole(entry, into);
        else if (entry.Type == SafetensorsType.I64) ReadPieces<long, int>(entry, into, (from, to) => Narrow(entry, from, to));
        else throw WrongType(entry, "I32 or I64");
    }

    /// <summary>Reads some of a tensor's bytes as they stand in the file, whatever its type.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="offset">The first byte to read, counted from the tensor's own start.</param>
    /// <param name="into">Filled whole; so a tensor larger than one span is read in several calls.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches outside the tensor.</exception>
    /// <exception cref="ModelFileException">No such tensor, or the file can not be read.</exception>
    public void ReadBytes(string name, long offset, Span<byte> into)
    {
        SafetensorsEntry entry = Entry(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, entry.ByteCount - into.Length);
        ReadExactly(Path, _handle, entry.Offset + offset, into);
    }

    /// <summary>A tensor of type F32, F16, BF16, F64, I8, I16, I32 or I64 in place: the file is mapped, nothing is copied.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="ModelFileException">No such tensor, another type, or the file can not be mapped.</exception>
    public StoredTensor Stored(string name)
    {
        SafetensorsEntry entry = Entry(name);
        if (!Enum.TryParse(entry.Type.Name, out TensorType type)) throw WrongType(entry, "F32, F16, BF16, F64, I8, I16, I32 or I64");
        long[] shape = Array.ConvertAll(entry.Shape, d => (long)d);
        if (!StoredTensor.Fits(type, shape))
            throw Fail($"tensor '{Show.Name(name)}' of shape {Show.Shape(shape)} has rows of 2 GiB or more.");
        return StoredTensor.InFile(name, type, shape, Map(entry), entry.Offset);
    }

    /// <summary>A tensor of one-byte elements in place, as bytes under type I8: for types that stand for something only together with scales.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">The dimensions to see it in, outermost first, with as many elements.</param>
    /// <exception cref="ModelFileException">No such tensor, another type or size, or the file can not be mapped.</exception>
    public StoredTensor StoredBytes(string name, params ReadOnlySpan<long> shape)
    {
        SafetensorsEntry entry = Entry(name);
        if (entry.Type.Bits != 8) throw WrongType(entry, "a type of one byte");
        Int128 count = 1;
        foreach (long dimension in shape) count *= dimension;
        if (count != entry.ByteCount || !StoredTensor.Fits(TensorType.I8, shape))
        {
            throw Fail($"tensor '{Show.Name(name)}' has shape {Show.Shape(entry.Shape)}, expected as many elements as {Show.Shape(shape)} has. "
                + "The weights and config.json come from different models.");
        }
        return StoredTensor.InFile(name, TensorType.I8, shape, Map(entry), entry.Offset);
    }

    /// <summary>Closes the file, and ends what <see cref="Stored"/> gave out.</summary>
    public void Dispose()
    {
        _map?.Dispose();
        _handle.Dispose();
    }

    private MappedFile Map(SafetensorsEntry entry)
    {
        lock (_header)
        {
            _map ??= FileAccessErrors.Guard(Path, () => MappedFile.Open(Path));
        }
        return _map.Length - entry.ByteCount >= entry.Offset ? _map
            : throw Fail($"the file has {_map.Length:N0} bytes and had more when it was opened. It was cut short; copy or download it again.");
    }

    private static SafetensorsHeader ReadHeader(string path, SafeFileHandle handle)
    {
        long fileLength = FileAccessErrors.Guard(path, () => RandomAccess.GetLength(handle));
        if (fileLength < LengthBytes)
        {
            throw new ModelFileException(path, $"the file has {fileLength:N0} bytes; a safetensors file has at least {LengthBytes}. "
                + "The file is cut short or of another kind; copy or download it again.");
        }
        Span<byte> prefix = stackalloc byte[LengthBytes];
        ReadExactly(path, handle, 0, prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaxBytes || length > (ulong)(fileLength - LengthBytes))
        {
            throw new ModelFileException(path, $"the header claims {length:N0} bytes; the file has {fileLength - LengthBytes:N0} left, and "
                + $"{SafetensorsHeader.MaxBytes:N0} is the most a header may take. The file is cut short, altered or of another kind.");
        }
        byte[] json = new byte[(int)length];
        ReadExactly(path, handle, LengthBytes, json);
        if (json.Length == 0 || json[0] != (byte)'{')
        {
            throw new ModelFileException(path, "the header does not begin with '{'. This is not a safetensors file, or it was altered.");
        }
        return SafetensorsHeader.Parse(path, json, LengthBytes + json.Length, fileLength);
    }

    private SafetensorsEntry Sized(string name, int room)
    {
        SafetensorsEntry entry = Entry(name);
        return entry.Count == room ? entry : throw Fail(
            $"tensor '{Show.Name(name)}' of shape {Show.Shape(entry.Shape)} has {entry.Count:N0} elements, expected {room:N0}. "
            + "The weights and config.json come from different models.");
    }

    private void ReadWhole<T>(SafetensorsEntry entry, Span<T> into) where T : unmanaged
    {
        // A span of bytes ends at 2 GiB, a span of numbers later.
        int most = PieceBytes << 9;
        for (int i = 0; i < into.Length; i += most)
        {
            Span<T> part = into.Slice(i, Math.Min(most, into.Length - i));
            Span<byte> bytes = MemoryMarshal.AsBytes(part);
            ReadExactly(Path, _handle, entry.Offset + (long)i * (bytes.Length / part.Length), bytes);
        }
    }

    private delegate void Converter<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> into);

    private void ReadPieces<TFrom, TTo>(SafetensorsEntry entry, Span<TTo> into, Converter<TFrom, TTo> convert) where TFrom : unmanaged
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int elementBytes = entry.Type.Bits / 8, most = PieceBytes / elementBytes;
            for (int i = 0; i < into.Length; i += most)
            {
                int count = Math.Min(most, into.Length - i);
                Span<byte> piece = buffer.AsSpan(0, count * elementBytes);
                ReadExactly(Path, _handle, entry.Offset + (long)i * elementBytes, piece);
                convert(MemoryMarshal.Cast<byte, TFrom>(piece), into.Slice(i, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Narrow(SafetensorsEntry entry, ReadOnlySpan<long> from, Span<int> into)
    {
        for (int i = 0; i < from.Length; i++)
        {
            if (from[i] != (int)from[i])
            {
                throw Fail($"tensor '{Show.Name(entry.Name)}' holds {from[i]:N0}; this use needs numbers that fit 32 bits. "
                    + "The file is of another kind or was altered.");
            }
            into[i] = (int)from[i];
        }
    }

    private static void ReadExactly(string path, SafeFileHandle handle, long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            int read;
            try
            {
                read = RandomAccess.Read(handle, into, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw FileAccessErrors.Unreadable(path, e);
            }
            if (read == 0)
            {
                throw new ModelFileException(path, $"the file ends at byte {offset:N0}, where {into.Length:N0} more bytes were expected. "
                    + "It was cut short while it was open; copy or download it again.");
            }
            into = into[read..];
            offset += read;
        }
    }

    private ModelFileException WrongType(SafetensorsEntry entry, string expected) => Fail(
        $"tensor '{Show.Name(entry.Name)}' is {entry.Type.Name}, expected {expected}. Convert the model to one of these types.");

    private ModelFileException Fail(string problem) => new(Path, problem);
}
