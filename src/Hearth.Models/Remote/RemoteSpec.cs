using System.Text;

namespace Hearth.Models.Remote;

/// <summary>A model that another server has, reached by OpenAI's interface. It never holds the key itself.</summary>
/// <param name="Name">What the model is called here.</param>
/// <param name="Address">What <c>chat/completions</c> stands below; ends in a slash.</param>
/// <param name="Model">What the other server calls it.</param>
public sealed record RemoteSpec(string Name, Uri Address, string Model)
{
    private const int LongestName = 100, LongestKey = 4096;

    /// <summary>How long nothing may come, where nothing else was said.</summary>
    public static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(120);

    /// <summary>The environment variable that holds the key; null for none.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>The file that holds the key, readable by its owner alone; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>How long nothing may come before the model counts as gone.</summary>
    public TimeSpan Patience { get; init; } = UsualPatience;

    /// <summary>What stands for the digest of a model whose bytes nobody here has seen.</summary>
    public string Digest => $"remote {Address} {Model}";

    /// <summary>A model from what a person wrote.</summary>
    /// <param name="name">What it is to be called here.</param>
    /// <param name="url">The server's address; without a path, /v1 is meant.</param>
    /// <param name="model">What the other server calls it; null for the same name.</param>
    /// <exception cref="RemoteException">Something of it can not be used.</exception>
    public static RemoteSpec Parse(string name, string url, string? model)
    {
        if (name.Length is 0 or > LongestName || name[0] == '.' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':'))
            throw Wrong(name, $"needs another name: up to {LongestName} letters, digits, '-', '_', ':' and '.', not '.' first.");
        if (!Uri.TryCreate(url.EndsWith('/') ? url : url + "/", UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw Wrong(name, $"has the address '{Formats.Show.Name(url)}', expected one such as http://127.0.0.1:8000/v1.");
        if (address.AbsolutePath == "/") address = new Uri(address, "v1/");
        model ??= name;
        if (model.Length is 0 or > 4 * LongestName || model.Any(char.IsControl)) throw Wrong(name, "needs a name on the other server, --model, of at most 400 characters.");
        return new RemoteSpec(name, address, model);
    }

    /// <summary>Where the key is to be had from.</summary>
    /// <param name="variable">An environment variable; null for none.</param>
    /// <param name="file">A file; null for none.</param>
    /// <exception cref="RemoteException">Both, or over a line that others can read.</exception>
    public RemoteSpec WithKey(string? variable, string? file)
    {
        if (variable is null && file is null) return this;
        if (variable is not null && file is not null) throw Wrong(Name, "needs one place for its key: a variable or a file.");
        if (variable is not null && (variable.Length is 0 or > LongestName || !variable.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
            throw Wrong(Name, "needs the name of an environment variable, such as CLUSTER_KEY. The key itself is not kept.");
        if (Address.Scheme != Uri.UriSchemeHttps && !Address.IsLoopback)
            throw Wrong(Name, $"would be sent its key readable by everyone between, since {Address} is not encrypted. Use https, or no key.");
        return this with { KeyVariable = variable, KeyFile = file };
    }

    /// <summary>The key; null for a model without.</summary>
    /// <exception cref="RemoteException">It is not there, or others may read it.</exception>
    public string? Key()
    {
        string? key = KeyVariable is not null ? Environment.GetEnvironmentVariable(KeyVariable) : KeyFile is not null ? OfFile(KeyFile) : null;
        key = key?.Trim();
        if (KeyVariable is null && KeyFile is null) return null;
        if (string.IsNullOrEmpty(key)) throw NoKey(KeyVariable is not null ? $"the environment variable {KeyVariable}, which is not set" : $"{KeyFile}, which is empty");
        if (key.Length > LongestKey || key.Any(c => c is <= ' ' or > '~')) throw NoKey("one line of characters without spaces, and what is there is something else");
        return key;
    }

    private string OfFile(string path)
    {
        try
        {
            const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != UnixFileMode.None) throw NoKey($"{path}, which others can read. Use `chmod 600`");
            return Encoding.UTF8.GetString(Signing.SmallFile.Read(path, LongestKey, "Write the key into it, or register the model again."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NoKey($"{path}, which can not be read");
        }
    }

    private RemoteException NoKey(string where) => new(Name, RemoteFailure.Key, $"needs a key from {where}.");

    private static RemoteException Wrong(string name, string problem) => new(Formats.Show.Name(name), RemoteFailure.CanNot, problem);
}
