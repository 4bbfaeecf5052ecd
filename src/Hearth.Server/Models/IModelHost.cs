using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;

namespace Hearth.Server.Models;

/// <summary>A model that can be asked.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Created">When its file was made or changed, in seconds since 1970.</param>
public sealed record ServedModel(string Name, long Created);

/// <summary>A model that is loaded, for one who asks; it stays in memory until it is disposed of.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Digest">SHA-256 of what answers depend on, as hex.</param>
/// <param name="Bundle">The model with its tokenizer and template.</param>
/// <param name="Engine">Answers conversations.</param>
/// <param name="Tokens">Continues, scores and embeds tokens.</param>
/// <param name="Lease">Given back when nobody asks any more.</param>
public sealed record LoadedModel(string Name, string Digest, ModelBundle Bundle, ChatEngine Engine, ITokenGenerator Tokens, IDisposable Lease);

/// <summary>The models of a server.</summary>
public interface IModelHost
{
    /// <summary>The models that can be asked, by name.</summary>
    IReadOnlyList<ServedModel> List();

    /// <summary>A model's chat template, read from its files without loading it; null when it has none that can be read.</summary>
    /// <param name="name">Its name.</param>
    string? TemplateOf(string name);

    /// <summary>A model, loaded if need be.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="owner">Who asks: what fair turns and remembered prompts go by.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="Scheduling.UnknownModelException">There is none of the name.</exception>
    Task<LoadedModel> GetAsync(string name, string owner, CancellationToken cancel);
}
