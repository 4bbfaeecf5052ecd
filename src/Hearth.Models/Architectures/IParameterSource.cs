using Hearth.Numerics;

namespace Hearth.Models.Architectures;

/// <summary>Where a model's parameters come from when it is not trained here. Names are Hugging Face's, whatever the file's own are.</summary>
public interface IParameterSource
{
    /// <summary>True when there is a parameter of this name.</summary>
    /// <param name="name">Its name.</param>
    bool Has(string name);

    /// <summary>A parameter; a matrix may stay in the form in which the file has it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <exception cref="ModelFileException">It is missing or has another shape.</exception>
    Tensor Load(string name, params int[] shape);

    /// <summary>One matrix for each expert or head, [rows, columns] each.</summary>
    /// <param name="name">The name they share; a file may hold them as one tensor or as many.</param>
    /// <param name="count">How many.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    /// <exception cref="ModelFileException">One is missing or has another shape.</exception>
    Tensor[] LoadMany(string name, int count, int rows, int columns);
}
