using System.CommandLine;
using System.Runtime.InteropServices;
using Hearth.Models.Formats;
using Hearth.Numerics.Quantization;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model dequantize</c>: the numbers that a tensor of a model file stands for.</summary>
internal static class DequantizeCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A .gguf file, or a folder with model.safetensors." };
        var tensor = new Option<string>("--tensor") { Description = "The tensor's name.", Required = true, HelpName = "NAME" };
        var output = new Option<string>("--out") { Description = "The file: little-endian float32, row after row.", Required = true,
            HelpName = "FILE" };
        var command = new Command("dequantize", "Write a tensor of a model file as float32.") { file, tensor, output };
        command.Example("hearth model dequantize model.gguf --tensor blk.0.attn_q.weight --out q.f32");
        command.SetAction(parsed =>
        {
            using IWeightSource weights = WeightSource.Open(parsed.GetValue(file)!);
            StoredTensor stored = weights.Require(parsed.GetValue(tensor)!);
            AtomicFile.Write(parsed.GetValue(output)!, stream =>
            {
                var row = new float[stored.Columns];
                for (long i = 0; i < stored.Rows; i++)
                {
                    stored.ReadRow(i, row);
                    stream.Write(MemoryMarshal.AsBytes<float>(row));
                }
            });
            return Common.Done;
        });
        return command;
    }
}
