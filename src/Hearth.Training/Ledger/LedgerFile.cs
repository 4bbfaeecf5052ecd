using System.Text;
using System.Text.Json;
using Hearth.Models.Formats;

namespace Hearth.Training.Ledger;

/// <summary>A run's ledger: one JSON object a line, each naming the hash of the line before, from step 0.</summary>
public sealed class LedgerFile : IDisposable
{
    /// <summary>What the first line names as the one before.</summary>
    public static readonly string Beginning = new('0', 64);

    // Room for the ids of as many documents as a recipe may leave out.
    private const int MaxLineBytes = 1 << 20;

    // A line is one write: when the disk is full it fails there and then, and nothing is left to fail again on closing.
    private const int Unbuffered = 0;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { AllowOutOfOrderMetadataProperties = false };

    private readonly FileStream _stream;

    private LedgerFile(FileStream stream, string head)
    {
        _stream = stream;
        Head = head;
    }

    /// <summary>Hash of the last line.</summary>
    public string Head { get; private set; }

    /// <summary>Bytes written.</summary>
    public long Length => _stream.Length;

    /// <summary>Told each line as it is written, without its line end.</summary>
    public Action<string>? Written { get; set; }

    /// <summary>Starts an empty ledger.</summary>
    /// <param name="path">The file; one that exists is emptied.</param>
    public static LedgerFile Create(string path) => new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, Unbuffered), Beginning);

    /// <summary>Goes on with a ledger after its first lines; what follows them is dropped, to be written again.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Bytes to keep.</param>
    /// <param name="head">Hash of the last line kept.</param>
    /// <exception cref="LedgerException">The lines kept do not hold together or do not end in that hash.</exception>
    public static LedgerFile Continue(string path, long length, string head)
    {
        if (!File.Exists(path) || new FileInfo(path).Length < length)
        {
            throw new LedgerException(path, 0, $"is shorter than the {length:N0} bytes it had when the checkpoint was written. The run's folder was altered; copy it again from where it was trained.");
        }
        (_, string found) = Read(path, length);
        if (found != head)
        {
            throw new LedgerException(path, 0, $"ends in {Short(found)} where the checkpoint expects {Short(head)}. Ledger and checkpoint come from different runs.");
        }
        var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, Unbuffered);
        stream.SetLength(length);
        stream.Seek(0, SeekOrigin.End);
        return new LedgerFile(stream, head);
    }

    /// <summary>Reads a ledger and checks its chain.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The lines and the hash of the last one.</returns>
    /// <exception cref="LedgerException">A line is not a ledger line, or does not name the one before it.</exception>
    public static (IReadOnlyList<LedgerLine> Lines, string Head) Read(string path) => Read(path, long.MaxValue);

    /// <summary>The lines as they stand, unchecked, without their line ends.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="LedgerException">There is no such file, or a line is longer than any of a ledger.</exception>
    public static IReadOnlyList<string> RawLines(string path) => [.. Lines(path, long.MaxValue).Select(Encoding.UTF8.GetString)];

    /// <summary>Every line, its place in the chain unchecked.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says, null when it is no ledger line in the very form that one is written in; its own hash; the ledger's bytes up to its end.</returns>
    /// <exception cref="LedgerException">There is no such file, or a line is longer than any of a ledger.</exception>
    public static IEnumerable<(LedgerLine? Line, string Hash, long Length)> Entries(string path)
    {
        long length = 0;
        foreach (byte[] bytes in Lines(path, long.MaxValue))
        {
            LedgerLine? line = Parse(Encoding.UTF8.GetString(bytes));
            bool exact = line is not null && Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, Options)).AsSpan().SequenceEqual(bytes);
            yield return (exact ? line : null, Digest.Of(bytes), length += bytes.Length + 1L);
        }
    }

    /// <summary>The first line, which says what the run is made from. What follows it may have been cut short by a lost machine.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="LedgerException">The ledger does not begin with such a line.</exception>
    public static StartLine Start(string path) => Lines(path, 1).Select(bytes => Parse(Encoding.UTF8.GetString(bytes))).FirstOrDefault() as StartLine
        ?? throw new LedgerException(path, 1, "does not begin with a start line. Delete the run's folder and train again.");

    /// <summary>What stands before the first step: the start line and, of a run that documents were taken out of, the forget line.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The lines, their bytes with line ends, and the hash of the last of them.</returns>
    /// <exception cref="LedgerException">The ledger does not begin with a start line.</exception>
    public static (StartLine Start, ForgetLine? Forget, long Length, string Head) Preamble(string path)
    {
        StartLine start = Start(path);
        byte[][] lines = [.. Lines(path, long.MaxValue).Take(2)];
        var forget = lines.Length > 1 ? Parse(Encoding.UTF8.GetString(lines[1])) as ForgetLine : null;
        byte[][] kept = forget is null ? lines[..1] : lines;
        return (start, forget, kept.Sum(l => l.Length + 1L), Digest.Of(kept[^1]));
    }

    /// <summary>Reads one line.</summary>
    /// <param name="line">The line without its end.</param>
    /// <returns>Null when it is not a ledger line.</returns>
    public static LedgerLine? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<LedgerLine>(line, Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Adds a line.</summary>
    /// <param name="line">The line; which line comes before it is filled in.</param>
    public void Add(LedgerLine line)
    {
        string text = JsonSerializer.Serialize(line with { Previous = Head }, Options);
        byte[] bytes = Encoding.UTF8.GetBytes(text + "\n");
        _stream.Write(bytes);
        _stream.Flush();
        Head = Digest.Of(bytes.AsSpan(0, bytes.Length - 1));
        Written?.Invoke(text);
    }

    /// <summary>Makes sure that what was written is on the disk.</summary>
    public void FlushToDisk() => _stream.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static (IReadOnlyList<LedgerLine> Lines, string Head) Read(string path, long length)
    {
        var lines = new List<LedgerLine>();
        string head = Beginning;
        foreach (byte[] bytes in Lines(path, length))
        {
            int number = lines.Count + 1;
            LedgerLine line = Parse(Encoding.UTF8.GetString(bytes))
                ?? throw new LedgerException(path, number, "is not a ledger line. The file was altered or cut short; copy it again from where it was trained.");
            if (line.Previous != head)
            {
                throw new LedgerException(path, number, $"names {Short(line.Previous)} as the line before it, whose hash is {Short(head)}. Line {number - 1} or this one was altered.");
            }
            lines.Add(line);
            head = Digest.Of(bytes);
        }
        return (lines, head);
    }

    /// <summary>The bytes of each line that begins before a length, without line ends.</summary>
    private static IEnumerable<byte[]> Lines(string path, long length)
    {
        if (!File.Exists(path)) throw new LedgerException(path, 0, "does not exist. The folder is not a run, or the run never began.");
        using FileStream stream = File.OpenRead(path);
        byte[] buffer = new byte[MaxLineBytes];
        int from = 0, held = 0, number = 0;
        for (long read = 0; read < length; number++)
        {
            int count = buffer.AsSpan(from, held - from).IndexOf((byte)'\n');
            if (count < 0)
            {
                buffer.AsSpan(from, held - from).CopyTo(buffer);
                (from, held) = (0, held - from);
                held += stream.ReadAtLeast(buffer.AsSpan(held), buffer.Length - held, throwOnEndOfStream: false);
                count = buffer.AsSpan(0, held).IndexOf((byte)'\n');
                if (count < 0 && held == buffer.Length) throw new LedgerException(path, number + 1, $"has more than {MaxLineBytes:N0} bytes. This is not a ledger.");
                if (held == 0) yield break;
                if (count < 0) count = held;                                     // the last line, cut short
            }
            yield return buffer[from..(from + count)];
            from = Math.Min(from + count + 1, held);
            read += count + 1;
        }
    }

    private static string Short(string? hash) => hash is { Length: > 12 } ? hash[..12] : hash ?? "nothing";
}
