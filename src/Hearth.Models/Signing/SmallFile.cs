namespace Hearth.Models.Signing;

/// <summary>Reads a file that is known to be small.</summary>
internal static class SmallFile
{
    /// <summary>The file's bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">More bytes than this are refused before any is read.</param>
    /// <param name="next">What to do when it is not there or not that small; ends the message.</param>
    /// <exception cref="ModelFileException">It is missing, too large, or can not be read.</exception>
    public static byte[] Read(string path, int most, string next)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw new ModelFileException(path, $"there is no such file. {next}");
            if (file.Length > most) throw new ModelFileException(path, $"has {file.Length:N0} bytes, at most {most:N0} are read. {next}");
            if (file.Length == 0) return [];                                     // a pipe says so too, and might never end
            using FileStream stream = file.OpenRead();
            var bytes = new byte[Math.Min(stream.Length, most)];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"can not be read: {e.Message} {next}", e);
        }
    }
}
