using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Hearth.Server.Security;

/// <summary>The text that opens the server: <c>hearth_ID_SECRET</c>. The id is open; of the secret, 256 random bits, only a keyed hash is kept.</summary>
/// <param name="Id">12 hexadecimal digits.</param>
/// <param name="Secret">43 characters.</param>
public sealed record KeySecret(string Id, string Secret)
{
    private const string Start = "hearth_";
    private const int IdLength = 12, SecretLength = 43, SecretBytes = 32, SaltBytes = 16;

    /// <summary>A new one.</summary>
    public static KeySecret Create() =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2)), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <summary>Bytes to key a hash with, as hex.</summary>
    public static string CreateSalt() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltBytes));

    /// <summary>Reads what a client showed.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null when it is none.</returns>
    public static KeySecret? Parse(string? text)
    {
        if (text is not { Length: 63 } || !text.StartsWith(Start, StringComparison.Ordinal) || text[Start.Length + IdLength] != '_') return null;
        string id = text.Substring(Start.Length, IdLength);
        return id.All(char.IsAsciiHexDigitLower) ? new KeySecret(id, text[^SecretLength..]) : null;
    }

    /// <summary>The secret's hash under a salt: HMAC-SHA-256, as hex.</summary>
    /// <param name="salt">The salt, as hex.</param>
    public string HashWith(string salt) => Convert.ToHexStringLower(HMACSHA256.HashData(Convert.FromHexString(salt), Encoding.UTF8.GetBytes(Secret)));

    /// <summary>Whether this is the secret of a hash; takes the same time whatever differs.</summary>
    /// <param name="salt">The salt, as hex.</param>
    /// <param name="hash">The hash, as hex.</param>
    public bool Matches(string salt, string hash) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(HashWith(salt)), Encoding.ASCII.GetBytes(hash));

    /// <summary>The whole text, shown once.</summary>
    public override string ToString() => $"{Start}{Id}_{Secret}";
}
