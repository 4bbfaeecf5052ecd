namespace Hearth.Models.Formats;

/// <summary>What the system says of a file that can not be opened or read, in Hearth's words.</summary>
internal static class FileAccessErrors
{
    /// <summary>Does something with a file; whatever the system refuses becomes a <see cref="ModelFileException"/>.</summary>
    public static T Guard<T>(string path, Func<T> io)
    {
        try
        {
            return io();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "there is no such file. Check the path, or download the model again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(path, e);
        }
    }

    public static ModelFileException Unreadable(string path, Exception e) =>
        new(path, $"the file can not be read: {e.Message} Check that it is a file you may read and that the disk is sound.", e);
}
