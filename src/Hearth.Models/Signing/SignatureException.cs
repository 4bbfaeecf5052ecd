using Hearth.Numerics;

namespace Hearth.Models.Signing;

/// <summary>A signature does not hold: other key, other content, a certificate that is not trusted.</summary>
/// <remarks>A bundle, key or certificate that can not even be read is a <see cref="ModelFileException"/>.</remarks>
/// <param name="path">The file with the signature.</param>
/// <param name="problem">What was found, what was expected, and what to do next. Printed after the file's name.</param>
/// <param name="inner">The cause.</param>
public sealed class SignatureException(string path, string problem, Exception? inner = null)
    : HearthException($"{path}: {problem}", inner)
{
    /// <summary>The file the message is about.</summary>
    public string Path { get; } = path;

    /// <summary>The message without the file's name.</summary>
    public string Problem { get; } = problem;
}
