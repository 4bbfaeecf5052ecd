using System.CommandLine;
using Hearth.Models.Bundles;
using Hearth.Models.Hub;
using Hearth.Models.Remote;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model list</c>: the models under HEARTH_HOME.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        Option<bool> json = Common.Json();
        var command = new Command("list", "Print the models under HEARTH_HOME: those pulled, put there, or made by runs, and those of other servers.") { json };
        command.Example("hearth model list", "hearth model list --json");
        command.SetAction(parsed =>
        {
            Entry[] entries = [.. ModelFolder.In(Places.Models).Concat(Runs()).Select(m => Read(m.Name, m.Path))];
            Entry[] bad = [.. entries.Where(e => e.Problem is not null)];
            using var registered = new RemoteModels(Places.Home);
            IReadOnlyList<RemoteSpec> remote = registered.List();
            if (parsed.GetValue(json))
            {
                Common.PrintJson(new
                {
                    models = entries.Except(bad),
                    unreadable = bad.Select(e => new { e.Name, e.Path, e.Problem }),
                    remote = remote.Select(m => new { m.Name, Url = m.Address, m.Model }),
                });
            }
            else Show(entries, remote);
            return Common.Done;
        });
        return command;
    }

    private static IEnumerable<(string Name, string Path)> Runs() =>
        ModelFolder.In(Places.Runs).Where(m => File.Exists(Path.Combine(m.Path, "model", ModelBundle.ConfigName)));

    private static Entry Read(string name, string path)
    {
        try
        {
            ModelSummary s = ModelSummary.Read(path);
            return new Entry(name, s.Path, s.Architecture, s.Parameters, s.Type, s.Bytes, s.Files, s.Licence, s.Origin?.Repository, s.Origin?.Commit, null);
        }
        catch (Exception e) when (e is HearthException or IOException or UnauthorizedAccessException)
        {
            return new Entry(name, path, "", 0, "", 0, 0, null, null, null, e.Message);
        }
    }

    private static void Show(Entry[] entries, IReadOnlyList<RemoteSpec> remote)
    {
        if (entries.Length + remote.Count == 0)
        {
            Console.WriteLine($"No models under {Places.Home}. Make one with `hearth up`, or fetch one with `hearth model pull`.");
            return;
        }
        int width = entries.Select(e => e.Name).Concat(remote.Select(m => m.Name)).Max(n => Math.Max(4, n.Length));
        Entry[] good = [.. entries.Where(e => e.Problem is null)];
        if (good.Length > 0) Console.WriteLine($"{"name".PadRight(width)}  {"architecture",-14} {"parameters",16} {"type",-8} {"size",10}  licence");
        foreach (Entry e in good)
        {
            Console.WriteLine($"{e.Name.PadRight(width)}  {e.Architecture,-14} {e.Parameters,16:N0} {e.Type,-8} {HubSelection.Size(e.Bytes),10}  "
                + (e.Licence ?? "not stated"));
        }
        foreach (Entry e in entries.Where(e => e.Problem is not null)) Console.WriteLine($"{e.Name.PadRight(width)}  can not be read: {e.Problem}");
        foreach (RemoteSpec m in remote) Console.WriteLine($"{m.Name.PadRight(width)}  remote: {m.Model} at {m.Address}");
    }

    /// <summary>A model, or what is in its place.</summary>
    private sealed record Entry(string Name, string Path, string Architecture, long Parameters, string Type, long Bytes, int Files, string? Licence,
        string? Repository, string? Commit, string? Problem);
}
