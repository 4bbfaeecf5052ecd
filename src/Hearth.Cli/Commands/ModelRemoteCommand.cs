using System.CommandLine;
using Hearth.Models.Bundles;
using Hearth.Models.Remote;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model remote</c>: models that other servers have.</summary>
internal static class ModelRemoteCommand
{
    public static Command Create() => new("remote", "Register models that other servers have (vLLM, llama-server, another Hearth), and use them like those here.")
    {
        Add(), List(), Remove(), Test(),
    };

    private static Argument<string> Name() => new("NAME") { Description = "What the model is called here." };

    private static Command Add()
    {
        Argument<string> name = Name();
        var url = new Option<string>("--url") { Description = "What /chat/completions stands below; without a path, /v1 is meant.", Required = true, HelpName = "URL" };
        var model = new Option<string?>("--model") { Description = "What the other server calls it; by default the same.", HelpName = "THEIR_NAME" };
        var variable = new Option<string?>("--key-env") { Description = "The environment variable that holds the key. The key itself is not kept.", HelpName = "VARIABLE" };
        var file = new Option<string?>("--key-file") { Description = "A file that holds the key, readable by you alone (chmod 600).", HelpName = "FILE" };
        var patience = new Option<int>("--patience") { Description = "After how many seconds without a byte it counts as gone.", DefaultValueFactory = _ => (int)RemoteSpec.UsualPatience.TotalSeconds, HelpName = "SECONDS" };
        patience.Validators.Add(r =>
        {
            if (r.Tokens is [{ Value: var text }, ..] && int.TryParse(text, out int n) && n is < 1 or > 86_400) r.AddError($"--patience is {text}, expected 1 to 86400.");
        });
        var command = new Command("add", "Register a model of another server, or register it anew.") { name, url, model, variable, file, patience };
        command.Example("hearth model remote add big --url http://127.0.0.1:8000/v1 --model Qwen/Qwen3-32B",
            "hearth model remote add big --url https://cluster.example.org/v1 --model Qwen/Qwen3-32B --key-env CLUSTER_KEY");
        command.SetAction(parsed =>
        {
            string given = parsed.GetValue(name)!;
            string? keyFile = parsed.GetValue(file) is { } path ? Path.GetFullPath(path) : null;
            RemoteSpec spec = Given(() => RemoteSpec.Parse(given, parsed.GetValue(url)!, parsed.GetValue(model)).WithKey(parsed.GetValue(variable), keyFile))
                with { Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)) };
            if (ModelFolder.In(Places.Models).Concat(ModelFolder.In(Places.Runs)).Any(m => m.Name == given || m.Name == given + GgufBundle.Extension))
                throw new UsageException($"{given}: there is a model of this name on this machine. Give the remote one another.");
            using var remotes = new RemoteModels(Places.Home);
            remotes.Add(spec);
            Console.WriteLine($"{spec.Name,-14} {spec.Model} at {spec.Address}");
            Console.WriteLine($"{"test it",-14} hearth model remote test {spec.Name}");
            return Common.Done;
        });
        return command;
    }

    private static Command List()
    {
        Option<bool> json = Common.Json();
        var command = new Command("list", "Show the models of other servers.") { json };
        command.Example("hearth model remote list");
        command.SetAction(parsed =>
        {
            using var remotes = new RemoteModels(Places.Home);
            IReadOnlyList<RemoteSpec> all = remotes.List();
            if (parsed.GetValue(json)) Common.PrintJson(all.Select(m => new { m.Name, Url = m.Address, m.Model, m.KeyVariable, m.KeyFile, PatienceSeconds = m.Patience.TotalSeconds }));
            else if (all.Count == 0) Console.WriteLine("No remote models. Register one with `hearth model remote add NAME --url URL`.");
            else foreach (RemoteSpec m in all) Console.WriteLine($"{m.Name,-20} {m.Model} at {m.Address}  {KeyOf(m)}");
            return Common.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        Argument<string> name = Name();
        var command = new Command("remove", "Take a model of another server from the list.") { name };
        command.Example("hearth model remote remove big");
        command.SetAction(parsed =>
        {
            using var remotes = new RemoteModels(Places.Home);
            string given = parsed.GetValue(name)!;
            if (!remotes.Remove(given)) throw Unknown(given, remotes);
            Console.WriteLine($"{given} is no longer registered.");
            return Common.Done;
        });
        return command;
    }

    private static Command Test()
    {
        Argument<string> name = Name();
        Option<bool> json = Common.Json();
        var command = new Command("test", "Ask a model of another server once for each thing it might do. Exit code 1 when it answers nothing.") { name, json };
        command.Example("hearth model remote test big");
        command.SetAction(async (parsed, cancel) =>
        {
            using var remotes = new RemoteModels(Places.Home);
            string given = parsed.GetValue(name)!;
            using RemoteModel model = remotes.Open(given) ?? throw Unknown(given, remotes);
            IReadOnlyList<RemoteAbility> found = await model.ProbeAsync(Common.Stopping);
            if (parsed.GetValue(json)) Common.PrintJson(new { model.Spec.Name, Url = model.Spec.Address, model.Spec.Model, abilities = found });
            else
            {
                Console.WriteLine($"{model.Spec.Name}: {model.Spec.Model} at {model.Spec.Address}, {KeyOf(model.Spec)}");
                foreach (RemoteAbility a in found) Console.WriteLine($"  {(a.Works ? "yes" : "no "),-4} {a.Name,-18} {a.Detail}");
                Console.WriteLine("  no   tokens             They are counted and numbered at its own server alone.");
                Console.WriteLine("  no   same bytes         Nobody here can promise that the same seed gives the same answer.");
            }
            return found.Any(a => a.Works && a.Name != "listed") ? Common.Done : Common.No;
        });
        return command;
    }

    /// <summary>What a person gave; what is wrong with it is wrong use.</summary>
    private static RemoteSpec Given(Func<RemoteSpec> read)
    {
        try
        {
            return read();
        }
        catch (RemoteException e)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>Where a model's key is from.</summary>
    private static string KeyOf(RemoteSpec m) => m.KeyVariable is not null ? $"key in {m.KeyVariable}" : m.KeyFile is not null ? $"key in {m.KeyFile}" : "no key";

    private static UsageException Unknown(string name, RemoteModels remotes) => new(remotes.List() is [_, ..] all
        ? $"{name}: there is no such remote model. There are: {string.Join(", ", all.Select(m => m.Name))}."
        : $"{name}: there is no such remote model. Register one with `hearth model remote add NAME --url URL`.");
}
