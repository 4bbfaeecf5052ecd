using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hearth.Server.Auditing;

/// <summary>
/// An entry of the audit log, as it is hashed: SHA-256 of its JSON's UTF-8 bytes, which the next entry names. Texts stand in it by their digests alone,
/// so that they can be taken out while the chain holds.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AnswerLine), "answer")]
[JsonDerivedType(typeof(KeyLine), "key")]
[JsonDerivedType(typeof(RedactionLine), "redaction")]
[JsonDerivedType(typeof(RetentionLine), "retention")]
public abstract record AuditLine
{
    /// <summary>What the first entry names as the one before.</summary>
    public static readonly string Beginning = new('0', 64);

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Its place in the chain, from 1.</summary>
    [JsonPropertyOrder(-2)]
    public long Sequence { get; init; }

    /// <summary>When it was written, UTC.</summary>
    [JsonPropertyOrder(-1)]
    public DateTime Time { get; init; }

    /// <summary>Hash of the entry before; 64 zeros for the first.</summary>
    [JsonPropertyOrder(100)]
    public string Previous { get; init; } = "";

    /// <summary>Reads an entry.</summary>
    /// <param name="json">Its JSON.</param>
    /// <returns>Null when it is none.</returns>
    public static AuditLine? Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditLine>(json, Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>As it is kept and hashed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);
}

/// <summary>An answer was given.</summary>
/// <param name="Server">The machine that gave it.</param>
/// <param name="Version">Hearth's version.</param>
/// <param name="Numerics">The version of canonical arithmetic; the answer can be had again to the byte with it.</param>
/// <param name="Key">The id of the key that asked.</param>
/// <param name="Name">Whose key it is.</param>
/// <param name="Endpoint">The route.</param>
/// <param name="Id">The response's id.</param>
/// <param name="Model">The model's name.</param>
/// <param name="ModelDigest">The model's digest.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Options">How it was sampled.</param>
/// <param name="Prompt">Digest of what was asked.</param>
/// <param name="Answer">Digest of what was answered.</param>
/// <param name="Texts">Whether the texts were kept beside.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
/// <param name="Finish">Why the answer ended.</param>
public sealed record AnswerLine(
    string Server, string Version, int Numerics, string Key, string Name, string Endpoint, string Id, string Model, string ModelDigest, long Seed, JsonObject? Options,
    string Prompt, string Answer, [property: JsonConverter(typeof(JsonStringEnumConverter<AuditTexts>))] AuditTexts Texts, int PromptTokens, int AnswerTokens, string Finish)
    : AuditLine;

/// <summary>A key was made or revoked.</summary>
/// <param name="Key">Its id.</param>
/// <param name="Name">Whose it is.</param>
/// <param name="Role">What it opens.</param>
/// <param name="Action"><c>added</c> or <c>revoked</c>.</param>
/// <param name="By">Who did it.</param>
public sealed record KeyLine(string Key, string Name, string Role, string Action, string By) : AuditLine;

/// <summary>The texts of an entry were taken out.</summary>
/// <param name="Entry">The entry's place.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who did it.</param>
public sealed record RedactionLine(long Entry, string Reason, string By) : AuditLine;

/// <summary>Old entries were cut down to their hashes.</summary>
/// <param name="Through">The last of them.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Before">They were older than this.</param>
public sealed record RetentionLine(long Through, string Hash, DateTime Before) : AuditLine;
