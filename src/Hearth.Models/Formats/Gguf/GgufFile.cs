using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Gguf;

/// <summary>One tensor of a GGUF file: what the header says of it, already checked against the file.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">How its numbers are written.</param>
/// <param name="Shape">Its dimensions, outermost first (the file writes them innermost first). Not to be changed.</param>
/// <param name="Offset">Where its first byte stands, counted from the start of the file.</param>
/// <param name="ByteCount">Its bytes.</param>
public sealed record GgufTensor(string Name, TensorType Type, long[] Shape, long Offset, long ByteCount);

/// <summary>
/// One GGUF file of version 2 or 3, mapped. Opening checks the whole header: every key, every tensor's place. Format: ggml, docs/gguf.md.
/// </summary>
public sealed class GgufFile : IDisposable
{
    /// <summary>The alignment of tensors in a file that does not say another.</summary>
    public const int DefaultAlignment = 32;

    internal const uint Magic = 0x4655_4747;                                     // "GGUF"
    internal const string AlignmentKey = "general.alignment";
    private const int MostTensors = 1 << 16;
    private const int MostDimensions = 4;
    private const int LongestName = 1 << 10;
    private const int MostNameBytes = 8 << 20;
    private const int MostAlignment = 1 << 20;
    private const string Altered = "The file is cut short or was altered; copy or download it again.";

    private readonly MappedFile _map;
    private readonly SortedDictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufFile(MappedFile map)
    {
        _map = map;
        var reader = new GgufReader(map);
        ReadVersion(reader);
        ulong tensors = reader.Read<ulong>("the number of tensors"), keys = reader.Read<ulong>("the number of keys");
        Metadata = GgufMetadata.Read(map, reader, keys);
        Alignment = ReadAlignment();
        ReadTensors(reader, tensors);
    }

    /// <summary>The file, as it was given.</summary>
    public string Path => _map.Path;

    /// <summary>The key-value pairs.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Tensors stand at multiples of this.</summary>
    public int Alignment { get; }

    /// <summary>Bytes of the file.</summary>
    public long Length => _map.Length;

    /// <summary>The tensors, sorted by name (ordinal).</summary>
    public IReadOnlyCollection<GgufTensor> Tensors => _tensors.Values;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelFileException">It is missing, unreadable, cut short, altered or not a GGUF file.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile map = FileAccessErrors.Guard(path, () => MappedFile.Open(path));
        try
        {
            return new GgufFile(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>A tensor in place, or null when there is none of that name. Not to be used after this was disposed.</summary>
    /// <param name="name">Its name.</param>
    public StoredTensor? Find(string name) => _tensors.TryGetValue(name, out GgufTensor? t)
        ? StoredTensor.InFile(t.Name, t.Type, t.Shape, _map, t.Offset)
        : null;

    /// <summary>Closes the file, and ends what <see cref="Find"/> gave out.</summary>
    public void Dispose() => _map.Dispose();

    private static void ReadVersion(GgufReader reader)
    {
        uint magic = reader.Read<uint>("the first word");
        if (magic != Magic) throw reader.Fail("the file", "", "does not begin with 'GGUF'. It is of another kind, or was altered.");
        uint version = reader.Read<uint>("the version");
        if (version is 2 or 3) return;
        throw reader.Fail("the file", "", (version & 0xFFFF) == 0 && version > 0
            ? "is written in big-endian byte order, which Hearth does not read. Get the little-endian file of the same model."
            : $"is GGUF version {version:N0}, expected 2 or 3. Convert the model again with a current program.");
    }

    private int ReadAlignment()
    {
        int alignment = Metadata.Whole(AlignmentKey, 1, MostAlignment, DefaultAlignment);
        return int.IsPow2(alignment) ? alignment : throw Metadata.Bad(AlignmentKey, $"{alignment}", "a power of two");
    }

    private void ReadTensors(GgufReader reader, ulong count)
    {
        if (count > MostTensors)
            throw reader.Fail("the header", "", $"claims {count:N0} tensors, expected at most {MostTensors:N0}. {Altered}");
        var entries = new List<(string Name, TensorType Type, long[] Shape, ulong Offset, long Bytes)>();
        int nameBytes = 0;
        for (ulong i = 0; i < count; i++)
        {
            string name = reader.Text(LongestName, $"the name of tensor {i:N0}");
            if ((nameBytes += name.Length) > MostNameBytes)
            {
                throw reader.Fail("the tensors'", "", $"names take more than {MostNameBytes:N0} bytes together. {Altered}");
            }
            long[] shape = ReadShape(reader, name);
            TensorType type = ReadType(reader, name);
            if (!StoredTensor.Fits(type, shape)) throw Unfit(reader, name, type, shape);
            long elements = shape.Aggregate(1L, (product, d) => product * d);
            ulong offset = reader.Read<ulong>("the offset of tensor", name);
            entries.Add((name, type, shape, offset, BlockFormat.Of(type).BytesFor(elements)!.Value));
        }
        long start = (reader.Position + Alignment - 1) / Alignment * Alignment;
        foreach ((string name, TensorType type, long[] shape, ulong offset, long bytes) in entries)
        {
            if (offset % (ulong)Alignment != 0)
                throw reader.Fail("tensor", name,
                    $"begins at offset {offset:N0} of the data, expected a multiple of {Alignment}. {Altered}");
            long room = Math.Max(0, Length - start);
            if (offset > (ulong)room || bytes > room - (long)offset)
            {
                throw reader.Fail("tensor", name,
                    $"claims {bytes:N0} bytes at offset {offset:N0} of the data, but the data end at {room:N0}. {Altered}");
            }
            if (!_tensors.TryAdd(name, new GgufTensor(name, type, shape, start + (long)offset, bytes)))
            {
                throw reader.Fail("tensor", name, $"stands in the file twice. {Altered}");
            }
        }
        RefuseOverlap(reader);
    }

    private void RefuseOverlap(GgufReader reader)
    {
        GgufTensor? before = null;
        foreach (GgufTensor tensor in _tensors.Values.OrderBy(t => t.Offset))
        {
            if (before is not null && before.Offset + before.ByteCount > tensor.Offset)
            {
                throw reader.Fail("tensor", tensor.Name, $"begins inside tensor '{Show.Name(before.Name)}'. {Altered}");
            }
            before = tensor;
        }
    }

    private static long[] ReadShape(GgufReader reader, string name)
    {
        uint dimensions = reader.Read<uint>("the dimensions of tensor", name);
        if (dimensions is 0 or > MostDimensions)
            throw reader.Fail("tensor", name, $"has {dimensions:N0} dimensions, expected 1 to {MostDimensions}. {Altered}");
        var shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++)
        {
            long dimension = reader.Read<long>("the dimensions of tensor", name);
            if (dimension <= 0) throw reader.Fail("tensor", name,
                $"has a dimension of {(ulong)dimension:N0}, expected 1 to {long.MaxValue:N0}. {Altered}");
            shape[^(i + 1)] = dimension;
        }
        return shape;
    }

    private static TensorType ReadType(GgufReader reader, string name)
    {
        uint number = reader.Read<uint>("the type of tensor", name);
        return GgufTypes.Tensor(number) ?? throw reader.Fail("tensor", name, $"has type number {number:N0}, which Hearth does not know. "
            + "Get the model in another type, for example Q4_K_M or Q8_0.");
    }

    private static ModelFileException Unfit(GgufReader reader, string name, TensorType type, long[] shape) => reader.Fail("tensor", name,
        $"is {type} of shape {Show.Shape(shape)}: expected rows of whole blocks of {BlockFormat.Of(type).Elements} numbers, under 2 GiB. {Altered}");
}
