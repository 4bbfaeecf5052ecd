using System.Text;
using System.Text.Json.Nodes;
using Field = Hearth.Models.Tokenizers.JsonField;

namespace Hearth.Models.Signing;

/// <summary>Signed bytes and what kind they are: Dead Simple Signing Envelope 1.0 (github.com/secure-systems-lab/dsse, protocol.md and envelope.md).</summary>
/// <param name="PayloadType">What the payload is, such as <see cref="Statement.PayloadType"/>. Signed too.</param>
/// <param name="Payload">The signed bytes.</param>
/// <param name="Signatures">Signatures over both; at least one.</param>
public sealed record DsseEnvelope(string PayloadType, ReadOnlyMemory<byte> Payload, IReadOnlyList<ReadOnlyMemory<byte>> Signatures)
{
    private const int MostSignatures = 16;

    /// <summary>Signs some bytes.</summary>
    /// <param name="payloadType">What they are.</param>
    /// <param name="payload">The bytes.</param>
    /// <param name="key">The key.</param>
    public static DsseEnvelope Sign(string payloadType, ReadOnlyMemory<byte> payload, SigningKey key) =>
        new(payloadType, payload, [key.Sign(PreAuthenticationEncoding(payloadType, payload.Span))]);

    /// <summary>What is signed: <c>DSSEv1 length type length payload</c>, lengths in bytes.</summary>
    /// <param name="payloadType">What the payload is.</param>
    /// <param name="payload">The payload.</param>
    public static byte[] PreAuthenticationEncoding(string payloadType, ReadOnlySpan<byte> payload) =>
        [.. Encoding.UTF8.GetBytes($"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} "), .. payload];

    /// <summary>Whether one of the signatures was made with this key's private half.</summary>
    /// <param name="key">The key.</param>
    public bool IsSignedBy(VerificationKey key)
    {
        byte[] signed = PreAuthenticationEncoding(PayloadType, Payload.Span);
        return Signatures.Any(signature => key.Verify(signed, signature.Span));
    }

    internal JsonObject ToJson() => new()
    {
        ["payload"] = Convert.ToBase64String(Payload.Span),
        ["payloadType"] = PayloadType,
        ["signatures"] = new JsonArray([.. Signatures.Select(s => new JsonObject { ["sig"] = Convert.ToBase64String(s.Span), ["keyid"] = "" })]),
    };

    internal static DsseEnvelope Read(Field json)
    {
        json.Only("payload", "payloadType", "signatures");
        List<Field> signatures = json["signatures"].Items(MostSignatures);
        if (signatures.Count == 0) throw json["signatures"].Bad("is missing or empty, expected a signature");
        return new DsseEnvelope(json["payloadType"].Text(), json["payload"].Base64(), [.. signatures.Select(ReadSignature)]);
    }

    private static ReadOnlyMemory<byte> ReadSignature(Field json)
    {
        json.Only("sig", "keyid");
        if (!json["keyid"].IsMissing) _ = json["keyid"].Text();                  // says nothing about who signed, so it is not looked at
        return json["sig"].Base64();
    }
}
