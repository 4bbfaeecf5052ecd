using System.CommandLine;
using Hearth.Models.Bundles;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model export</c>: the same model in another format.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's folder or name, or a .gguf file." };
        var gguf = new Option<string?>("--gguf") { Description = "Write a GGUF file.", HelpName = "FILE" };
        var type = new Option<string>("--type")
        {
            Description = $"Types of the tensors in the GGUF file: {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.",
            DefaultValueFactory = _ => "f32",
            HelpName = "TYPE",
        };
        var safetensors = new Option<string?>("--safetensors") { Description = "Write the tensors of a .gguf file as float32, and its tokenizer.",
            HelpName = "FOLDER" };
        Option<int> threads = Common.Threads();
        var command = new Command("export", "Write a model in another format.") { model, gguf, type, safetensors, threads };
        command.Example("hearth model export factbook --gguf factbook.gguf --type q8_0",
            "hearth model export model.gguf --safetensors unpacked");
        command.SetAction(parsed =>
        {
            string given = parsed.GetValue(model)!;
            string? file = parsed.GetValue(gguf), folder = parsed.GetValue(safetensors);
            if (file is null == folder is null) throw new UsageException("Give one of --gguf FILE and --safetensors FOLDER.");
            using var pool = new WorkerPool(parsed.GetValue(threads));
            if (folder is not null)
            {
                if (Places.Gguf(given) is not { } path)
                    throw new UsageException(
                        $"--safetensors unpacks a .gguf file, and '{given}' is none. A model's folder has its safetensors already.");
                using GgufModel source = GgufModel.Open(path);
                Unpacked written = GgufUnpack.Write(source, folder, pool);
                Console.WriteLine($"{Path.Combine(folder, SafetensorsModel.SingleName)}: {source.Names.Count:N0} tensors"
                    + (written.Renamed ? ", and config.json" : ", under their GGUF names") + (written.HasTokenizer ? "; tokenizer.json" : ""));
                return Common.Done;
            }
            GgufMixture mixture = GgufMixture.Find(parsed.GetValue(type)!)
                ?? throw new UsageException(
                    $"--type is '{parsed.GetValue(type)}', expected one of {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.");
            if (Places.Gguf(given) is not null) throw new UsageException($"'{given}' is a GGUF file already. Use `hearth model quantize` to write it with other types.");
            ModelBundle bundle = Places.Model(given);
            GgufExport.Write(bundle, file!, mixture, pool);
            Console.WriteLine($"{file}: {bundle.Model.Parameters.All.Count:N0} tensors, {new FileInfo(file!).Length:N0} bytes");
            return Common.Done;
        });
        return command;
    }
}
