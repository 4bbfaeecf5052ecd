using System.Diagnostics;
using System.Text;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics.Quantization;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

public sealed class SafetensorsFuzzTests : IDisposable
{
    private static readonly int Mutations = Fuzz.Rounds(10_000);
    private static readonly string[] Spices =
    [
        "-1", "0", "1e9", "4294967296", "9223372036854775807", "18446744073709551616", "[", "]", "{", "}", "\"", "\\ud800", ",", "null",
        "F64", "F4", "shape", "dtype", "__metadata__", "\0",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_cut_anywhere_is_reported()
    {
        byte[] whole = Sample();
        for (int percent = 0; percent < 100; percent++)
        {
            int kept = whole.Length * percent / 100;
            File.WriteAllBytes(_folder["cut"], whole[..kept]);
            Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder["cut"]), $"{kept} of {whole.Length} bytes kept");
        }
        File.WriteAllBytes(_folder["cut"], [.. whole, 0]);
        Should.Throw<ModelFileException>(() => SafetensorsFile.Open(_folder["cut"]));
    }

    [Fact]
    public void A_mutated_file_gives_tensors_or_the_one_exception_and_never_takes_much()
    {
        byte[] whole = Sample();
        int headerEnd = 8 + BitConverter.ToInt32(whole), refused = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int seed = 0; seed < Mutations; seed++)
        {
            File.WriteAllBytes(_folder["m"], Mutate(whole, headerEnd, new Random(seed)));
            long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(_folder["m"]);
                foreach (SafetensorsEntry e in file.Entries)
                {
                    ReadAsSomething(file, e);
                    ReadInPlace(file, e);
                }
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}.", e);
            }
            if (Stopwatch.GetElapsedTime(started) is var took && took > slowest) slowest = took;
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000_000, $"seed {seed}");
        }
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        refused.ShouldBeInRange(Mutations / 2, Mutations - 1, "the mutations should reach both outcomes");
    }

    private static void ReadAsSomething(SafetensorsFile file, SafetensorsEntry e)
    {
        if (e.Type == SafetensorsType.I32 || e.Type == SafetensorsType.I64) file.Read(e.Name, new int[e.Count]);
        else if (e.Type.Name is "F32" or "F16" or "BF16" or "F64") file.Read(e.Name, new float[e.Count]);
        else file.ReadBytes(e.Name, 0, new byte[e.ByteCount]);
    }

    /// <summary>As models are loaded: rows of the mapped file, and all of it as numbers.</summary>
    private static void ReadInPlace(SafetensorsFile file, SafetensorsEntry e)
    {
        StoredTensor tensor;
        try
        {
            tensor = file.Stored(e.Name);
        }
        catch (ModelFileException)
        {
            return;                                                              // a type that no model holds
        }
        var row = new float[tensor.Columns];
        for (long i = 0; i < tensor.Rows; i++)
        {
            tensor.ReadRow(i, row);
            tensor.Row(i).Length.ShouldBeGreaterThanOrEqualTo(0);
        }
        tensor.Read(new float[e.Count]);
    }

    private static byte[] Mutate(byte[] whole, int headerEnd, Random random)
    {
        List<byte> bytes = [.. whole];
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            // Four out of five hit the header, where the decisions are.
            int at = random.Next(random.Next(5) == 0 ? bytes.Count : Math.Min(headerEnd, bytes.Count));
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Spices[random.Next(Spices.Length)])); break;
            }
            if (bytes.Count == 0) return [];
        }
        // Half of them get a length field that fits again, so that the header itself is what must be judged.
        if (random.Next(2) == 0 && bytes.Count >= 8 && bytes.LastIndexOf((byte)'}') is var end and >= 8)
        {
            byte[] length = BitConverter.GetBytes((long)(end + 1 - 8));
            for (int i = 0; i < 8; i++) bytes[i] = length[i];
        }
        return [.. bytes];
    }

    private static byte[] Sample()
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream,
        [
            new("blk.0.attn_q", [4, 4], new float[16]), new("blk.0.attn_k", SafetensorsType.F16, [2, 4], new byte[16]),
            new("token_embd", SafetensorsType.BF16, [8, 2], new byte[32]), new("step", SafetensorsType.I64, [1], new byte[8]),
            new("exact", SafetensorsType.F64, [2], new byte[16]), new("packed", SafetensorsType.Find("F4")!, [6], new byte[3]),
        ], [new("format", "pt"), new("made by", "a test")]);
        return stream.ToArray();
    }
}
