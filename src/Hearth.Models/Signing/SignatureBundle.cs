using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>
/// A signed statement and what names its signer, in one file: the Sigstore bundle (github.com/sigstore/protobuf-specs, sigstore_bundle.proto)
/// as OpenSSF Model Signing 1.0, section 4, uses it.
/// </summary>
/// <param name="File">Where it is or is to be, for messages.</param>
/// <param name="Envelope">The signed statement.</param>
/// <param name="Signer">What names the signer.</param>
public sealed record SignatureBundle(string File, DsseEnvelope Envelope, SignerName Signer)
{
    /// <summary>The kind of file Hearth writes.</summary>
    public const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

    private const int MostBytes = 64 << 20;

    private static readonly string[] MediaTypes =
    [
        MediaType,
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
    ];

    /// <summary>Signs a statement. The bundle names the key by its fingerprint.</summary>
    /// <param name="file">Where it is to be.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="key">The key.</param>
    public static SignatureBundle Sign(string file, Statement statement, SigningKey key) =>
        new(file, DsseEnvelope.Sign(Statement.PayloadType, statement.ToBytes(), key), new KeyName(key.Public.Fingerprint));

    /// <summary>Signs a statement. The bundle carries the certificates.</summary>
    /// <param name="file">Where it is to be.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="key">The key.</param>
    /// <param name="certificates">The key's certificate, then those between it and the root.</param>
    public static SignatureBundle Sign(string file, Statement statement, SigningKey key, CertificateChain certificates) =>
        new(file, DsseEnvelope.Sign(Statement.PayloadType, statement.ToBytes(), key), certificates.For(key));

    /// <summary>Reads a bundle. Nothing is verified by that.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="ModelFileException">It is missing, or not such a bundle.</exception>
    public static SignatureBundle Read(string file) =>
        Parse(SmallFile.Read(file, MostBytes, "Give a signed model; `hearth model sign` makes its signature."), file);

    /// <summary>Reads a bundle. Nothing is verified by that.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <exception cref="ModelFileException">It is not such a bundle.</exception>
    public static SignatureBundle Parse(ReadOnlyMemory<byte> json, string file) => JsonFile.Read(json, file, "a signature bundle", root =>
    {
        root.Only("mediaType", "verificationMaterial", "dsseEnvelope");
        string kind = root["mediaType"].Text();
        if (!MediaTypes.Contains(kind, StringComparer.Ordinal)) throw root["mediaType"].Bad($"is '{Field.Shorten(kind)}', expected '{MediaType}'");
        DsseEnvelope envelope = DsseEnvelope.Read(root["dsseEnvelope"]);
        if (envelope.Signatures.Count != 1) throw root["dsseEnvelope"]["signatures"].Bad($"has {envelope.Signatures.Count} signatures, expected one");
        if (envelope.PayloadType != Statement.PayloadType)
            throw root["dsseEnvelope"]["payloadType"].Bad($"is '{Field.Shorten(envelope.PayloadType)}', expected '{Statement.PayloadType}'");
        return new SignatureBundle(file, envelope, SignerName.Read(root["verificationMaterial"]));
    });

    /// <summary>Writes the bundle to its file, whole or not at all.</summary>
    public void Write() => AtomicFile.WriteText(File, ToText());

    /// <summary>What <see cref="Write"/> writes.</summary>
    public string ToText() => new JsonObject
    {
        ["mediaType"] = MediaType,
        ["verificationMaterial"] = Signer.ToJson(),
        ["dsseEnvelope"] = Envelope.ToJson(),
    }.ToJsonString(JsonFile.OneLine) + "\n";

    /// <summary>The statement, once it is certain that this key signed it.</summary>
    /// <param name="key">The signer's key, from a place that is trusted; never from the bundle.</param>
    /// <exception cref="SignatureException">Another key signed it, or it was altered.</exception>
    /// <exception cref="ModelFileException">What was signed is not a statement.</exception>
    public Statement Verify(VerificationKey key)
    {
        if (Signer.Contradicts(key, File) is { } other)
            throw new SignatureException(File, $"was signed with another key: it names {other}, and the given key is {key.Fingerprint}. Give the signer's public key.");
        if (!Envelope.IsSignedBy(key))
            throw new SignatureException(File, $"is not signed with the given key ({key.Fingerprint}), or was altered. Get model and key again from who signed it.");
        return Statement.Read(Envelope.Payload, File);
    }
}
