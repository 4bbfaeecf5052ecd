using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;
using Microsoft.Extensions.AI;

namespace Hearth.Models.Chat;

/// <summary>
/// A model as an <see cref="IEmbeddingGenerator"/> of Microsoft.Extensions.AI: a text becomes the mean of the residual stream after the last norm, of
/// length 1.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="generator">Runs the model.</param>
/// <param name="name">The model's name.</param>
/// <param name="dimensions">C, numbers of an embedding.</param>
public sealed class HearthEmbeddingGenerator(Tokenizer tokenizer, ITokenGenerator generator, string name, int dimensions)
    : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("hearth", defaultModelId: name, defaultModelDimensions: dimensions);

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        if (options?.Dimensions is { } wanted && wanted != dimensions) throw new ChatException($"Embeddings of {wanted} numbers were asked for; this model gives {dimensions}.");
        var embeddings = new GeneratedEmbeddings<Embedding<float>>();
        long count = 0;
        foreach (string value in values)
        {
            int[] tokens = tokenizer.EncodeWhole(value);
            count += tokens.Length;
            embeddings.Add(new Embedding<float>(await generator.EmbedAsync(tokens, cancellationToken).ConfigureAwait(false)) { ModelId = name });
        }
        embeddings.Usage = new UsageDetails { InputTokenCount = count, TotalTokenCount = count };
        return embeddings;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
