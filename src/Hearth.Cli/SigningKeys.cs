using Hearth.Models.Formats;
using Hearth.Models.Signing;

namespace Hearth.Cli;

/// <summary>The user's own key.</summary>
internal static class SigningKeys
{
    /// <summary>Makes a key and writes both halves, the private one for its owner alone.</summary>
    /// <param name="path">The private half's file; the public one goes beside it.</param>
    /// <param name="curve">The curve.</param>
    public static SigningKey Make(string path, KeyCurve curve)
    {
        var key = SigningKey.Generate(curve);
        key.Save(path);
        AtomicFile.WriteText(Places.PublicHalf(path), key.Public.ToPem());
        return key;
    }

    /// <summary>The folder of the key that is used when none is named.</summary>
    public static void MakeFolder()
    {
        string folder = Path.GetDirectoryName(Places.SigningKey)!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else
        {
            Directory.CreateDirectory(Places.Home);
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
