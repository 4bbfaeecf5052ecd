using Hearth.Benchmarks.Determinism;
using Hearth.Benchmarks.Harness;
using Hearth.Benchmarks.MatrixProducts;
using Hearth.Benchmarks.Model;
using Hearth.Benchmarks.Peers;
using Hearth.Benchmarks.Quantized;
using Hearth.Benchmarks.Serving;

const string Usage = """
    Measures Hearth on this machine. Run it from a Release build, with nothing else running.

      training          tokens a second of training steps
                        --model d256|d512 --threads N --steps N --warm-up N --micro-batches N --start FILE
      matmul            large and training-shaped products    --threads N --repeats N
      matmul-orders     the two orders of terms that were tried, speed and error    --repeats N
      determinism-cost  canonical kernels against free orders of summation    --model d256|d512 --threads N --repeats N
      profile           where a training step's time goes     --model d256|d512 --threads N --repeats N
      kernels           rate of every kernel                  --model d256|d512 --threads N --repeats N
      quantized         products with stored weights, by type: a prompt, one row, eight
                        --threads N --repeats N --types Q4_K,... --shapes 3072x1024,...

      serving           the scheduler with several answers side by side
                        --model FILE --threads N --streams 1,4,8,16 --prompt N --tokens N --temperature-percent N

      random-model      writes a GGUF file of a known model's sizes with random weights
                        --shape qwen3-0.6b|llama-3.2-1b --type q8_0|q4_0|q4_k_m|... --out FILE

    Every benchmark takes --json FILE, and --clock processor for one thread on a machine that is not idle.
    """;

if (args.Length == 0 || args[0] is "help" or "--help")
{
    Console.WriteLine(Usage);
    return 0;
}
try
{
    var arguments = new Arguments(args.AsSpan(1));
    Clock.Choose(arguments.Text("clock", "wall"));
    switch (args[0])
    {
        case "training": TrainingBenchmark.Run(arguments); break;
        case "matmul": MatrixProductBenchmark.Run(arguments); break;
        case "matmul-orders": OrdersBenchmark.Run(arguments); break;
        case "determinism-cost": DeterminismCost.Run(arguments); break;
        case "profile": Profile.Run(arguments); break;
        case "random-model": RandomModel.Run(arguments); break;
        case "quantized": QuantizedBenchmark.Run(arguments); break;
        case "serving": ServingBenchmark.Run(arguments); break;
        case "kernels": KernelBenchmark.Run(arguments); break;
        default: throw new ArgumentException($"'{args[0]}' is not a benchmark.");
    }
    return 0;
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Usage);
    return 2;
}
