using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

public sealed class SignatureFuzzTests : IDisposable
{
    private const int Mutations = 2_000;
    private static readonly string[] Spices =
    [
        "-1", "0", "1e9", "9223372036854775807", "[", "]", "{", "}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\"", "\\ud800", "\\u0000", ",", "null", "true",
        "\"keyid\":\"\",", "publicKey", "hint", "rawBytes", "certificate", "x509CertificateChain", "tlogEntries", "payload", "sig", "MEQCIA==", "\uFEFF", "\0",
    ];

    private readonly SignedFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Generate(KeyCurve.P256);
    private readonly X509Certificate2 _root;

    public SignatureFuzzTests() => _root = Root();

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_bundle_cut_anywhere_is_reported()
    {
        foreach (byte[] whole in Samples())
        {
            for (int kept = 0; kept < whole.Length - 1; kept += kept < 400 ? 1 : 13)
                Should.Throw<ModelFileException>(() => SignatureBundle.Parse(whole.AsMemory(0, kept), "cut"), $"{kept} of {whole.Length} bytes kept");
        }
    }

    [Fact]
    public void A_mutated_bundle_gives_an_answer_or_the_two_exceptions_and_never_takes_much()
    {
        List<byte[]> samples = Samples();
        var trusted = new CertificateChain("root", [_root.RawData]);
        int refused = 0;
        TimeSpan slowest = TimeSpan.Zero;
        for (int seed = 0; seed < Mutations; seed++)
        {
            byte[] mutated = Mutate(samples[seed % samples.Count], new Random(seed));
            long before = GC.GetAllocatedBytesForCurrentThread(), started = Stopwatch.GetTimestamp();
            try
            {
                SignatureBundle bundle = SignatureBundle.Parse(mutated, "mutated");
                if (bundle.Signer is CertificateName) trusted.SignerOf(bundle);
                ModelManifest.Read(bundle.Verify(_key.Public), "mutated");
            }
            catch (Exception e) when (e is ModelFileException or SignatureException)
            {
                e.Message.ShouldContain(": ");
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}.", e);
            }
            if (Stopwatch.GetElapsedTime(started) is var took && took > slowest) slowest = took;
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4_000_000, $"seed {seed}");
        }
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        refused.ShouldBeInRange(Mutations / 2, Mutations - 1, "the mutations should reach both outcomes");
    }

    /// <summary>The statement itself comes from a signer one trusts, and is still read as if it did not.</summary>
    [Fact]
    public void A_mutated_statement_gives_a_manifest_or_the_one_exception()
    {
        byte[] whole = ModelManifest.Of(_folder.Model, SigningScope.Whole("model.sig") with { ShardSize = 4 }).ToStatement().ToBytes();
        int refused = 0;
        for (int seed = 0; seed < Mutations; seed++)
        {
            try
            {
                ModelManifest.Read(Statement.Read(Mutate(whole, new Random(seed)), "mutated"), "mutated");
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}.", e);
            }
        }
        refused.ShouldBeInRange(Mutations / 2, Mutations - 1);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        using (FileStream stream = File.Create(_folder.Signature)) stream.SetLength(1L << 40);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<ModelFileException>(() => SignatureBundle.Read(_folder.Signature)).Message.ShouldContain("1,099,511,627,776 bytes");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100_000);
    }

    /// <summary>A bundle with a hint, one with the key as older ones have it, one with certificates.</summary>
    private List<byte[]> Samples()
    {
        ModelSignature.Sign(_folder.Model, _key);
        string hint = File.ReadAllText(_folder.Signature);
        string raw = hint.Replace($"\"hint\":\"{_key.Public.Fingerprint}\"",
            $"\"rawBytes\":\"{Convert.ToBase64String(Encoding.ASCII.GetBytes(_key.Public.ToPem()))}\"", StringComparison.Ordinal);
        raw.ShouldNotBe(hint);
        File.WriteAllText(_folder["root.pem"], _root.ExportCertificatePem());
        ModelSignature.Sign(_folder.Model, _key, CertificateChain.Load(_folder["root.pem"]));
        return [Encoding.UTF8.GetBytes(hint), Encoding.UTF8.GetBytes(raw), File.ReadAllBytes(_folder.Signature)];
    }

    private X509Certificate2 Root()
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(_key.ToPem());
        var request = new CertificateRequest("CN=Signer", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        return request.CreateSelfSigned(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2044, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        List<byte> bytes = [.. whole];
        for (int times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at))); break;
                case 4: bytes.InsertRange(Math.Max(0, bytes.LastIndexOf((byte)'}')), " "u8.ToArray()); break;      // harmless, so that some get through
                default: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Spices[random.Next(Spices.Length)])); break;
            }
        }
        return [.. bytes];
    }
}
