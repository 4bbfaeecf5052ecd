using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>Every file of a model with its digest: what a model's signature says (OpenSSF Model Signing 1.0, section 5).</summary>
/// <param name="Name">The model's name, for people.</param>
/// <param name="Scope">Which files, in which pieces.</param>
/// <param name="Resources">Name and SHA-256 of each file or piece, in order of their names.</param>
public sealed record ModelManifest(string Name, SigningScope Scope, IReadOnlyList<(string Name, string Digest)> Resources)
{
    /// <summary>The kind of statement that a model's signature is.</summary>
    public const string PredicateType = "https://model_signing/signature/v1.0";

    private const int MostResources = 1_000_000;
    private const int DigestLength = 64;
    private const int BufferLength = 1 << 20;

    /// <summary>One digest for the whole model: SHA-256 over the digests of the resources, as bytes, in their order (section 6.5.1).</summary>
    public string RootDigest => Digest.Of(Resources.SelectMany(r => Convert.FromHexString(r.Digest)).ToArray());

    /// <summary>Lists and digests a model.</summary>
    /// <param name="model">Its folder, or its one file.</param>
    /// <param name="scope">Which files.</param>
    /// <exception cref="ModelFileException">There is nothing to sign, a symbolic link, or something that can not be read.</exception>
    public static ModelManifest Of(string model, SigningScope scope)
    {
        ModelFiles listed = ModelFiles.List(model, scope);
        if (listed.Links is [var link, ..])
            throw new ModelFileException(Path.Combine(model, link), "is a symbolic link, which a signature does not cover. Put the file itself in its place.");
        if (listed.Files.Count == 0) throw new ModelFileException(model, "has no file to sign. Give a model's folder.");
        return new ModelManifest(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))), scope,
            [.. listed.Files.SelectMany(f => scope.Pieces(f.Name, f.File.Length).Select(p => (p.Name, DigestOf(f.File, p.Start, p.Length))))
                .OrderBy(r => r.Name, Utf8Order.Instance)]);
    }

    /// <summary>The statement to sign.</summary>
    public Statement ToStatement() => new([new StatementSubject(Name, RootDigest)], PredicateType, new JsonObject
    {
        ["resources"] = new JsonArray([.. Resources.Select(r =>
            new JsonObject { ["name"] = r.Name, ["algorithm"] = SigningScope.HashType, ["digest"] = r.Digest })]),
        ["serialization"] = Scope.ToJson(),
    });

    /// <summary>What a signed statement says about a model.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <exception cref="ModelFileException">It is a statement of another kind, or says something that Hearth can not check.</exception>
    public static ModelManifest Read(Statement statement, string file)
    {
        if (statement.PredicateType != PredicateType)
        {
            throw new ModelFileException(file,
                $"is a statement of the kind '{Field.Shorten(statement.PredicateType)}', expected '{PredicateType}'. It is not a model's signature.");
        }
        if (statement.Subjects is not [{ } subject]) throw new ModelFileException(file, $"has {statement.Subjects.Count} subjects, expected the model alone.");
        var root = new Field(file, "predicate", JsonSerializer.SerializeToElement(statement.Predicate));
        root.Only("resources", "serialization");
        List<Field> resources = root["resources"].Items(MostResources);
        if (resources.Count == 0) throw root["resources"].Bad("is missing or empty, expected a file");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var manifest = new ModelManifest(subject.Name, SigningScope.Read(root["serialization"]), [.. resources.Select(r => ReadResource(r, names))]);
        if (subject.Digests.GetValueOrDefault(StatementSubject.Sha256) != manifest.RootDigest)
        {
            throw new ModelFileException(file,
                $"names the whole '{Field.Shorten(subject.Digests.GetValueOrDefault(StatementSubject.Sha256) ?? "nothing")}', and its files come to {manifest.RootDigest}. "
                + "The signer's program made a mistake; ask for a new signature.");
        }
        return manifest;
    }

    /// <summary>The digest of a part of a file, read in pieces.</summary>
    internal static string DigestOf(FileInfo file, long start, long length)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            if (length == 0) return Convert.ToHexStringLower(hash.GetHashAndReset());        // a pipe or device says so, and is not opened
            using FileStream stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            stream.Seek(start, SeekOrigin.Begin);
            var buffer = new byte[Math.Min(length, BufferLength)];
            for (long left = length; left > 0;)
            {
                int read = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                if (read == 0) throw new ModelFileException(file.FullName, "became shorter while it was read. Try again when nothing writes to the model.");
                hash.AppendData(buffer, 0, read);
                left -= read;
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(file.FullName, $"can not be read: {e.Message} Check that you may read it.", e);
        }
    }

    private static (string Name, string Digest) ReadResource(Field json, HashSet<string> names)
    {
        string name = json["name"].Text(), algorithm = json["algorithm"].Text(), digest = json["digest"].HexDigest();
        if (name.Length == 0) throw json["name"].Bad("is empty");
        if (!names.Add(name)) throw json["name"].Bad($"is '{Field.Shorten(name)}', which stands there twice");
        if (algorithm != SigningScope.HashType) throw json["algorithm"].Bad($"is '{Field.Shorten(algorithm)}', expected sha256");
        if (digest.Length != DigestLength) throw json["digest"].Bad($"has {digest.Length} digits, expected {DigestLength}");
        return (name, digest);
    }
}
