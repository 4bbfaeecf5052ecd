namespace Hearth.Models.Formats;

/// <summary>Writes a file whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it.</summary>
public static class AtomicFile
{
    /// <summary>Ends the name of a file that is still being written; a reader may ignore or delete such a file.</summary>
    public const string TemporarySuffix = ".partial";

    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>. An earlier file stays intact if anything fails.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="write">Writes the whole content.</param>
    /// <exception cref="IOException">The disk is full or the folder can not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string partial = path + TemporarySuffix;
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="text">Its content.</param>
    public static void WriteText(string path, string text) => Write(path, s => s.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
