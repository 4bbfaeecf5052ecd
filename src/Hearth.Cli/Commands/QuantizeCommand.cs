using System.CommandLine;
using Hearth.Cli.Terminal;
using Hearth.Models.Bundles;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Hub;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model quantize</c>: a model as a GGUF file of other types.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A .gguf file, or a model's folder or name." };
        var type = new Option<string>("--type")
        {
            Description = $"Types of the matrices: {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.", Required = true, HelpName = "TYPE",
        };
        var output = new Option<string>("--out") { Description = "The file to write.", Required = true, HelpName = "FILE.gguf" };
        Option<int> threads = Common.Threads();
        var command = new Command("quantize", "Write a model as a GGUF file of other types.") { model, type, output, threads };
        command.Example("hearth model quantize model-f16.gguf --type q4_k_m --out model-q4_k_m.gguf");
        command.SetAction(parsed =>
        {
            GgufMixture mixture = GgufMixture.Find(parsed.GetValue(type)!)
                ?? throw new UsageException($"--type is '{parsed.GetValue(type)}', expected one of {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.");
            string from = Places.GgufOrFolder(parsed.GetValue(model)!), to = parsed.GetValue(output)!;
            var display = new TrainingDisplay(quiet: false);
            using var pool = new WorkerPool(parsed.GetValue(threads));
            display.Amount(HubSelection.Size, tell =>
            {
                GgufConversion.Write(from, to, mixture, pool, display.Say, (done, total) => tell(mixture.Name, done, total), Common.Stopping);
                return 0;
            });
            Console.WriteLine($"{to}: {mixture.Name}, {HubSelection.Size(new FileInfo(to).Length)}");
            return Common.Done;
        });
        return command;
    }
}
