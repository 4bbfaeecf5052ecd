using System.CommandLine;
using Hearth.Models.Signing;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth key</c>: keys to sign models with, and keys that open the server.</summary>
internal static class KeyCommand
{
    public static Command Create() => new("key", "Keys: to sign models with (generate), and to open the server with (add, list, revoke).")
    {
        Generate(),
        AccessKeys.Add(),
        AccessKeys.List(),
        AccessKeys.Revoke(),
    };

    private static Command Generate()
    {
        var output = new Option<string?>("--out")
        {
            Description = "The private key's file; the public one goes beside it and ends in .pub. Default: keys/hearth.pem in HEARTH_HOME.", HelpName = "PATH",
        };
        var curve = new Option<string>("--curve") { Description = "p256 or p384.", DefaultValueFactory = _ => "p256", HelpName = "CURVE" };
        curve.Validators.Add(r =>
        {
            if (r.Tokens is [{ Value: not ("p256" or "p384") and var other }, ..]) r.AddError($"--curve is {other}, expected p256 or p384.");
        });
        Option<bool> json = Common.Json();
        var command = new Command("generate", "Make an elliptic-curve key to sign models with: a private half that signs, and a public half to give to others.") { output, curve, json };
        command.Example("hearth key generate", "hearth key generate --out school.pem --curve p384");
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output) ?? Places.SigningKey;
            string publicPath = OwnKey.PublicHalf(path);
            foreach (string taken in (string[])[path, publicPath])
            {
                if (Path.Exists(taken)) throw new UsageException($"{taken}: there is a file already, and a key is never written over. Give another place with --out.");
            }
            if (parsed.GetValue(output) is null) OwnKey.MakeFolder(Places.Home);
            using SigningKey key = OwnKey.Make(path, parsed.GetValue(curve) == "p384" ? KeyCurve.P384 : KeyCurve.P256);
            if (parsed.GetValue(json)) Common.PrintJson(new { privateKey = path, publicKey = publicPath, keyDigest = key.Public.Fingerprint });
            else
            {
                Console.WriteLine($"{"private key",-14} {path} (keep it to yourself: whoever has it can sign as you)");
                Console.WriteLine($"{"public key",-14} {publicPath} (give it to those who verify)");
                Console.WriteLine($"{"key digest",-14} {key.Public.Fingerprint}");
            }
            return Common.Done;
        });
        return command;
    }
}
