using Hearth.Models.Architectures;
using Hearth.Models.Formats.Safetensors;
using Hearth.Models.Tests.Formats;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Architectures;

/// <summary>First weights, and weights from a file.</summary>
public sealed class ParameterTests
{
    public static TheoryData<string> Models => TinyModels.Names;

    [Fact]
    public void First_weights_depend_on_name_and_seed_and_not_on_the_order_of_definition()
    {
        var one = new ParameterSet();
        Tensor a = one.Matrix("a", 8, 6, 0.02), b = one.Table("b", 8, 6);
        var other = new ParameterSet();
        other.Gain("before", 3);
        Tensor b2 = other.Table("b", 8, 6), a2 = other.Matrix("a", 8, 6, 0.02);
        one.Initialise(3);
        other.Initialise(3);

        a2.Data.ToArray().ShouldBe(a.Data.ToArray());
        b2.Data.ToArray().ShouldBe(b.Data.ToArray());
        other.Initialise(4);
        b2.Data.ToArray().ShouldNotBe(b.Data.ToArray());
        b2.Data.ToArray().Intersect(b.Data.ToArray()).ShouldBeEmpty();
        a.Data.ToArray().Intersect(b.Data.ToArray()).ShouldBeEmpty();
    }

    [Fact]
    public void First_weights_have_the_deviation_asked_for_and_mean_zero()
    {
        const int Count = 40_000;
        const double Deviation = 0.05;
        var set = new ParameterSet();
        Tensor w = set.Matrix("w", 200, 200, Deviation);
        set.Initialise(1);
        double[] x = [.. w.Data.ToArray().Select(v => (double)v)];

        // Four standard errors of a mean and of a deviation.
        x.Average().ShouldBe(0, 4 * Deviation / Math.Sqrt(Count));
        Math.Sqrt(x.Average(v => v * v)).ShouldBe(Deviation, 4 * Deviation / Math.Sqrt(2 * Count));
    }

    [Fact]
    public void Gains_start_at_one_and_biases_at_zero()
    {
        var set = new ParameterSet();
        Tensor gain = set.Gain("g", 4), bias = set.Bias("b", 4);
        bias.Data.Fill(3);
        set.Initialise(1);
        gain.Data.ToArray().ShouldBe([1f, 1f, 1f, 1f]);
        bias.Data.ToArray().ShouldBe([0f, 0f, 0f, 0f]);
        set.All.Select(p => p.Kind).ShouldBe([ParameterKind.Gain, ParameterKind.Bias]);
        set.Count.ShouldBe(8);
    }

    [Fact]
    public void A_name_defined_twice_is_an_error()
    {
        var set = new ParameterSet();
        set.Gain("g", 4);
        Should.Throw<ArgumentException>(() => set.Bias("g", 4)).Message.ShouldContain("'g'");
    }

    [Fact]
    public void Matrices_that_write_to_the_residual_stream_start_smaller()
    {
        foreach ((string name, string outer, string inner) in ((string, string, string)[])
            [("llama, untied", "model.layers.0.mlp.down_proj.weight", "model.layers.0.mlp.up_proj.weight"),
             ("gpt2, gelu, tied", "transformer.h.0.mlp.c_proj.weight", "transformer.h.0.mlp.c_fc.weight")])
        {
            ParameterSet set = TinyModels.All[name].Create().Parameters;
            double Deviation(string n) => set.All.Single(p => p.Tensor.Name == n).Deviation;
            Deviation(outer).ShouldBeLessThan(Deviation(inner));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Weights_come_back_from_a_file_bit_for_bit(string name)
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = TinyModels.Create(name), copy = TinyModels.Create(name, seed: 6);
        SafetensorsWriter.Write(folder[SafetensorsModel.SingleName], model.Parameters.ToSafetensors());
        using SafetensorsModel file = SafetensorsModel.Open(folder.Root);
        using var pool = new WorkerPool(1);
        var batch = new SequenceBatch([1, 2, 3]);
        float[] stale = copy.Logits(new Tape(pool, false), batch).Data.ToArray();                 // packs the weights that loading replaces

        copy.Parameters.Load(file);

        float[] expected = model.Logits(new Tape(pool, false), batch).Data.ToArray();
        copy.Logits(new Tape(pool, false), batch).Data.ToArray().ShouldBe(expected);
        stale.ShouldNotBe(expected);
        foreach ((Parameter a, Parameter b) in model.Parameters.All.Zip(copy.Parameters.All))
            b.Tensor.Data.ToArray().ShouldBe(a.Tensor.Data.ToArray(), a.Tensor.Name);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_wrong_shape_in_a_file_is_named_with_both_shapes_for_every_parameter(string name)
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = TinyModels.Create(name);
        string path = folder[SafetensorsModel.SingleName];
        foreach (Parameter wrong in model.Parameters.All)
        {
            int[] shape = wrong.Tensor.Shape.ToArray();
            int[] other = [.. shape[..^1], shape[^1] + 1];
            SafetensorsWriter.Write(path, model.Parameters.ToSafetensors().Select(t => t.Name == wrong.Tensor.Name
                ? new SafetensorsTensor(t.Name, other, new float[Tensor.Count(other)]) : t));
            using SafetensorsModel file = SafetensorsModel.Open(folder.Root);

            ModelFileException e = Should.Throw<ModelFileException>(() => model.Parameters.Load(file));

            e.Path.ShouldBe(path);
            e.Message.ShouldContain($"'{wrong.Tensor.Name}'");
            e.Message.ShouldContain($"[{string.Join(", ", other)}]");
            e.Message.ShouldContain($"[{string.Join(", ", shape)}]");
        }
    }

    [Fact]
    public void A_tensor_that_is_missing_or_not_part_of_the_model_is_named()
    {
        using var folder = new TemporaryFolder();
        LanguageModel model = TinyModels.Create("llama, untied");
        string path = folder[SafetensorsModel.SingleName];

        SafetensorsWriter.Write(path, model.Parameters.ToSafetensors().Where(t => t.Name != "lm_head.weight"));
        using (SafetensorsModel file = SafetensorsModel.Open(folder.Root))
        {
            ModelFileException e = Should.Throw<ModelFileException>(() => model.Parameters.Load(file));
            e.Path.ShouldBe(path);
            e.Message.ShouldContain("'lm_head.weight'");
        }

        SafetensorsWriter.Write(path, model.Parameters.ToSafetensors().Append(new SafetensorsTensor("stranger.weight", [2], new float[2])));
        using (SafetensorsModel file = SafetensorsModel.Open(folder.Root))
        {
            ModelFileException e = Should.Throw<ModelFileException>(() => model.Parameters.Load(file));
            e.Path.ShouldBe(path);
            e.Message.ShouldContain("'stranger.weight'");
        }
    }
}
