using System.Text;
using System.Text.Json.Nodes;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>How a bundle names its signer: the Sigstore bundle's verification material. A claim, which proves nothing by itself.</summary>
public abstract record SignerName
{
    private const int MostCertificates = 16;
    private const int MostLogEntries = 64;

    /// <summary>The name, for messages.</summary>
    public abstract string Description { get; }

    /// <summary>The key that is named, when it is not this one; null when it may be.</summary>
    internal abstract string? Contradicts(VerificationKey key, string file);

    internal abstract JsonObject ToJson();

    internal static SignerName Read(Field json)
    {
        string[] kinds = [.. new[] { "publicKey", "x509CertificateChain", "certificate" }.Where(k => !json[k].IsMissing)];
        if (kinds.Length != 1) throw json.Bad($"has {(kinds.Length == 0 ? "none" : "more than one")} of publicKey, x509CertificateChain and certificate, expected one");
        List<Field> log = json["tlogEntries"].Items(MostLogEntries);
        Field named = json[kinds[0]];
        switch (kinds[0])
        {
            case "publicKey":
                string? hint = named["hint"].IsMissing ? null : named["hint"].Text();
                byte[] key = named["rawBytes"].IsMissing ? [] : named["rawBytes"].Base64();
                if (hint is null or "" && key.Length == 0) throw named.Bad("has neither hint nor rawBytes, expected one");
                return new KeyName(hint, key);
            case "certificate":
                if (log.Count == 0) throw json["tlogEntries"].Bad("is missing or empty, expected the log's entry that belongs to this kind of certificate");
                return new LoggedName(named["rawBytes"].Base64(), json.ToObject());
            default:
                List<Field> certificates = named["certificates"].Items(MostCertificates);
                if (certificates.Count == 0) throw named["certificates"].Bad("is missing or empty, expected the signing certificate");
                return new CertificateName([.. certificates.Select(c => (ReadOnlyMemory<byte>)c["rawBytes"].Base64())]);
        }
    }
}

/// <summary>A key that both sides know.</summary>
/// <param name="Hint">Its fingerprint (<see cref="VerificationKey.Fingerprint"/>).</param>
/// <param name="Key">The key itself, PEM or DER, where a bundle from before version 1.1 of the reference implementation has it instead of a hint; otherwise empty.</param>
public sealed record KeyName(string? Hint, ReadOnlyMemory<byte> Key = default) : SignerName
{
    /// <inheritdoc/>
    public override string Description => $"the key {Field.Shorten(Hint ?? "it carries")}";

    internal override string? Contradicts(VerificationKey key, string file)
    {
        if (Hint is { Length: > 0 } && Hint != key.Fingerprint && Hint != key.DerFingerprint) return Field.Shorten(Hint);
        if (Key.IsEmpty) return null;
        List<(string Label, byte[] Bytes)> pem = PemFile.Parse(Encoding.Latin1.GetString(Key.Span), file);
        VerificationKey carried = VerificationKey.FromSubjectPublicKeyInfo(pem is [("PUBLIC KEY", var der), ..] ? der : Key.Span, file);
        return carried.Equals(key) ? null : carried.Fingerprint;
    }

    internal override JsonObject ToJson() => new() { ["publicKey"] = new JsonObject { ["hint"] = Hint }, ["tlogEntries"] = new JsonArray() };
}

/// <summary>A signing certificate, and those between it and its root.</summary>
/// <param name="Certificates">DER; the signing certificate first.</param>
public sealed record CertificateName(IReadOnlyList<ReadOnlyMemory<byte>> Certificates) : SignerName
{
    /// <inheritdoc/>
    public override string Description => "a chain of certificates";

    internal override string? Contradicts(VerificationKey key, string file)
    {
        VerificationKey certified = VerificationKey.FromCertificate(Certificates[0].Span, file);
        return certified.Equals(key) ? null : certified.Fingerprint;
    }

    internal override JsonObject ToJson() => new()
    {
        ["x509CertificateChain"] = new JsonObject
        {
            ["certificates"] = new JsonArray([.. Certificates.Select(c => new JsonObject { ["rawBytes"] = Convert.ToBase64String(c.Span) })]),
        },
        ["tlogEntries"] = new JsonArray(),
    };
}

/// <summary>A short-lived certificate with its entry in Sigstore's public log. Hearth reads such bundles, and verifies them only with the key itself.</summary>
/// <param name="Certificate">DER.</param>
/// <param name="Material">Certificate and log entries, as they were read.</param>
public sealed record LoggedName(ReadOnlyMemory<byte> Certificate, JsonObject Material) : SignerName
{
    /// <inheritdoc/>
    public override string Description => "a short-lived certificate of Sigstore's public service";

    internal override string? Contradicts(VerificationKey key, string file)
    {
        VerificationKey certified = VerificationKey.FromCertificate(Certificate.Span, file);
        return certified.Equals(key) ? null : certified.Fingerprint;
    }

    internal override JsonObject ToJson() => (JsonObject)Material.DeepClone();
}
