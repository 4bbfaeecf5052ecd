namespace Hearth.Training.Runs;

/// <summary>Two programs must not write one run: who trains holds a file of it.</summary>
public static class RunLock
{
    private const string Name = "run.lock";

    /// <summary>How often it is tried: whoever looks whether a run is held has it for a moment.</summary>
    private const int Tries = 5;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    /// <summary>Takes the run until the file is closed.</summary>
    /// <param name="run">The run; its folder is made if need be.</param>
    /// <exception cref="RunException">Another holds it, or the folder can not be written.</exception>
    public static FileStream Take(RunFolder run)
    {
        for (int left = Tries - 1; ; left--)
        {
            try
            {
                Directory.CreateDirectory(run.Path);
                return new FileStream(PathOf(run), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (left > 0)
            {
                Thread.Sleep(Moment);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RunException($"{run.Path}: can not be written, or another hearth is training here: {e.Message} Wait for it, or give another folder with --out.", e);
            }
        }
    }

    /// <summary>Whether somebody trains the run now. What a killed program left behind does not count.</summary>
    /// <param name="run">The run.</param>
    public static bool IsHeld(RunFolder run)
    {
        string path = PathOf(run);
        if (!File.Exists(path)) return false;
        try
        {
            using var _ = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return File.Exists(path);
        }
    }

    private static string PathOf(RunFolder run) => Path.Combine(run.Path, Name);
}
