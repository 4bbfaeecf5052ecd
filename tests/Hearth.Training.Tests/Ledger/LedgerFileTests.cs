using System.Security.Cryptography;
using System.Text;
using Hearth.Training.Ledger;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Ledger;

public sealed class LedgerFileTests : IDisposable
{
    private static readonly LedgerLine[] Lines =
    [
        new StartLine(1, "recipe", "materials", "tokenizer", "weights"),
        new StepLine(1, "documents", 32, 30, 1e-3, 5.4321098765432109, 0.1, "weights"),
        new StepLine(2, "documents", 31, 29, 1.0 / 3, 1e-300, 12345.678, "weights"),
        new EvaluationLine(2, 2.5),
        new CheckpointLine(2, "state", "weights"),
        new EndLine(2, "weights"),
    ];

    private readonly TemporaryFolder _folder = new();

    private string At => _folder["ledger.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_come_back_as_they_were_written_each_naming_the_hash_of_the_one_before()
    {
        string head = WriteAll();
        (IReadOnlyList<LedgerLine> lines, string found) = LedgerFile.Read(At);

        found.ShouldBe(head);
        lines.Select(l => l with { Previous = "" }).ShouldBe(Lines.Select(l => l with { Previous = "" }));
        string before = new('0', 64);
        foreach ((LedgerLine line, string raw) in lines.Zip(File.ReadAllText(At).Split('\n')))
        {
            line.Previous.ShouldBe(before);
            before = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(raw)));
        }
        before.ShouldBe(head);
        LedgerFile.RawLines(At).ShouldBe(File.ReadAllText(At).Split('\n')[..^1]);
        LedgerFile.Start(At).ShouldBe(lines[0]);
    }

    [Fact]
    public void Each_line_is_told_and_on_the_disk_as_soon_as_it_is_added()
    {
        var told = new List<string>();
        using LedgerFile ledger = LedgerFile.Create(At);
        ledger.Written = told.Add;
        for (int i = 0; i < Lines.Length; i++)
        {
            ledger.Add(Lines[i]);
            LedgerFile.RawLines(At).ShouldBe(told);
            told.Count.ShouldBe(i + 1);
            ledger.Length.ShouldBe(new FileInfo(At).Length);
        }
    }

    [Fact]
    public void Going_on_after_any_line_drops_what_follows_and_gives_the_same_file_again()
    {
        WriteAll();
        byte[] whole = File.ReadAllBytes(At);
        string[] raw = [.. LedgerFile.RawLines(At)];
        for (int keep = 0; keep <= Lines.Length; keep++)
        {
            File.WriteAllBytes(At, whole);
            long length = raw[..keep].Sum(l => Encoding.UTF8.GetByteCount(l) + 1);
            using (LedgerFile ledger = LedgerFile.Continue(At, length, keep == 0 ? LedgerFile.Beginning : Hash(raw[keep - 1])))
            {
                ledger.Length.ShouldBe(length);
                foreach (LedgerLine line in Lines[keep..]) ledger.Add(line);
            }
            File.ReadAllBytes(At).ShouldBe(whole, $"after {keep} lines");
        }
    }

    [Fact]
    public void A_last_line_cut_short_anywhere_is_named_and_does_not_hinder_going_on_before_it()
    {
        WriteAll();
        byte[] whole = File.ReadAllBytes(At);
        string[] raw = [.. LedgerFile.RawLines(At)];
        long kept = raw[..^1].Sum(l => Encoding.UTF8.GetByteCount(l) + 1);
        for (long length = kept + 1; length < whole.Length - 1; length += 7)
        {
            File.WriteAllBytes(At, whole[..(int)length]);
            Should.Throw<LedgerException>(() => LedgerFile.Read(At)).Line.ShouldBe(Lines.Length);
            LedgerFile.Start(At).Recipe.ShouldBe("recipe");
            using (LedgerFile ledger = LedgerFile.Continue(At, kept, Hash(raw[^2]))) ledger.Add(Lines[^1]);
            File.ReadAllBytes(At).ShouldBe(whole);
        }
    }

    [Fact]
    public void A_single_altered_byte_in_any_line_breaks_the_chain_there()
    {
        string head = WriteAll();
        byte[] whole = File.ReadAllBytes(At);
        int line = 1;
        for (int i = 0; i < whole.Length; i++)
        {
            if (whole[i] == '\n')
            {
                line++;
                continue;
            }
            byte[] altered = [.. whole];
            altered[i] ^= 1;
            File.WriteAllBytes(At, altered);
            if (line == Lines.Length)
            {
                // Nothing comes after the last line: what shows there is its hash, which a run's proof names.
                try
                {
                    LedgerFile.Read(At).Head.ShouldNotBe(head);
                }
                catch (LedgerException e)
                {
                    e.Line.ShouldBe(line);
                }
                continue;
            }
            Should.Throw<LedgerException>(() => LedgerFile.Read(At), $"byte {i}").Line.ShouldBeInRange(line, line + 1);
        }
    }

    [Fact]
    public void The_message_names_file_line_and_both_hashes()
    {
        WriteAll();
        string[] raw = [.. LedgerFile.RawLines(At)];
        raw[1] = raw[1].Replace("\"tokens\":32", "\"tokens\":33", StringComparison.Ordinal);
        File.WriteAllText(At, string.Join('\n', raw) + "\n");
        LedgerException e = Should.Throw<LedgerException>(() => LedgerFile.Read(At));
        e.Line.ShouldBe(3);
        e.Message.ShouldStartWith($"{At}:3: ");
        e.Message.ShouldContain(Hash(raw[1])[..12]);
        e.Message.ShouldContain("Line 2 or this one");
    }

    [Theory]
    [InlineData("\ufeff", "")]
    [InlineData("", "\r")]
    public void Marks_that_editors_add_are_alterations_too(string before, string after)
    {
        WriteAll();
        File.WriteAllText(At, before + File.ReadAllText(At).Replace("\n", after + "\n", StringComparison.Ordinal));
        Should.Throw<LedgerException>(() => LedgerFile.Read(At));
    }

    [Fact]
    public void A_ledger_does_not_go_on_where_the_checkpoint_knows_another_one()
    {
        WriteAll();
        long length = new FileInfo(At).Length;
        LedgerException other = Should.Throw<LedgerException>(() => LedgerFile.Continue(At, length, new string('a', 64)));
        other.Message.ShouldContain("aaaaaaaaaaaa");
        Should.Throw<LedgerException>(() => LedgerFile.Continue(At, length, "short")).Message.ShouldContain("short");
        Should.Throw<LedgerException>(() => LedgerFile.Continue(At, length + 1, LedgerFile.Beginning)).Message.ShouldContain("shorter");
        Should.Throw<LedgerException>(() => LedgerFile.Continue(_folder["nothing"], 0, LedgerFile.Beginning))
            .Message.ShouldContain("nothing");
        new FileInfo(At).Length.ShouldBe(length);                                // a refusal cuts nothing off
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"kind\":\"step\",\"step\":\"x\"}")]
    [InlineData("{\"kind\":\"dance\",\"previous\":\"0\"}")]
    [InlineData("{\"kind\":\"start\",\"previous\":null}")]
    public void What_is_no_ledger_line_is_named(string line)
    {
        File.WriteAllText(At, line + "\n");
        Should.Throw<LedgerException>(() => LedgerFile.Read(At)).Line.ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"kind\":\"end\",\"step\":1,\"weights\":\"w\",\"previous\":\"0\"}\n")]
    public void A_ledger_without_a_start_is_named(string text)
    {
        File.WriteAllText(At, text);
        Should.Throw<LedgerException>(() => LedgerFile.Start(At)).Message.ShouldContain("start line");
    }

    [Fact]
    public void A_file_of_gigabytes_without_a_line_end_is_refused_in_little_memory()
    {
        using (FileStream huge = File.Create(At)) huge.SetLength(1L << 33);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<LedgerException>(() => LedgerFile.Read(At)).Line.ShouldBe(1);
        Should.Throw<LedgerException>(() => LedgerFile.RawLines(At));
        Should.Throw<LedgerException>(() => LedgerFile.Start(At));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 << 20);
    }

    [Fact]
    public void A_full_disk_is_one_error_and_closing_is_not_another()
    {
        const string Full = "/dev/full";
        if (!File.Exists(Full)) Assert.Skip("This system has no /dev/full.");
        LedgerFile ledger = LedgerFile.Create(Full);
        Should.Throw<IOException>(() => ledger.Add(Lines[0]));
        Should.NotThrow(ledger.Dispose);
    }

    private string WriteAll()
    {
        using LedgerFile ledger = LedgerFile.Create(At);
        foreach (LedgerLine line in Lines) ledger.Add(line);
        ledger.FlushToDisk();
        return ledger.Head;
    }

    private static string Hash(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));
}
