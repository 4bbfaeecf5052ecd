using Hearth.Benchmarks.Harness;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;

namespace Hearth.Benchmarks.Model;

/// <summary>Tokens a second of whole training steps. With <c>--start FILE</c> the first weights are written, so that the peer begins with the same.</summary>
internal static class TrainingBenchmark
{
    public static void Run(Arguments arguments)
    {
        ModelShape shape = ModelShape.Of(arguments.Text("model", "d256"));
        int threads = arguments.Number("threads", 1), steps = arguments.Number("steps", 5), warmUp = arguments.Number("warm-up", 2);
        int microBatches = arguments.Number("micro-batches", 2);
        string start = arguments.Text("start", ""), json = arguments.Text("json", "");
        arguments.RequireAllUsed();

        using var pool = new WorkerPool(threads);
        using var training = new TrainingStep(shape, pool, microBatches);
        if (start.Length > 0) SafetensorsWriter.Write(start, training.Model.Parameters.ToSafetensors());
        var seconds = new double[steps];
        double first = 0, last = 0;
        for (int i = -warmUp; i < steps; i++)
        {
            double from = Clock.Now;
            last = training.Run();
            if (i == -warmUp) first = last;
            if (i >= 0) seconds[i] = Clock.Now - from;
        }
        Array.Sort(seconds);
        var timing = new Timing(seconds);
        var report = new Report("training", threads, "model", "tokens/s", "best tokens/s", "step ms", "first loss", "last loss");
        report.Row(shape.Name, ModelShape.Tokens / timing.Median, ModelShape.Tokens / timing.Min, timing.Median * 1e3, first, last);
        report.Fact("weights", shape.Weights);
        report.Fact("microBatches", microBatches);
        report.Finish(json);
    }
}
