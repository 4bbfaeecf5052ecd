using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hearth.Models.Formats.Safetensors;

/// <summary>
/// Writes safetensors files. The same tensors and metadata give the same bytes, whatever order they are given in: wider element
/// types first (so that every tensor is aligned to its element, which some readers need), then by name (ordinal), in the header as
/// in the data. A file of one type is therefore sorted by name.
/// </summary>
public static class SafetensorsWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file whole or not at all. The data go straight to the disk; no second copy is made.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Texts about the file, or null for none.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name is reserved or not valid text.</exception>
    /// <exception cref="IOException">The disk is full or the folder can not be written.</exception>
    public static void Write(
        string path, IEnumerable<SafetensorsTensor> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        SafetensorsTensor[] sorted = Sort(tensors);
        byte[] header = Header(sorted, metadata);
        AtomicFile.Write(path, stream => Write(stream, sorted, header));
    }

    /// <summary>Writes the same bytes to a stream, which stays open.</summary>
    /// <param name="stream">Where to write.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Texts about the file, or null for none.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name is reserved or not valid text.</exception>
    public static void Write(
        Stream stream, IEnumerable<SafetensorsTensor> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        SafetensorsTensor[] sorted = Sort(tensors);
        Write(stream, sorted, Header(sorted, metadata));
    }

    /// <summary>The SHA-256 of exactly the bytes a file would have, without writing one: 64 lower-case hexadecimal digits.</summary>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">Texts about the file, or null for none.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name is reserved or not valid text.</exception>
    public static string DigestOf(IEnumerable<SafetensorsTensor> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        using var sha256 = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, sha256, CryptoStreamMode.Write)) Write(stream, tensors, metadata);
        return Convert.ToHexStringLower(sha256.Hash!);
    }

    private static void Write(Stream stream, SafetensorsTensor[] sorted, byte[] header)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (SafetensorsTensor tensor in sorted) tensor.WriteData(stream);
    }

    private static SafetensorsTensor[] Sort(IEnumerable<SafetensorsTensor> tensors)
    {
        var sorted = tensors.OrderByDescending(t => t.Type.Bits).ThenBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsHeader.MetadataName };
        foreach (SafetensorsTensor tensor in sorted)
        {
            if (names.Add(tensor.Name)) continue;
            throw new ArgumentException($"Tensor name '{Show.Name(tensor.Name)}' is used twice or reserved.", nameof(tensors));
        }
        return sorted;
    }

    private static byte[] Header(SafetensorsTensor[] sorted, IEnumerable<KeyValuePair<string, string>>? metadata)
    {
        var json = new StringBuilder("{");
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in metadata ?? []) texts.Add(key, value);
        if (texts.Count > 0)
        {
            Quote(json, SafetensorsHeader.MetadataName).Append(":{");
            foreach ((string key, string value) in texts)
            {
                Quote(json, key).Append(':');
                Quote(json, value).Append(',');
            }
            json.Length--;
            json.Append("},");
        }
        long offset = 0;
        foreach (SafetensorsTensor t in sorted)
        {
            Quote(json, t.Name).Append(":{\"dtype\":\"").Append(t.Type.Name).Append("\",\"shape\":[").AppendJoin(',', t.Shape);
            json.Append("],\"data_offsets\":[").Append(offset).Append(',').Append(offset += t.ByteCount).Append("]},");
        }
        if (json.Length > 1) json.Length--;
        json.Append('}');

        byte[] bytes = StrictUtf8.GetBytes(json.ToString());
        int padded = (bytes.Length + 7) / 8 * 8;                                 // the data begin at a multiple of eight
        if (padded > SafetensorsHeader.MaxBytes)
        {
            throw new ArgumentException($"The header takes {padded:N0} bytes; readers accept at most {SafetensorsHeader.MaxBytes:N0}.");
        }
        int used = bytes.Length;
        Array.Resize(ref bytes, padded);
        bytes.AsSpan(used).Fill((byte)' ');
        return bytes;
    }

    // Written out, because what a library's JSON writer escapes may change with its version, and these bytes are hashed.
    private static StringBuilder Quote(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\') json.Append('\\').Append(c);
            else if (c < ' ') json.Append("\\u00").Append("01"[c >> 4]).Append("0123456789abcdef"[c & 15]);
            else json.Append(c);
        }
        return json.Append('"');
    }
}
