using System.CommandLine;
using System.Globalization;
using Hearth.Server.Auditing;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth key add</c>, <c>list</c> and <c>revoke</c>: keys that open the server.</summary>
internal static class AccessKeys
{
    public static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "Whose key it is, such as library." };
        var role = new Option<string>("--role") { Description = "user, or admin: metrics, keys and audit log as well.", DefaultValueFactory = _ => AccessKey.User, HelpName = "ROLE" };
        role.AcceptOnlyFromAmong(AccessKey.User, AccessKey.Admin);
        var limit = new Option<string[]>("--limit")
        {
            Description = "How much it may use: requests/minute, tokens/minute or tokens/day. May be given more than once.", HelpName = "NUMBER:WHAT",
        };
        var models = new Option<string[]>("--model") { Description = "A model it may ask; all when none is given. May be given more than once.", HelpName = "NAME" };
        var days = new Option<int?>("--days") { Description = "In how many days it ends by itself.", HelpName = "N" };
        Option<bool> json = Common.Json();
        var command = new Command("add", "Make a key that opens the server. It is shown once.") { name, role, limit, models, days, json };
        command.Example("hearth key add library", "hearth key add clerk --limit 60:requests/minute --limit 2000000:tokens/day --model factbook --days 90", "hearth key add me --role admin");
        command.SetAction(async (parsed, cancel) =>
        {
            KeyLimits limits = Limits(parsed.GetValue(limit) ?? []);
            int? ends = parsed.GetValue(days);
            if (ends is < 1 or > 36_500) throw new UsageException($"--days is {ends}, expected 1 to 36500.");
            DateTime? expires = ends is { } d ? DateTime.UtcNow.AddDays(d) : null;
            IDbContextFactory<ServerDatabase> contexts = await ServerState.OpenAsync(cancel);
            (AccessKey key, KeySecret secret) = await ServerState.Keys(contexts)
                .AddAsync(parsed.GetValue(name)!, parsed.GetValue(role) == AccessKey.Admin, limits, parsed.GetValue(models), expires, cancel);
            await using AuditLog audit = ServerState.Audit(contexts);
            await audit.AppendAsync(key, "added", ServerState.Person);
            if (parsed.GetValue(json)) Common.PrintJson(new { id = key.Id, name = key.Name, role = key.Role, key = secret.ToString(), expires = key.Expires });
            else
            {
                Console.WriteLine($"{"name",-14} {key.Name} ({key.Role})");
                Console.WriteLine($"{"key",-14} {secret} (keep it: it is not kept here and not shown again)");
                Console.WriteLine($"{"used as",-14} Authorization: Bearer KEY, x-api-key: KEY, or at /login in a browser");
            }
            return Common.Done;
        });
        return command;
    }

    public static Command List()
    {
        Option<bool> json = Common.Json();
        var command = new Command("list", "Show the keys that open the server.") { json };
        command.Example("hearth key list");
        command.SetAction(async (parsed, cancel) =>
        {
            IReadOnlyList<AccessKey> keys = await ServerState.Keys(await ServerState.OpenAsync(cancel)).ListAsync(cancel);
            if (parsed.GetValue(json)) Common.PrintJson(keys.Select(k => new { k.Id, k.Name, k.Role, k.Limits, k.Models, k.Created, k.Expires, k.Revoked }));
            else if (keys.Count == 0) Console.WriteLine("There is no key yet. Make one with `hearth key add NAME`.");
            else foreach (AccessKey key in keys) Console.WriteLine($"{key.Id}  {key.Name,-20} {key.Role,-6} {key.StateAt(DateTime.UtcNow),-22} {Describe(key)}".TrimEnd());
            return Common.Done;
        });
        return command;
    }

    public static Command Revoke()
    {
        var name = new Argument<string>("NAME") { Description = "The key's name or id." };
        var command = new Command("revoke", "End a key: from now on it opens nothing.") { name };
        command.Example("hearth key revoke library");
        command.SetAction(async (parsed, cancel) =>
        {
            IDbContextFactory<ServerDatabase> contexts = await ServerState.OpenAsync(cancel);
            AccessKey key = await ServerState.Keys(contexts).RevokeAsync(parsed.GetValue(name)!, cancel);
            await using AuditLog audit = ServerState.Audit(contexts);
            await audit.AppendAsync(key, "revoked", ServerState.Person);
            Console.WriteLine($"{key.Name} ({key.Id}) is revoked.");
            return Common.Done;
        });
        return command;
    }

    private static KeyLimits Limits(string[] given)
    {
        KeyLimits limits = KeyLimits.None;
        foreach (string text in given)
        {
            string[] parts = text.Split(':', 2);
            if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long n) || n < 1 || n > int.MaxValue && parts[^1] != "tokens/day") throw Wrong(text);
            limits = parts[^1] switch
            {
                "requests/minute" => limits with { RequestsPerMinute = (int)n },
                "tokens/minute" => limits with { TokensPerMinute = (int)n },
                "tokens/day" => limits with { TokensPerDay = n },
                _ => throw Wrong(text),
            };
        }
        return limits;
    }

    private static UsageException Wrong(string text) => new($"--limit '{text}' is not understood. Give a number and what it counts, such as 60:requests/minute, 10000:tokens/minute or 2000000:tokens/day.");

    private static string Describe(AccessKey key) =>
        string.Join("; ", ((string[])[key.Limits.Describe(), key.Models.Count > 0 ? $"models {string.Join(", ", key.Models)}" : ""]).Where(p => p.Length > 0));
}
