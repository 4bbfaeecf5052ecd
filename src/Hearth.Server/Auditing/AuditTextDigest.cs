using System.Security.Cryptography;
using Hearth.Models.Formats;

namespace Hearth.Server.Auditing;

/// <summary>
/// Digests of texts in the audit log: SHA-256 of a salt, a line feed, and the text. The salt is the entry's own and goes when the texts are redacted;
/// without it a short text can not be found by trying.
/// </summary>
public static class AuditTextDigest
{
    private const int SaltBytes = 16;

    /// <summary>A salt, as hex.</summary>
    public static string CreateSalt() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltBytes));

    /// <summary>The digest of a text.</summary>
    /// <param name="salt">The entry's salt.</param>
    /// <param name="text">The text.</param>
    public static string Of(string salt, string text) => Digest.Of($"{salt}\n{text}");
}
