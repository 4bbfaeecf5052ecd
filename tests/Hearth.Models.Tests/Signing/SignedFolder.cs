using Hearth.Models.Signing;

namespace Hearth.Models.Tests.Signing;

/// <summary>A small folder of files to sign, gone afterwards.</summary>
internal sealed class SignedFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hearth-signing-").FullName;

    public SignedFolder()
    {
        Directory.CreateDirectory(Path.Combine(Model, "provenance"));
        Write("config.json", "{}\n");
        Write("model.safetensors", "weights");
        Write("provenance/ledger.jsonl", "{\"step\":1}\n");
        Write("empty", "");
    }

    public string Model => this["my-model"];

    public string Signature => Path.Combine(Model, "model.sig");

    public string this[string name] => Path.Combine(_root, name);

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Model, name), text);

    /// <summary>What verifying with a key finds.</summary>
    public string[] Problems(VerificationKey key) => [.. Verify(key).Problems.Select(p => p.ToString())];

    public ModelVerification Verify(VerificationKey key) => ModelSignature.Verify(Model, SignatureBundle.Read(Signature), key);

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.WriteAllBytes(Path.Combine(to, Path.GetFileName(file)), File.ReadAllBytes(file));
        foreach (string folder in Directory.GetDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
