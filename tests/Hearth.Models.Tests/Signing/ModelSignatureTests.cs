using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Hearth.Models.Signing;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Signing;

public sealed class ModelSignatureTests : IDisposable
{
    private readonly SignedFolder _folder = new();
    private readonly SigningKey _key = SigningKey.Generate(KeyCurve.P256);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(KeyCurve.P256)]
    [InlineData(KeyCurve.P384)]
    public void A_signed_model_verifies_also_in_another_place_and_signed_again(KeyCurve curve)
    {
        using SigningKey key = SigningKey.Generate(curve);
        (string path, ModelManifest manifest) = ModelSignature.Sign(_folder.Model, key);
        path.ShouldBe(_folder.Signature);
        manifest.Resources.Select(r => r.Name).ShouldBe(["config.json", "empty", "model.safetensors", "provenance/ledger.jsonl"]);
        _folder.Problems(key.Public).ShouldBeEmpty();
        ModelSignature.Sign(_folder.Model, key).Manifest.Resources.ShouldBe(manifest.Resources);
        string moved = _folder["moved"];
        Directory.Move(_folder.Model, moved);
        ModelVerification found = ModelSignature.Verify(moved, SignatureBundle.Read(Path.Combine(moved, "model.sig")), key.Public);
        found.Problems.ShouldBeEmpty();
        found.Name.ShouldBe("my-model");
        found.RootDigest.ShouldBe(manifest.RootDigest);
    }

    [Fact]
    public void What_is_signed_is_the_statement_that_the_specification_describes()
    {
        ModelSignature.Sign(_folder.Model, _key);
        JsonNode bundle = JsonNode.Parse(File.ReadAllBytes(_folder.Signature))!;
        bundle["mediaType"]!.GetValue<string>().ShouldBe("application/vnd.dev.sigstore.bundle.v0.3+json");
        bundle["verificationMaterial"]!["publicKey"]!["hint"]!.GetValue<string>().ShouldBe(_key.Public.Fingerprint);
        JsonNode statement = JsonNode.Parse(Convert.FromBase64String(bundle["dsseEnvelope"]!["payload"]!.GetValue<string>()))!;
        string[] digests = [.. ((string[])["config.json", "empty", "model.safetensors", "provenance/ledger.jsonl"]).Select(f => Digest.OfFile(Path.Combine(_folder.Model, f)))];
        string root = Digest.Of(digests.SelectMany(Convert.FromHexString).ToArray());
        JsonNode.DeepEquals(statement, JsonNode.Parse($$"""
            {
              "_type": "https://in-toto.io/Statement/v1",
              "subject": [ { "name": "my-model", "digest": { "sha256": "{{root}}" } } ],
              "predicateType": "https://model_signing/signature/v1.0",
              "predicate": {
                "resources": [
                  { "name": "config.json", "algorithm": "sha256", "digest": "{{digests[0]}}" },
                  { "name": "empty", "algorithm": "sha256", "digest": "{{digests[1]}}" },
                  { "name": "model.safetensors", "algorithm": "sha256", "digest": "{{digests[2]}}" },
                  { "name": "provenance/ledger.jsonl", "algorithm": "sha256", "digest": "{{digests[3]}}" }
                ],
                "serialization": {
                  "method": "files", "hash_type": "sha256", "allow_symlinks": false,
                  "ignore_paths": [ ".git", ".gitattributes", ".github", ".gitignore", "model.sig" ]
                }
              }
            }
            """)).ShouldBeTrue(statement.ToJsonString());
    }

    [Fact]
    public void Changed_missing_and_added_files_are_named()
    {
        ModelSignature.Sign(_folder.Model, _key);
        _folder.Write("config.json", "{ }\n");
        File.Delete(Path.Combine(_folder.Model, "empty"));
        _folder.Write("provenance/model.sig", "a signature's name elsewhere is a file as any other");
        _folder.Write("Config.json", "{}\n");
        _folder.Problems(_key.Public).ShouldBe(
            ["Config.json is not signed", "config.json was changed", "empty is missing", "provenance/model.sig is not signed"]);
    }

    [Fact]
    public void A_file_put_in_anothers_place_does_not_verify()
    {
        ModelSignature.Sign(_folder.Model, _key);
        File.Move(Path.Combine(_folder.Model, "config.json"), Path.Combine(_folder.Model, "spare"));
        File.Move(Path.Combine(_folder.Model, "empty"), Path.Combine(_folder.Model, "config.json"));
        File.Move(Path.Combine(_folder.Model, "spare"), Path.Combine(_folder.Model, "empty"));
        _folder.Problems(_key.Public).ShouldBe(["config.json was changed", "empty was changed"]);
    }

    [Fact]
    public void Version_control_files_at_the_top_are_left_out_and_said_so()
    {
        ModelSignature.Sign(_folder.Model, _key);
        Directory.CreateDirectory(Path.Combine(_folder.Model, ".git", "objects"));
        _folder.Write(".git/objects/a", "x");
        _folder.Write("provenance/.gitignore", "x");
        ModelVerification found = _folder.Verify(_key.Public);
        found.Ignored.ShouldBe([".git"]);
        found.Problems.Select(p => p.ToString()).ShouldBe(["provenance/.gitignore is not signed"]);
    }

    [Fact]
    public void Names_beyond_the_first_plane_are_ordered_by_code_point()
    {
        _folder.Write("\uFF21", "a full-width letter");
        _folder.Write("\U0001F525", "a hearth");
        ModelSignature.Sign(_folder.Model, _key).Manifest.Resources.TakeLast(2).Select(r => r.Name).ShouldBe(["\uFF21", "\U0001F525"]);
        _folder.Problems(_key.Public).ShouldBeEmpty();
    }

    [Fact]
    public void A_model_of_one_file_has_its_signature_beside_it()
    {
        string file = Path.Combine(_folder.Model, "model.safetensors");
        (string path, ModelManifest manifest) = ModelSignature.Sign(file, _key);
        path.ShouldBe(file + ".sig");
        manifest.Name.ShouldBe("model.safetensors");
        manifest.Resources.Select(r => r.Name).ShouldBe(["model.safetensors"]);
        ModelSignature.Verify(file, SignatureBundle.Read(ModelSignature.PathOf(file)), _key.Public).Problems.ShouldBeEmpty();
        File.AppendAllText(file, "!");
        ModelSignature.Verify(file, SignatureBundle.Read(path), _key.Public).Problems.Select(p => p.ToString()).ShouldBe(["model.safetensors was changed"]);
    }

    [Fact]
    public void Files_signed_in_pieces_verify_piece_by_piece()
    {
        _folder.Write("odd:0:3", "a name that looks like a piece");
        Sign(SigningScope.Whole("model.sig") with { ShardSize = 4 });
        _folder.Problems(_key.Public).ShouldBeEmpty();
        foreach (string other in (string[])["weightz", "weigh", "weights and more", ""])
        {
            _folder.Write("model.safetensors", other);
            _folder.Problems(_key.Public).ShouldBe(["model.safetensors was changed"], other);
        }
        _folder.Write("model.safetensors", "weights");
        File.Delete(Path.Combine(_folder.Model, "odd:0:3"));
        _folder.Write("new", "x");
        _folder.Problems(_key.Public).ShouldBe(["new is not signed", "odd:0:3 is missing"]);
    }

    [Fact]
    public void A_symbolic_link_is_not_signed_and_not_verified_unless_the_signature_allows_it()
    {
        string link = Path.Combine(_folder.Model, "link");
        ModelSignature.Sign(_folder.Model, _key);
        File.WriteAllText(_folder["outside"], "weights");
        File.CreateSymbolicLink(link, _folder["outside"]);
        Should.Throw<ModelFileException>(() => ModelSignature.Sign(_folder.Model, _key)).Message.ShouldContain("symbolic link");
        _folder.Problems(_key.Public).ShouldBe(["link is a symbolic link, which the signature does not cover"]);

        Sign(SigningScope.Whole("model.sig") with { AllowSymlinks = true });
        _folder.Problems(_key.Public).ShouldBeEmpty();
        File.WriteAllText(_folder["outside"], "weightz");
        _folder.Problems(_key.Public).ShouldBe(["link was changed"]);
        File.Delete(link);
        Directory.CreateSymbolicLink(link, _folder.Model);                       // a circle
        _folder.Problems(_key.Public).ShouldBe(["link is a symbolic link, which the signature does not cover"]);
    }

    [Fact]
    public void A_signed_file_replaced_by_a_link_to_its_like_does_not_verify()
    {
        ModelSignature.Sign(_folder.Model, _key);
        string file = Path.Combine(_folder.Model, "config.json");
        File.Move(file, _folder["elsewhere"]);
        File.CreateSymbolicLink(file, _folder["elsewhere"]);
        _folder.Problems(_key.Public).ShouldBe(["config.json is a symbolic link, which the signature does not cover"]);
    }

    [Fact]
    public void A_signing_that_was_cut_off_leaves_nothing_that_is_signed_later()
    {
        _folder.Write("model.sig.partial", "{");
        ModelSignature.Sign(_folder.Model, _key);
        _folder.Problems(_key.Public).ShouldBeEmpty();
    }

    [Fact]
    public void An_empty_folder_has_nothing_to_sign()
    {
        Directory.CreateDirectory(_folder["nothing"]);
        Should.Throw<ModelFileException>(() => ModelSignature.Sign(_folder["nothing"], _key)).Message.ShouldContain("no file to sign");
        File.Exists(_folder["nothing/model.sig"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("../elsewhere")]
    [InlineData("/etc")]
    [InlineData("*.json")]
    [InlineData(".")]
    [InlineData("a//b")]
    [InlineData("")]
    public void A_rule_that_could_leave_out_more_than_it_names_is_refused(string rule)
    {
        Sign(SigningScope.Whole("model.sig") with { IgnorePaths = ["model.sig", rule] });
        Should.Throw<ModelFileException>(() => _folder.Verify(_key.Public)).Message.ShouldContain("ignore_paths[");
    }

    [Theory]
    [InlineData("sha256", "blake3", "hash_type")]
    [InlineData("\"files\"", "\"parts\"", "method")]
    [InlineData("\"allow_symlinks\":false", "\"allow_symlinks\":0", "allow_symlinks")]
    [InlineData("\"ignore_paths\"", "\"leave_out\"", "leave_out")]
    [InlineData("\"name\":\"empty\"", "\"name\":\"config.json\"", "twice")]
    [InlineData("https://model_signing/signature/v1.0", "https://example.com/other", "example.com")]
    public void A_statement_that_says_something_else_is_refused_even_when_it_is_signed(string from, string to, string mention)
    {
        ModelManifest manifest = ModelManifest.Of(_folder.Model, SigningScope.Whole("model.sig"));
        string text = System.Text.Encoding.UTF8.GetString(manifest.ToStatement().ToBytes());
        text.ShouldContain(from);
        byte[] payload = System.Text.Encoding.UTF8.GetBytes(text.Replace($"\"hash_type\":\"{from}\"", $"\"hash_type\":\"{to}\"", StringComparison.Ordinal)
            .Replace(from == "sha256" ? "\u0001" : from, to, StringComparison.Ordinal));
        new SignatureBundle(_folder.Signature, DsseEnvelope.Sign(Statement.PayloadType, payload, _key), new KeyName(_key.Public.Fingerprint)).Write();
        Should.Throw<ModelFileException>(() => _folder.Verify(_key.Public)).Message.ShouldContain(mention);
    }

    [Fact]
    public void A_root_digest_that_is_not_that_of_the_files_is_refused()
    {
        Statement whole = ModelManifest.Of(_folder.Model, SigningScope.Whole("model.sig")).ToStatement();
        SignatureBundle.Sign(_folder.Signature, whole with { Subjects = [new StatementSubject("my-model", new string('0', 64))] }, _key).Write();
        Should.Throw<ModelFileException>(() => _folder.Verify(_key.Public)).Message.ShouldContain("000");
    }

    private void Sign(SigningScope scope) =>
        SignatureBundle.Sign(_folder.Signature, ModelManifest.Of(_folder.Model, scope).ToStatement(), _key).Write();
}
