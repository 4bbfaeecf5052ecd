using System.CommandLine;
using Hearth.Cli.Terminal;
using Hearth.Models.Bundles;
using Hearth.Models.Hub;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model pull</c>: fetches a model from a hub.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        var repository = new Argument<string>("REPO[@REVISION]") { Description = "A model on the hub, such as Qwen/Qwen3-0.6B, and a branch, tag or commit of it." };
        var file = new Option<string?>("--file")
        {
            Description = "Which files, where there are several forms of the model: a part of the name, or a pattern with * and ?.", HelpName = "PATTERN",
        };
        var name = new Option<string?>("--name") { Description = "What the model is called here; by default as there.", HelpName = "NAME" };
        Option<bool> json = Common.Json();
        var command = new Command("pull", "Fetch a model from a hub. HF_ENDPOINT names another hub, HF_TOKEN a token; what was cut off goes on where it stopped.")
        {
            repository, file, name, json,
        };
        command.Example("hearth model pull Qwen/Qwen3-0.6B", "hearth model pull ggml-org/gemma-3-1b-it-GGUF --file Q4_K_M",
            "HF_ENDPOINT=https://hub.example.org hearth model pull team/model@v2");
        command.SetAction(parsed =>
        {
            HubAddress address = HubAddress.Parse(parsed.GetValue(repository)!);
            string own = parsed.GetValue(name) ?? address.Name;
            if (!ModelFolder.IsName(own)) throw new UsageException($"--name is '{own}', expected the name of a folder.");
            string folder = Path.Combine(Places.Models, own);
            HubSettings settings = HubSettings.FromEnvironment(Environment.GetEnvironmentVariable);
            bool quiet = parsed.GetValue(json);
            try
            {
                ModelOrigin origin = new TrainingDisplay(quiet).Amount(HubSelection.Size, tell => HubPull.Run(settings, address, folder, HubSelection.Wanted(parsed.GetValue(file)),
                    p => tell(p.File, p.Done, p.Total), Common.Stopping).GetAwaiter().GetResult());
                if (quiet) Common.PrintJson(new { folder, name = own, origin.Repository, origin.Revision, origin.Commit, origin.Licence, url = origin.Page, origin.Files });
                else Tell(origin, folder, own);
            }
            catch (OperationCanceledException)
            {
                Console.Error.WriteLine("Stopped. What has come is kept: the same command goes on from there.");
                return Common.Interrupted;
            }
            return Common.Done;
        });
        return command;
    }

    private static void Tell(ModelOrigin origin, string folder, string name)
    {
        Console.WriteLine($"{folder}: {origin.Files.Count:N0} files, {HubSelection.Size(origin.Files.Sum(f => f.Bytes))}, every digest as the hub lists it");
        Console.WriteLine($"commit         {origin.Commit}");
        Console.WriteLine($"licence        {origin.Licence ?? "not stated"}");
        Console.WriteLine($"look into it   hearth model show {name}");
    }
}
