using System.Buffers;
using System.Buffers.Binary;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats.Gguf;

/// <summary>A tensor to be written, whose bytes are made when their turn comes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How its numbers are written.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Write">Writes exactly its bytes.</param>
public sealed record GgufTensorData(string Name, TensorType Type, IReadOnlyList<long> Shape, Action<Stream> Write);

/// <summary>Writes GGUF files of version 3, little-endian. The same input gives the same bytes. Format: ggml, docs/gguf.md.</summary>
public static class GgufWriter
{
    private const uint Version = 3;

    /// <summary>Writes a file whole or not at all. Tensors go straight to the disk, one after the other.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="values">The key-value pairs; <c>general.alignment</c> among them is obeyed.</param>
    /// <param name="tensors">The tensors, in the order of the file.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape does not fit its type.</exception>
    /// <exception cref="IOException">The disk is full or the folder can not be written.</exception>
    public static void Write(string path, GgufKeyValues values, IReadOnlyList<GgufTensorData> tensors) =>
        AtomicFile.Write(path, stream => Write(stream, values, tensors));

    /// <summary>Writes the same bytes to a stream, which stays open.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="values">The key-value pairs.</param>
    /// <param name="tensors">The tensors, in the order of the file.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape does not fit its type.</exception>
    public static void Write(Stream stream, GgufKeyValues values, IReadOnlyList<GgufTensorData> tensors)
    {
        byte[] header = Header(values, tensors);
        stream.Write(header);
        stream.Write(new byte[Padding(header.Length, values.Alignment)]);
        foreach (GgufTensorData tensor in tensors)
        {
            var counted = new CountingStream(stream);
            tensor.Write(counted);
            long bytes = ByteCount(tensor);
            if (counted.Count != bytes)
                throw new ArgumentException($"Tensor '{tensor.Name}' wrote {counted.Count:N0} bytes instead of {bytes:N0}.",
                    nameof(tensors));
            stream.Write(new byte[Padding(bytes, values.Alignment)]);
        }
    }

    private static byte[] Header(GgufKeyValues values, IReadOnlyList<GgufTensorData> tensors)
    {
        var header = new ArrayBufferWriter<byte>();
        Number(GgufFile.Magic, sizeof(uint));
        Number(Version, sizeof(uint));
        Number((ulong)tensors.Count, sizeof(ulong));
        Number((ulong)values.Count, sizeof(ulong));
        header.Write(values.Bytes);
        var names = new HashSet<string>(StringComparer.Ordinal);
        long offset = 0;
        foreach (GgufTensorData tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"Tensor name '{Show.Name(tensor.Name)}' is used twice.", nameof(tensors));
            GgufKeyValues.Write(header, tensor.Name);
            Number((ulong)tensor.Shape.Count, sizeof(uint));
            foreach (long dimension in tensor.Shape.Reverse()) Number((ulong)dimension, sizeof(ulong));
            Number(GgufTypes.Number(tensor.Type), sizeof(uint));
            Number((ulong)offset, sizeof(ulong));
            offset += ByteCount(tensor);
            offset += Padding(offset, values.Alignment);
        }
        return header.WrittenSpan.ToArray();

        void Number(ulong value, int size)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            header.Write(bytes[..size]);
        }
    }

    private static long ByteCount(GgufTensorData tensor)
    {
        long[] shape = [.. tensor.Shape];
        if (shape.Length == 0 || !StoredTensor.Fits(tensor.Type, shape))
        {
            throw new ArgumentException($"Tensor '{Show.Name(tensor.Name)}' of shape {Show.Shape(shape)} can not be {tensor.Type}.",
                nameof(tensor));
        }
        return BlockFormat.Of(tensor.Type).BytesFor(shape.Aggregate(1L, (product, d) => product * d))!.Value;
    }

    private static long Padding(long length, int alignment) => (alignment - (length % alignment)) % alignment;

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Count += buffer.Length;
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
