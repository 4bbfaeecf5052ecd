using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>What a parameter is, which decides how it starts and how it is trained.</summary>
public enum ParameterKind
{
    /// <summary>A table of rows looked up by number, or the output layer.</summary>
    Table,

    /// <summary>A matrix between two hidden layers.</summary>
    Matrix,

    /// <summary>The gain of a norm; starts at one.</summary>
    Gain,

    /// <summary>Something added; starts at zero.</summary>
    Bias,
}

/// <summary>A named parameter of a model.</summary>
/// <param name="Tensor">Its numbers.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Deviation">Standard deviation it starts with; 0 for gains and biases.</param>
public sealed record Parameter(Tensor Tensor, ParameterKind Kind, double Deviation);

/// <summary>The parameters of a model, in order of definition. The one place where a name meets a shape.</summary>
/// <param name="source">Where they come from; null for new ones, all zero.</param>
public sealed class ParameterSet(IParameterSource? source = null)
{
    private readonly List<Parameter> _all = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The parameters, in order of definition.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Numbers in all of them.</summary>
    public long Count => _all.Sum(p => (long)p.Tensor.Length);

    /// <summary>Defines a table of embeddings, [rows, columns].</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public Tensor Table(string name, int rows, int columns) => Define(name, ParameterKind.Table, 0.02, rows, columns);

    /// <summary>Defines a matrix.</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="deviation">Standard deviation it starts with.</param>
    public Tensor Matrix(string name, int rows, int columns, double deviation) => Define(name, ParameterKind.Matrix, deviation, rows, columns);

    /// <summary>Defines the matrix of a linear layer, named as the layer with ".weight".</summary>
    /// <param name="name">The layer's name in the model file.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    public Tensor Linear(string name, int outputs, int inputs) => Matrix($"{name}.weight", outputs, inputs, 1 / Math.Sqrt(inputs));

    /// <summary>Defines the gain of a norm, [size].</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="size">Numbers.</param>
    public Tensor Gain(string name, int size) => Define(name, ParameterKind.Gain, 0, size);

    /// <summary>Defines a bias, [size].</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="size">Numbers.</param>
    public Tensor Bias(string name, int size) => Define(name, ParameterKind.Bias, 0, size);

    /// <summary>Defines a bias that only some models of a family have.</summary>
    /// <param name="has">Whether this one has it.</param>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="size">Numbers.</param>
    public Tensor? Bias(bool has, string name, int size) => has ? Bias(name, size) : null;

    /// <summary>Defines one matrix for each expert or head.</summary>
    /// <param name="name">The name they share in the model file.</param>
    /// <param name="count">How many.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    public Tensor[] Matrices(string name, int count, int rows, int columns)
    {
        Tensor[] matrices = source is null
            ? [.. Enumerable.Range(0, count).Select(i => Tensor.Parameter($"{name}.{i}", rows, columns))]
            : source.LoadMany(name, count, rows, columns);
        double deviation = 1 / Math.Sqrt(columns);
        foreach (Tensor matrix in matrices) Add(new Parameter(matrix, ParameterKind.Matrix, deviation));
        return matrices;
    }

    /// <summary>Gives every parameter its first values: numbers keyed by seed and the parameter's name, so their order does not matter.</summary>
    /// <param name="seed">The run's seed.</param>
    public void Initialise(long seed)
    {
        foreach (Parameter parameter in _all)
        {
            Span<float> data = parameter.Tensor.Data;
            if (parameter.Kind == ParameterKind.Gain) data.Fill(1f);
            else if (parameter.Kind == ParameterKind.Bias) data.Clear();
            else
            {
                var random = new Philox(seed, "initial " + parameter.Tensor.Name);
                for (int i = 0; i < data.Length; i++) data[i] = (float)(random.Normal(i) * parameter.Deviation);
            }
            parameter.Tensor.Changed();
        }
    }

    /// <summary>Reads every parameter from a model.</summary>
    /// <param name="model">Safetensors files with a tensor of each parameter's name and shape.</param>
    /// <exception cref="ModelFileException">A tensor is missing, has another shape, or is not part of this model.</exception>
    public void Load(SafetensorsModel model)
    {
        foreach (Parameter parameter in _all)
        {
            SafetensorsFile file = model.FileOf(parameter.Tensor.Name);
            file.Entry(parameter.Tensor.Name, parameter.Tensor.Shape);
            file.Read(parameter.Tensor.Name, parameter.Tensor.Data);
            parameter.Tensor.Changed();
        }
        SafetensorsEntry? stranger = model.Entries.FirstOrDefault(e => !_names.Contains(e.Name));
        if (stranger is not null)
        {
            throw new ModelFileException(model.FileOf(stranger.Name).Path,
                $"tensor '{stranger.Name}' is not part of the model that config.json describes. Config and weights come from different models.");
        }
    }

    /// <summary>Makes these parameters views of another set's numbers, with gradients of their own.</summary>
    /// <param name="owner">The parameters of another model of the same configuration.</param>
    public void ShareData(ParameterSet owner)
    {
        for (int i = 0; i < _all.Count; i++) _all[i].Tensor.ShareData(owner._all[i].Tensor);
    }

    /// <summary>Says that the numbers were changed.</summary>
    public void Changed()
    {
        foreach (Parameter parameter in _all) parameter.Tensor.Changed();
    }

    /// <summary>The parameters as tensors of a model file.</summary>
    public IEnumerable<SafetensorsTensor> ToSafetensors() =>
        _all.Select(p => new SafetensorsTensor(p.Tensor.Name, p.Tensor.Shape, p.Tensor.Memory));

    private Tensor Define(string name, ParameterKind kind, double deviation, params int[] shape)
    {
        Tensor tensor = source is null ? Tensor.Parameter(name, shape) : source.Load(name, shape);
        Add(new Parameter(tensor, kind, deviation));
        return tensor;
    }

    private void Add(Parameter parameter)
    {
        string name = parameter.Tensor.Name;
        if (!_names.Add(name)) throw new ArgumentException($"Parameter '{name}' is defined twice.", nameof(parameter));
        _all.Add(parameter);
    }
}
