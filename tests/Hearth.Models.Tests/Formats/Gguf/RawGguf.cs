using System.Buffers.Binary;
using System.Text;

namespace Hearth.Models.Tests.Formats.Gguf;

/// <summary>Writes GGUF byte by byte, right or wrong, so that tests of the reader do not lean on the writer.</summary>
internal sealed class RawGguf
{
    private readonly List<byte> _bytes = [];

    public static RawGguf Header(ulong tensors, ulong keys, uint version = 3) =>
        new RawGguf().Raw("GGUF"u8).U32(version).U64(tensors).U64(keys);

    public RawGguf Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public RawGguf U8(byte value) => Raw([value]);

    public RawGguf U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public RawGguf U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public RawGguf Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return U64((ulong)bytes.Length).Raw(bytes);
    }

    /// <summary>A key and the number of its type.</summary>
    public RawGguf Key(string key, uint type) => Text(key).U32(type);

    public RawGguf Tensor(string name, uint type, ulong offset, params ReadOnlySpan<ulong> innermostFirst)
    {
        Text(name).U32((uint)innermostFirst.Length);
        foreach (ulong dimension in innermostFirst) U64(dimension);
        return U32(type).U64(offset);
    }

    /// <summary>Zeros up to a multiple of 32, then the tensors' bytes.</summary>
    public RawGguf Data(int bytes)
    {
        while (_bytes.Count % 32 != 0) _bytes.Add(0);
        for (int i = 0; i < bytes; i++) _bytes.Add((byte)(i * 37));
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    /// <summary>A small whole file with values of every type, arrays in arrays, and several tensors.</summary>
    public static byte[] Sample() => Header(tensors: 5, keys: 18)
        .Key("general.architecture", 8).Text("llama")
        .Key("u8", 0).U8(200).Key("i8", 1).U8(200).Key("u16", 2).Raw([1, 2]).Key("i16", 3).Raw([255, 255])
        .Key("u32", 4).U32(7).Key("i32", 5).U32(uint.MaxValue).Key("f32", 6).U32(BitConverter.SingleToUInt32Bits(1.5f))
        .Key("yes", 7).U8(1).Key("u64", 10).U64(1UL << 40).Key("i64", 11).U64(ulong.MaxValue).Key("f64", 12)
            .U64(BitConverter.DoubleToUInt64Bits(-0.25))
        .Key("texts", 9).U32(8).U64(3).Text("one").Text("").Text("dreißig")
        .Key("numbers", 9).U32(5).U64(3).U32(1).U32(2).U32(uint.MaxValue)
        .Key("singles", 9).U32(6).U64(2).U32(BitConverter.SingleToUInt32Bits(0.5f)).U32(0)
        .Key("flags", 9).U32(7).U64(2).Raw([1, 0])
        .Key("nested", 9).U32(9).U64(2).U32(0).U64(1).U8(1).U32(8).U64(1).Text("x")
        .Key("empty", 9).U32(4).U64(0)
        .Tensor("plain", 0, 0, 4, 2).Tensor("half", 1, 32, 6).Tensor("q8", 8, 64, 32, 2).Tensor("q4k", 12, 160, 256, 1, 2)
            .Tensor("one", 0, 448, 1)
        .Data(448 + 4).ToArray();
}
