using System.Text.Json;
using Hearth.Models.Formats.Safetensors;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Formats;

/// <summary>Files another program wrote, in which one computation was saved twice: in double and in single precision.</summary>
public sealed class SafetensorsConformanceTests
{
    [Fact]
    public void A_file_of_the_reference_writer_holds_what_its_description_says()
    {
        string[] files = [.. Directory.GetFiles(SharedData.At("conformance/training"), "*.safetensors").Order(StringComparer.Ordinal)];
        files.Length.ShouldBeGreaterThan(1);
        foreach (string path in files)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(path, ".json")));
            JsonElement config = json.RootElement.GetProperty("config");
            int Number(string key) => config.GetProperty(key).GetInt32();
            using SafetensorsFile file = SafetensorsFile.Open(path);

            file.Entry("init/token_embd", [Number("vocab"), Number("d")]).Type.ShouldBe(SafetensorsType.F32);
            file.Entry("init/blk.0.attn_k", [Number("kv_heads") * Number("head_dim"), Number("d")]);
            file.Has("init/output").ShouldBe(!config.GetProperty("tied").GetBoolean());
            file.Has("init/blk.0.attn_q_norm").ShouldBe(config.GetProperty("qk_norm").GetBoolean());

            SafetensorsEntry batches = file.Entry("batches/tokens", [Number("steps"), Number("batch"), Number("seq")]);
            int[] tokens = new int[batches.Count];
            file.Read("batches/tokens", tokens);
            tokens.Min().ShouldBeGreaterThanOrEqualTo(0);
            tokens.Max().ShouldBeLessThan(Number("vocab"));
            tokens.Distinct().Count().ShouldBeGreaterThan(Number("vocab") / 2);

            // One read path checks the other: two trainings that differ by rounding only, and a gradient whose norm is listed.
            double squares = 0;
            foreach (SafetensorsEntry entry in file.Entries.Where(e => e.Name.StartsWith("grad1_f64/", StringComparison.Ordinal)))
            {
                double[] exact = new double[entry.Count];
                float[] rounded = new float[entry.Count], single = new float[entry.Count];
                file.Read(entry.Name, exact);
                file.Read(entry.Name, rounded);
                file.Read(entry.Name.Replace("_f64", "_f32", StringComparison.Ordinal), single);
                for (int i = 0; i < exact.Length; i++)
                {
                    rounded[i].ShouldBe((float)exact[i]);
                    ((double)single[i]).ShouldBe(exact[i], 1e-5);
                    squares += exact[i] * exact[i];
                }
            }
            Math.Sqrt(squares).ShouldBe(json.RootElement.GetProperty("grad_norm_f64")[0].GetDouble(), 1e-9);
        }
    }
}
