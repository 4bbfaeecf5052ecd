using System.Text.Json;
using System.Text.Json.Nodes;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>Something said about some artifacts: in-toto Statement v1 (github.com/in-toto/attestation, spec/v1/statement.md).</summary>
/// <param name="Subjects">What it is about; at least one.</param>
/// <param name="PredicateType">A URI that says how to read the predicate.</param>
/// <param name="Predicate">What is said.</param>
public sealed record Statement(IReadOnlyList<StatementSubject> Subjects, string PredicateType, JsonObject Predicate)
{
    /// <summary>The value of every statement's <c>_type</c>.</summary>
    public const string TypeUri = "https://in-toto.io/Statement/v1";

    /// <summary>The kind of payload that a statement is in an envelope.</summary>
    public const string PayloadType = "application/vnd.in-toto+json";

    private const int MostSubjects = 1 << 16;
    private const int MostDigests = 16;

    /// <summary>The statement as JSON in UTF-8; the same statement gives the same bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["_type"] = TypeUri,
        ["subject"] = new JsonArray([.. Subjects.Select(s => s.ToJson())]),
        ["predicateType"] = PredicateType,
        ["predicate"] = Predicate.DeepClone(),
    }, JsonFile.OneLine);

    /// <summary>Reads a statement.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <exception cref="ModelFileException">It is not a statement.</exception>
    public static Statement Read(ReadOnlyMemory<byte> json, string file) => JsonFile.Read(json, file, "an in-toto statement", root =>
    {
        string type = root["_type"].Text();
        if (type != TypeUri) throw root["_type"].Bad($"is '{Field.Shorten(type)}', expected '{TypeUri}'");
        List<Field> subjects = root["subject"].Items(MostSubjects);
        if (subjects.Count == 0) throw root["subject"].Bad("is missing or empty, expected at least one subject");
        return new Statement([.. subjects.Select(ReadSubject)], root["predicateType"].Text(), root["predicate"].ToObject());
    });

    private static StatementSubject ReadSubject(Field json)
    {
        string name = json["name"].Text();
        if (name.Length == 0) throw json["name"].Bad("is empty");
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string algorithm, Field value) in json["digest"].Entries(MostDigests)) digests.Add(algorithm, value.HexDigest());
        if (digests.Count == 0) throw json["digest"].Bad("is empty");
        return new StatementSubject(name, digests);
    }
}

/// <summary>An artifact that a statement is about.</summary>
/// <param name="Name">Its name, for people.</param>
/// <param name="Digests">Algorithm, such as <c>sha256</c>, and lower-case hexadecimal digest.</param>
public sealed record StatementSubject(string Name, IReadOnlyDictionary<string, string> Digests)
{
    /// <summary>The only algorithm that Hearth writes.</summary>
    public const string Sha256 = "sha256";

    /// <summary>A subject known by its SHA-256.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="sha256">64 lower-case hexadecimal digits.</param>
    public StatementSubject(string name, string sha256)
        : this(name, new Dictionary<string, string>(StringComparer.Ordinal) { [Sha256] = sha256 })
    {
    }

    internal JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["digest"] = new JsonObject(Digests.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value))),
    };
}
