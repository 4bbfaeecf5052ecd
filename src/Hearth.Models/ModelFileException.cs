using Hearth.Numerics;

namespace Hearth.Models;

/// <summary>A model file (safetensors, tokenizer.json, config.json ...) is missing, cut short, altered or of another kind.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">What was found, what was expected, and what to do next. Printed after the file's name.</param>
/// <param name="inner">The cause.</param>
public sealed class ModelFileException(string path, string problem, Exception? inner = null)
    : HearthException($"{path}: {problem}", inner)
{
    /// <summary>The file the message is about.</summary>
    public string Path { get; } = path;
}
