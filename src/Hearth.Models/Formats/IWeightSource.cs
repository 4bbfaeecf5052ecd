using Hearth.Models.Formats.Gguf;
using Hearth.Models.Formats.Safetensors;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Formats;

/// <summary>Where a model's tensors come from: one or several files, mapped and kept open until this is disposed.</summary>
public interface IWeightSource : IDisposable
{
    /// <summary>The file that says what tensors there are, for messages.</summary>
    string Path { get; }

    /// <summary>The tensors' names, sorted (ordinal).</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>A tensor in place, or null when there is none of that name. Not to be used after this was disposed.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <exception cref="ModelFileException">It can not be used as weights.</exception>
    StoredTensor? Find(string name);
}

/// <summary>What every source of weights can do.</summary>
public static class WeightSource
{
    /// <summary>Opens the weights of a model.</summary>
    /// <param name="path">A .gguf file (the first of a split one), or a folder with model.safetensors.</param>
    /// <exception cref="ModelFileException">They are missing, cut short, altered or of another kind.</exception>
    public static IWeightSource Open(string path) => Directory.Exists(path) ? SafetensorsModel.Open(path) : GgufModel.Open(path);

    /// <summary>A tensor that the model needs.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="ModelFileException">There is none of that name.</exception>
    public static StoredTensor Require(this IWeightSource source, string name) => source.Find(name)
        ?? throw new ModelFileException(source.Path,
        $"there is no tensor '{Show.Name(name)}' among its {source.Names.Count:N0}. Part of the model is missing, or it is of another architecture.");

    /// <summary>A tensor that the model needs in a certain shape.</summary>
    /// <param name="source">The weights.</param>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <exception cref="ModelFileException">There is none of that name, or it has another shape.</exception>
    public static StoredTensor Require(this IWeightSource source, string name, params ReadOnlySpan<long> shape)
    {
        StoredTensor tensor = source.Require(name);
        return tensor.Shape.SequenceEqual(shape) ? tensor : throw new ModelFileException(source.Path,
            $"tensor '{Show.Name(name)}' has shape {tensor.ShapeText}, expected {Show.Shape(shape)}. The weights do not fit the model's sizes.");
    }
}
