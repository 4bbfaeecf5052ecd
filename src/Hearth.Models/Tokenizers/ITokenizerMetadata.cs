using Hearth.Models.Formats.Gguf;

namespace Hearth.Models.Tokenizers;

/// <summary>Typed values by key, as GGUF files hold them. Every getter throws <see cref="ModelFileException"/> naming file and key.</summary>
internal interface ITokenizerMetadata
{
    /// <summary>True when there is a value of that key.</summary>
    bool Has(string key);

    /// <summary>A text, or <paramref name="otherwise"/> where there is none.</summary>
    string Text(string key, string? otherwise = null);

    /// <summary>A whole number within bounds, or <paramref name="otherwise"/> where there is none.</summary>
    int Whole(string key, int least, int most, int? otherwise = null);

    /// <summary>True or false, or <paramref name="otherwise"/> where there is none.</summary>
    bool Flag(string key, bool? otherwise = null);

    /// <summary>An array of texts.</summary>
    string[] Texts(string key, int most = GgufMetadata.MostValues);

    /// <summary>An array of whole numbers.</summary>
    int[] Integers(string key, int most = GgufMetadata.MostValues);

    /// <summary>An array of numbers.</summary>
    float[] Singles(string key, int most = GgufMetadata.MostValues);

    /// <summary>An error about a key.</summary>
    ModelFileException Bad(string key, string found, string expected);
}
