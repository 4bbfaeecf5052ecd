using System.Text.Json;
using Hearth.Models.Formats;

namespace Hearth.Server.Work;

/// <summary>Jobs that ended, a file each, so that what came of them is still there after the server has stopped.</summary>
/// <param name="folder">The folder.</param>
internal sealed class JobArchive(string folder)
{
    /// <summary>The most that are kept.</summary>
    public const int MostKept = 200;

    private const int MostBytes = 4 << 20;
    private const string Ending = ".json";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", MaxDepth = 16 };

    /// <summary>The jobs that are kept, oldest first; what is damaged is passed over.</summary>
    public IReadOnlyList<Job> Read()
    {
        if (!Directory.Exists(folder)) return [];
        return [.. Files().TakeLast(MostKept).Select(Read).OfType<Job>().Where(j => j.IsEnded).OrderBy(j => j.Created).ThenBy(j => j.Id, StringComparer.Ordinal)];
    }

    /// <summary>Keeps a job, and drops the oldest beyond the most that are kept.</summary>
    /// <param name="job">The job; it has ended.</param>
    public void Write(Job job)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, job.Id + Ending), JsonSerializer.Serialize(job, Options) + "\n");
        string[] files = [.. Files()];
        foreach (string old in files[..Math.Max(0, files.Length - MostKept)]) File.Delete(old);
    }

    /// <summary>Ids begin with the time, so the names sort as the jobs do.</summary>
    private IEnumerable<string> Files() => Directory.EnumerateFiles(folder, "*" + Ending).Order(StringComparer.Ordinal);

    private static Job? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            Job? job = file.Length > MostBytes ? null : JsonSerializer.Deserialize<Job>(File.ReadAllBytes(path), Options);
            return job is { Id: not null, Order: { Kind: not null, Subject: not null, Title: not null }, Text: not null, Notes: not null } ? job : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
