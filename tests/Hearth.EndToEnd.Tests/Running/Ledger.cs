using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Shouldly;

namespace Hearth.EndToEnd.Tests.Running;

/// <summary>
/// A run's ledger as a stranger reads it, from docs alone: a JSON object a line, the SHA-256 of each named by the next.
/// It shares no code with the program.
/// </summary>
internal static class Ledger
{
    /// <summary>The whole lines there are, also while they are written.</summary>
    public static string[] Lines(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Split('\n')[..^1];
    }

    public static string Hash(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));

    public static string HashOfFile(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    /// <summary>The step of a step's line, 0 for other lines.</summary>
    public static int Step(string line) => JsonNode.Parse(line) is { } json && json["kind"]!.GetValue<string>() == "step" ? json["step"]!.GetValue<int>() : 0;

    /// <summary>Checks that every line names the one before.</summary>
    public static void ShouldHoldTogether(string path)
    {
        string before = new('0', 64);
        foreach (string line in Lines(path))
        {
            JsonNode.Parse(line)!["previous"]!.GetValue<string>().ShouldBe(before, line);
            before = Hash(line);
        }
    }

    /// <summary>Changes the loss of a step, and when asked also every hash after it, so that the chain holds together again.</summary>
    public static void ChangeLoss(string path, int step, bool andChain)
    {
        string[] lines = Lines(path);
        int at = Array.FindIndex(lines, l => Step(l) == step);
        JsonNode json = JsonNode.Parse(lines[at])!;
        json["loss"] = json["loss"]!.GetValue<double>() + 0.001;
        lines[at] = json.ToJsonString();
        for (int i = at + 1; andChain && i < lines.Length; i++)
        {
            lines[i] = lines[i].Replace(JsonNode.Parse(lines[i])!["previous"]!.GetValue<string>(), Hash(lines[i - 1]), StringComparison.Ordinal);
        }
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
    }
}
