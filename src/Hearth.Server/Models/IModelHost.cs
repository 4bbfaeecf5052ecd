using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Remote;

namespace Hearth.Server.Models;

/// <summary>A model that can be asked.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Created">When its file was made or changed, in seconds since 1970.</param>
public sealed record ServedModel(string Name, long Created)
{
    /// <summary>The file or folder; null for a model that another server has.</summary>
    public string? Path { get; init; }

    /// <summary>Whether another server has it.</summary>
    public bool IsRemote => Path is null;
}

/// <summary>A model that is loaded, or known to be elsewhere, for one who asks; it stays in memory until its lease is disposed of.</summary>
public sealed class LoadedModel
{
    private readonly (ModelBundle Bundle, ITokenGenerator Tokens)? _local;

    /// <summary>A model of this machine.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="digest">SHA-256 of what answers depend on, as hex.</param>
    /// <param name="bundle">The model with its tokenizer and template.</param>
    /// <param name="engine">Answers conversations.</param>
    /// <param name="tokens">Continues, scores and embeds tokens.</param>
    /// <param name="lease">Given back when nobody asks any more.</param>
    public LoadedModel(string name, string digest, ModelBundle bundle, ChatEngine engine, ITokenGenerator tokens, IDisposable lease) =>
        (Name, Digest, _local, Engine, Lease) = (name, digest, (bundle, tokens), engine, lease);

    /// <summary>A model of another server.</summary>
    /// <param name="remote">Asks it.</param>
    public LoadedModel(RemoteModel remote) => (Name, Digest, Remote, Engine, Lease) = (remote.Spec.Name, remote.Spec.Digest, remote, remote, remote);

    /// <summary>What requests call it.</summary>
    public string Name { get; }

    /// <summary>SHA-256 of what answers depend on, as hex; for a remote model, "remote" with its address and its name there: nobody here can run it again to the byte.</summary>
    public string Digest { get; }

    /// <summary>Answers conversations.</summary>
    public IChatModel Engine { get; }

    /// <summary>The model of another server; null for one of this machine.</summary>
    public RemoteModel? Remote { get; }

    /// <summary>Given back when nobody asks any more.</summary>
    public IDisposable Lease { get; }

    /// <summary>The model with its tokenizer and template.</summary>
    /// <exception cref="RemoteException">Another server has it.</exception>
    public ModelBundle Bundle => Local.Bundle;

    /// <summary>Continues, scores and embeds tokens.</summary>
    /// <exception cref="RemoteException">Another server has it.</exception>
    public ITokenGenerator Tokens => Local.Tokens;

    private (ModelBundle Bundle, ITokenGenerator Tokens) Local =>
        _local ?? throw Remote!.CanNot("keeps its tokens and weights to itself, and this needs them. Ask its own server, or a model of this machine.");
}

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
