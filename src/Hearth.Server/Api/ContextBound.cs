using System.Runtime.CompilerServices;
using Hearth.Models.Tokenizers;
using Hearth.Server.Models;

namespace Hearth.Server.Api;

/// <summary>Refuses texts that are too long for a model by far, before they are made into tokens: megabytes of text take a hundred times as much memory as tokens are made.</summary>
internal static class ContextBound
{
    /// <summary>A text may lose as much on its way to tokens: runs of spaces, characters that become one.</summary>
    private const int Shrinks = 8;

    private static readonly ConditionalWeakTable<Tokenizer, StrongBox<int>> LongestTokens = [];

    /// <summary>Requires that some texts together can fit a model's context.</summary>
    /// <param name="model">The model.</param>
    /// <param name="field">The field they are of, for the error.</param>
    /// <param name="characters">How many characters they have.</param>
    /// <exception cref="ApiException">They can not.</exception>
    public static void Require(LoadedModel model, string field, long characters)
    {
        if (model.Remote is not null) return;                                    // its own server knows its context
        int context = model.Bundle.Model.Config.MaxPositionEmbeddings;
        Tokenizer tokenizer = model.Bundle.Tokenizer;
        int longest = LongestTokens.GetValue(tokenizer, t => new StrongBox<int>(Enumerable.Range(0, t.VocabularySize).Max(i => t.Bytes(i).Length))).Value;
        if (characters <= (long)context * longest * Shrinks) return;
        throw new ApiException(400, $"The field '{field}' has {characters:N0} characters, and the model reads at most {context:N0} tokens. Send less.", field, "context_length_exceeded");
    }
}
