using Hearth.Models.Formats;

namespace Hearth.Models.Signing;

/// <summary>The key of whoever runs Hearth here: what signs when no other key is named.</summary>
public static class OwnKey
{
    private const string PrivateEnd = ".pem", PublicEnd = ".pub";

    /// <summary>Where the private half is.</summary>
    /// <param name="home">HEARTH_HOME.</param>
    public static string PathIn(string home) => Path.Combine(home, "keys", "hearth" + PrivateEnd);

    /// <summary>Where a private key's public half is.</summary>
    /// <param name="privateKey">The private key's file.</param>
    public static string PublicHalf(string privateKey) =>
        (privateKey.EndsWith(PrivateEnd, StringComparison.Ordinal) ? privateKey[..^PrivateEnd.Length] : privateKey) + PublicEnd;

    /// <summary>The public keys that lie beside it: its own, and those of others whose signatures are believed; sorted (ordinal).</summary>
    /// <param name="home">HEARTH_HOME.</param>
    public static IReadOnlyList<string> PublicKeys(string home) => Path.GetDirectoryName(PathIn(home)) is { } folder && Directory.Exists(folder)
        ? [.. Directory.GetFiles(folder, "*" + PublicEnd).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The key; made when there is none.</summary>
    /// <param name="home">HEARTH_HOME.</param>
    /// <param name="say">Told when one is made.</param>
    public static SigningKey Of(string home, Action<string> say)
    {
        string path = PathIn(home);
        if (File.Exists(path)) return SigningKey.Load(path);
        say($"new key        {path} (signs receipts; those who verify need {PublicHalf(path)})");
        MakeFolder(home);
        return Make(path, KeyCurve.P256);
    }

    /// <summary>Makes a key and writes both halves, the private one for its owner alone.</summary>
    /// <param name="path">The private half's file; the public one goes beside it.</param>
    /// <param name="curve">The curve.</param>
    public static SigningKey Make(string path, KeyCurve curve)
    {
        var key = SigningKey.Generate(curve);
        key.Save(path);
        AtomicFile.WriteText(PublicHalf(path), key.Public.ToPem());
        return key;
    }

    /// <summary>Makes the key's folder, for its owner alone.</summary>
    /// <param name="home">HEARTH_HOME.</param>
    public static void MakeFolder(string home)
    {
        string folder = Path.GetDirectoryName(PathIn(home))!;
        Directory.CreateDirectory(home);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
