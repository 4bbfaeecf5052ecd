using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

public sealed class DsseEnvelopeTests
{
    // The test vector of DSSE's protocol.md; the public key's coordinates stand there as decimal numbers.
    private const string Type = "http://example.com/HelloWorld";
    private const string X = "46950820868899156662930047687818585632848591499744589407958293238635476079160";
    private const string Y = "5640078356564379163099075877009565129882514886557779369047442380624545832820";
    private const string Signature = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    private static readonly byte[] Body = "hello world"u8.ToArray();

    [Fact]
    public void The_encoding_that_is_signed_is_that_of_the_protocols_example()
    {
        Encoding.UTF8.GetString(DsseEnvelope.PreAuthenticationEncoding(Type, Body)).ShouldBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        Encoding.UTF8.GetString(DsseEnvelope.PreAuthenticationEncoding("é", [])).ShouldBe("DSSEv1 2 é 0 ");      // lengths are bytes
    }

    [Fact]
    public void The_protocols_example_verifies_and_with_anything_changed_does_not()
    {
        VerificationKey key = ProtocolKey();
        new DsseEnvelope(Type, Body, [ProtocolSignature()]).IsSignedBy(key).ShouldBeTrue();
        new DsseEnvelope(Type, "hello worle"u8.ToArray(), [ProtocolSignature()]).IsSignedBy(key).ShouldBeFalse();
        new DsseEnvelope(Type + "s", Body, [ProtocolSignature()]).IsSignedBy(key).ShouldBeFalse();
        new DsseEnvelope(Type, Body, []).IsSignedBy(key).ShouldBeFalse();
        for (int i = 0; i < ProtocolSignature().Length; i++)
        {
            byte[] changed = ProtocolSignature();
            changed[i] ^= 1;
            new DsseEnvelope(Type, Body, [changed]).IsSignedBy(key).ShouldBeFalse($"byte {i}");
        }
    }

    [Fact]
    public void One_signature_of_several_is_enough_and_it_must_be_the_keys_own()
    {
        using SigningKey one = SigningKey.Generate(KeyCurve.P256), two = SigningKey.Generate(KeyCurve.P384), three = SigningKey.Generate(KeyCurve.P256);
        DsseEnvelope first = DsseEnvelope.Sign(Type, Body, one), second = DsseEnvelope.Sign(Type, Body, two);
        var both = new DsseEnvelope(Type, Body, [.. first.Signatures, .. second.Signatures]);
        both.IsSignedBy(one.Public).ShouldBeTrue();
        both.IsSignedBy(two.Public).ShouldBeTrue();
        both.IsSignedBy(three.Public).ShouldBeFalse();
    }

    [Fact]
    public void A_statement_written_and_read_is_the_same_and_has_the_same_bytes_each_time()
    {
        var statement = new Statement([new StatementSubject("model", new string('a', 64)), new StatementSubject("other", new string('0', 64))],
            "https://example.com/kind/v1", new JsonObject { ["what"] = "é<|x|>", ["list"] = new JsonArray(1, 2.5, null) });
        byte[] bytes = statement.ToBytes();
        statement.ToBytes().ShouldBe(bytes);
        Statement read = Statement.Read(bytes, "a file");
        read.PredicateType.ShouldBe(statement.PredicateType);
        read.Subjects.Select(s => (s.Name, s.Digests["sha256"])).ShouldBe([("model", new string('a', 64)), ("other", new string('0', 64))]);
        JsonNode.DeepEquals(read.Predicate, statement.Predicate).ShouldBeTrue();
        read.ToBytes().ShouldBe(bytes);
    }

    [Theory]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"m","digest":{"sha256":"aa"}}],"predicateType":"t","predicate":{}}""", "_type")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"t","predicate":{}}""", "subject")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"","digest":{"sha256":"aa"}}],"predicateType":"t","predicate":{}}""", "name")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{}}],"predicateType":"t","predicate":{}}""", "digest")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"AA"}}],"predicateType":"t","predicate":{}}""", "sha256")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"aa"}}],"predicateType":"t","predicate":[]}""", "predicate")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"aa"}}],"predicateType":"t"}""", "predicate")]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v1","_type":"x"}""", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("", "JSON")]
    public void What_is_not_a_statement_is_refused_by_key(string json, string mention) =>
        Should.Throw<ModelFileException>(() => Statement.Read(Encoding.UTF8.GetBytes(json), "a file")).Message.ShouldContain(mention);

    private static VerificationKey ProtocolKey()
    {
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Number(X), Y = Number(Y) } });
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, key.ExportSubjectPublicKeyInfoPem());
            return VerificationKey.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Number(string text)
    {
        byte[] digits = BigInteger.Parse(text, CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - digits.Length], .. digits];
    }

    // The protocol's example joins the two numbers; bundles have them in DER.
    private static byte[] ProtocolSignature()
    {
        byte[] both = Convert.FromBase64String(Signature);
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(both.AsSpan(0, 32));
            writer.WriteIntegerUnsigned(both.AsSpan(32));
        }
        return writer.Encode();
    }
}
