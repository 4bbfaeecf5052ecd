using Hearth.Models.Formats;

namespace Hearth.Models.Signing;

/// <summary>Signs a model, and verifies a signed one: OpenSSF Model Signing 1.0, sections 6 and 8.</summary>
public static class ModelSignature
{
    /// <summary>The signature's name in a model's folder.</summary>
    public const string Name = "model.sig";

    private const string Extension = ".sig";
    private const string WholeModel = ".";

    /// <summary>Where a model's signature is or is to be: <c>model.sig</c> in its folder; beside a model of one file, that file's name and <c>.sig</c>.</summary>
    /// <param name="model">The model's folder, or its one file.</param>
    public static string PathOf(string model)
    {
        if (!File.Exists(model)) return Path.Combine(model, Name);
        string own = model + Extension, shared = Path.Combine(Path.GetDirectoryName(model)!, Name);
        return !File.Exists(own) && File.Exists(shared) ? shared : own;
    }

    /// <summary>Signs every file of a model and writes the signature.</summary>
    /// <param name="model">Its folder, or its one file.</param>
    /// <param name="key">The key.</param>
    /// <param name="certificates">The key's certificate, and those between it and the root, to send along; null to name the key alone.</param>
    /// <returns>The signature's path, and what was signed.</returns>
    /// <exception cref="ModelFileException">There is nothing to sign, a symbolic link, or something that can not be read.</exception>
    public static (string Path, ModelManifest Manifest) Sign(string model, SigningKey key, CertificateChain? certificates = null)
    {
        string path = File.Exists(model) ? model + Extension : PathOf(model);
        File.Delete(path + AtomicFile.TemporarySuffix);                          // left by a signing that was cut off; it must not be signed
        ModelManifest manifest = ModelManifest.Of(model, SigningScope.Whole(File.Exists(model) ? null : Name));
        Statement statement = manifest.ToStatement();
        (certificates is null ? SignatureBundle.Sign(path, statement, key) : SignatureBundle.Sign(path, statement, key, certificates)).Write();
        return (path, manifest);
    }

    /// <summary>Compares a model with its signature: the signature first, then every file.</summary>
    /// <param name="model">Its folder, or its one file.</param>
    /// <param name="bundle">Its signature.</param>
    /// <param name="key">The signer's key, from a place that is trusted.</param>
    /// <exception cref="SignatureException">The signature is another key's, or was altered.</exception>
    /// <exception cref="ModelFileException">The signature is not a model's, or something can not be read.</exception>
    public static ModelVerification Verify(string model, SignatureBundle bundle, VerificationKey key)
    {
        ModelManifest signed = ModelManifest.Read(bundle.Verify(key), bundle.File);
        SigningScope scope = File.Exists(model) ? signed.Scope : signed.Scope with { IgnorePaths = [.. signed.Scope.IgnorePaths.Append(Name).Distinct()] };
        ModelFiles found = ModelFiles.List(model, scope);
        var problems = new List<ModelProblem>(found.Links.Select(l => new ModelProblem(l, ModelProblemKind.Link)));
        var expected = signed.Resources.ToDictionary(r => r.Name, r => r.Digest, StringComparer.Ordinal);
        // Version 1.0 of the reference implementation calls a model of one file ".", and signs it by itself.
        if (expected.Count == 1 && expected.TryGetValue(WholeModel, out string? digest) && found.Files is [var only])
            expected = new Dictionary<string, string>(StringComparer.Ordinal) { [only.Name] = digest };

        var known = expected.Keys.Select(scope.FileOf).ToHashSet(StringComparer.Ordinal);
        foreach ((string name, FileInfo file) in found.Files)
        {
            bool same = scope.Pieces(name, file.Length)
                .All(p => expected.Remove(p.Name, out string? d) && ModelManifest.DigestOf(file, p.Start, p.Length) == d);
            if (!same) problems.Add(new ModelProblem(name, known.Contains(name) ? ModelProblemKind.Changed : ModelProblemKind.NotSigned));
        }
        var there = found.Files.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        foreach (string name in expected.Keys.Select(scope.FileOf).Except(found.Links, StringComparer.Ordinal))
            problems.Add(new ModelProblem(name, there.Contains(name) ? ModelProblemKind.Changed : ModelProblemKind.Missing));
        ModelProblem[] distinct = [.. problems.Distinct().OrderBy(p => p.Path, Utf8Order.Instance).ThenBy(p => p.Kind)];
        return new ModelVerification(signed.Name, signed.RootDigest, found.Files.Count, [.. found.Ignored.Where(i => i != Name)], distinct);
    }
}

/// <summary>How a model compares with its signature.</summary>
/// <param name="Name">The model's name when it was signed.</param>
/// <param name="RootDigest">The digest of the whole that was signed.</param>
/// <param name="Files">Files that are there and were compared.</param>
/// <param name="Ignored">Files and folders that are there and that the signature leaves out, besides itself. Nothing is known about them.</param>
/// <param name="Problems">What differs, in order of paths; none when the model is as it was signed.</param>
public sealed record ModelVerification(
    string Name, string RootDigest, int Files, IReadOnlyList<string> Ignored, IReadOnlyList<ModelProblem> Problems);

/// <summary>A difference between a model and its signature.</summary>
/// <param name="Path">The file's path from the model's folder.</param>
/// <param name="Kind">What is wrong with it.</param>
public sealed record ModelProblem(string Path, ModelProblemKind Kind)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        ModelProblemKind.Changed => $"{Path} was changed",
        ModelProblemKind.Missing => $"{Path} is missing",
        ModelProblemKind.NotSigned => $"{Path} is not signed",
        _ => $"{Path} is a symbolic link, which the signature does not cover",
    };
}

/// <summary>What can be wrong with a file of a signed model.</summary>
public enum ModelProblemKind
{
    /// <summary>Its bytes are not those that were signed.</summary>
    Changed,

    /// <summary>It was signed and is not there.</summary>
    Missing,

    /// <summary>It is there and was not signed.</summary>
    NotSigned,

    /// <summary>It is a symbolic link where none may be.</summary>
    Link,
}
