using System.CommandLine;
using Hearth.Server.Auditing;
using Hearth.Server.Hosting;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth audit-log</c>: what the server said, to whom, and whether the record holds.</summary>
internal static class AuditLogCommand
{
    public static Command Create() => new("audit-log", "The server's record of who asked which model what: check it, read it, take texts out.") { Verify(), Show(), Replay(), Export(), Redact() };

    private static Command Verify()
    {
        var contains = new Option<string?>("--contains") { Description = "A hash that was noted earlier; it must be in the chain.", HelpName = "HASH" };
        Option<bool> json = Common.Json();
        var command = new Command("verify", "Check every link and digest. Exit code 1 names the first entry that does not hold.") { contains, json };
        command.Example("hearth audit-log verify", "hearth audit-log verify --contains 3f0c...");
        command.SetAction(async (parsed, cancel) =>
        {
            AuditVerification found = await AuditVerification.RunAsync(await ServerState.OpenAsync(cancel), parsed.GetValue(contains), cancel: cancel);
            if (parsed.GetValue(json)) Common.PrintJson(found);
            else if (found.Holds)
            {
                Console.WriteLine($"{"entries",-14} {found.Entries:N0}, {found.Pruned:N0} of them cut down to their hashes, {found.Redacted:N0} with their texts taken out");
                Console.WriteLine($"{"head",-14} {found.Head} (note it elsewhere: nothing up to here can be changed unseen then)");
                Console.WriteLine("The chain holds.");
            }
            else Console.WriteLine(found.BadEntry is { } bad ? $"Entry {bad:N0} {found.Problem}." : $"The chain does not hold: {found.Problem}.");
            return found.Holds ? Common.Done : Common.No;
        });
        return command;
    }

    private static Command Show()
    {
        var entry = new Argument<long?>("ENTRY") { Description = "The entry's number; without it, the last ones.", Arity = ArgumentArity.ZeroOrOne };
        var last = new Option<int>("--last") { Description = "How many entries.", DefaultValueFactory = _ => 20, HelpName = "N" };
        var key = new Option<string?>("--key") { Description = "Of this key's id only.", HelpName = "ID" };
        var model = new Option<string?>("--model") { Description = "Of this model only.", HelpName = "NAME" };
        Option<bool> json = Common.Json();
        var command = new Command("show", "Show one entry whole, or the last ones.") { entry, last, key, model, json };
        command.Example("hearth audit-log show --last 5", "hearth audit-log show 17");
        command.SetAction(async (parsed, cancel) =>
        {
            await using AuditLog log = ServerState.Audit(await ServerState.OpenAsync(cancel));
            if (parsed.GetValue(entry) is { } place)
            {
                AuditRecord found = await log.FindAsync(place, cancel) ?? throw new UsageException($"There is no entry {place:N0}. `hearth audit-log show` lists the last ones.");
                if (parsed.GetValue(json)) Common.PrintJson(Shown(found));
                else Print(found);
                return Common.Done;
            }
            int count = parsed.GetValue(last);
            if (count is < 1 or > 100_000) throw new UsageException($"--last is {count}, expected 1 to 100000.");
            IReadOnlyList<AuditRecord> records = await log.ListAsync(count: count, filter: new AuditFilter(parsed.GetValue(key), parsed.GetValue(model)), cancel: cancel);
            if (parsed.GetValue(json)) Common.PrintJson(records.Select(Shown));
            else if (records.Count == 0) Console.WriteLine("There is no such entry yet.");
            else foreach (AuditRecord record in records.Reverse()) Console.WriteLine($"{record.Sequence,8}  {Line(record)}");
            return Common.Done;
        });
        return command;
    }

    private static Command Replay()
    {
        var entry = new Argument<long>("ENTRY") { Description = "The entry's number." };
        var models = new Option<string?>("--models") { Description = "The folder of models. Default: models in HEARTH_HOME.", HelpName = "DIR" };
        Option<int> threads = Common.Threads();
        Option<bool> json = Common.Json();
        var command = new Command("replay", "Ask again what an entry records, with its seed, and compare the answer's digest.\nExit code 0 when it is equal, 1 when not.") { entry, models, threads, json };
        command.Example("hearth audit-log replay 17");
        command.SetAction(async (parsed, cancel) =>
        {
            var options = new ServerOptions { Home = Places.Home, Database = ServerState.Database, ModelsFolder = parsed.GetValue(models), Threads = parsed.GetValue(threads) };
            ReplayedAnswer again = await AuditReplay.RunAsync(options, await ServerState.OpenAsync(cancel), parsed.GetValue(entry), cancel);
            if (parsed.GetValue(json)) Common.PrintJson(again);
            else
            {
                Console.WriteLine($"{"recorded",-14} {again.Recorded}");
                Console.WriteLine($"{"again",-14} {again.Again}");
                Console.WriteLine($"{"seed",-14} {again.Seed}");
                Console.WriteLine($"{"model digest",-14} {again.ModelDigest}");
                if (!again.Equal) Console.WriteLine($"{"answer now",-14} {again.Answer}");
                Console.WriteLine(again.Verdict);
            }
            return again.Equal ? Common.Done : Common.No;
        });
        return command;
    }

    private static Command Export()
    {
        var output = new Option<string?>("--out") { Description = "The file to write; standard output when none is given.", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "Of this key's id only.", HelpName = "ID" };
        var model = new Option<string?>("--model") { Description = "Of this model only.", HelpName = "NAME" };
        var command = new Command("export", "Write the log as JSON lines: each entry as it is hashed, its hash, and what is kept beside.") { output, key, model };
        command.Example("hearth audit-log export --out audit.jsonl");
        command.SetAction(async (parsed, cancel) =>
        {
            IDbContextFactory<ServerDatabase> contexts = await ServerState.OpenAsync(cancel);
            await using Stream stream = parsed.GetValue(output) is { } file ? File.Create(file) : Console.OpenStandardOutput();
            await AuditExport.WriteAsync(contexts, new AuditFilter(parsed.GetValue(key), parsed.GetValue(model)), stream, cancel);
            return Common.Done;
        });
        return command;
    }

    private static Command Redact()
    {
        var entry = new Argument<long>("ENTRY") { Description = "The entry's number." };
        var reason = new Option<string>("--reason") { Description = "Why, without the text itself. It stays in the log.", Required = true, HelpName = "TEXT" };
        var command = new Command("redact", "Take the texts out of an entry. Their digests stay, the chain holds, and the log says so.") { entry, reason };
        command.Example("hearth audit-log redact 17 --reason 'names a patient'");
        command.SetAction(async (parsed, cancel) =>
        {
            IDbContextFactory<ServerDatabase> contexts = await ServerState.OpenAsync(cancel);
            AuditReceipt receipt = await new AuditKeeping(contexts, TimeProvider.System).RedactAsync(parsed.GetValue(entry), parsed.GetValue(reason)!, ServerState.Person, cancel);
            Console.WriteLine($"The texts of entry {parsed.GetValue(entry):N0} are gone; entry {receipt.Sequence:N0} says so.");
            return Common.Done;
        });
        return command;
    }

    private static object Shown(AuditRecord record) => new { record.Sequence, record.Hash, record.Line, record.Salt, record.Prompt, record.Answer };

    private static string Line(AuditRecord record) => record.Line switch
    {
        null => $"cut down to its hash {record.Hash[..12]}",
        AnswerLine a => $"{a.Time:yyyy-MM-dd HH:mm:ss}  {a.Name} asked {a.Model} at {a.Endpoint}: {a.PromptTokens:N0} + {a.AnswerTokens:N0} tokens, seed {a.Seed}",
        KeyLine k => $"{k.Time:yyyy-MM-dd HH:mm:ss}  key {k.Key} of {k.Name} ({k.Role}) {k.Action} by {k.By}",
        RedactionLine r => $"{r.Time:yyyy-MM-dd HH:mm:ss}  texts of entry {r.Entry:N0} taken out by {r.By}: {r.Reason}",
        RetentionLine t => $"{t.Time:yyyy-MM-dd HH:mm:ss}  entries up to {t.Through:N0} cut down to their hashes",
        var other => $"{other.Time:yyyy-MM-dd HH:mm:ss}  {other.GetType().Name}",
    };

    private static void Print(AuditRecord record)
    {
        Console.WriteLine($"{"entry",-14} {Line(record)}");
        Console.WriteLine($"{"hash",-14} {record.Hash}");
        if (record.Line is not AnswerLine answer) return;
        Console.WriteLine($"{"model digest",-14} {answer.ModelDigest}");
        if (answer.Options is { } options) Console.WriteLine($"{"options",-14} {options.ToJsonString()}");
        Console.WriteLine($"{"asked",-14} {record.Prompt ?? $"(text not kept) {answer.Prompt}"}");
        Console.WriteLine($"{"answered",-14} {record.Answer ?? $"(text not kept) {answer.Answer}"}");
    }
}
