namespace Hearth.Models.Hub;

/// <summary>How far a pull is.</summary>
/// <param name="File">The file that is fetched or checked.</param>
/// <param name="Done">Bytes of all files that are there.</param>
/// <param name="Total">Bytes of all files.</param>
public readonly record struct PullProgress(string File, long Done, long Total);

/// <summary>
/// Fetches a model from a hub that speaks the protocol of Hugging Face's (https://huggingface.co/docs/hub/api, and huggingface_hub's file_download): a
/// list of files, then each file from where it was left, checked against the list's digest.
/// </summary>
public static class HubPull
{
    private const long SpareBytes = 64 << 20;

    /// <summary>Fetches what is missing of a model.</summary>
    /// <param name="settings">The hub.</param>
    /// <param name="address">The model.</param>
    /// <param name="folder">Where its files go; made if need be.</param>
    /// <param name="wanted">Says of a path whether it is asked for; null to choose what the model needs.</param>
    /// <param name="progress">Is told how far it is; null for nobody.</param>
    /// <param name="stop">Ends it; the next pull goes on from there.</param>
    /// <exception cref="HubException">The hub refuses or can not be reached, or what it sends is not what it lists.</exception>
    /// <exception cref="ModelFileException">The folder holds another model.</exception>
    public static async Task<ModelOrigin> Run(HubSettings settings, HubAddress address, string folder, Func<string, bool>? wanted,
        Action<PullProgress>? progress, CancellationToken stop)
    {
        ModelOrigin? earlier = ModelOrigin.Read(folder);
        RequireOwn(earlier, address, folder);
        using var client = new HubClient(settings);
        var retry = new HubRetry(settings);
        HubListing listing = await retry.Run(() => HubListing.Get(client, address, stop), stop).ConfigureAwait(false);
        var files = new List<HubFile>();
        foreach (HubFile file in HubSelection.Choose(address, listing.Files, wanted))
        {
            if (file.Path.Equals(ModelOrigin.FileName, StringComparison.OrdinalIgnoreCase)) continue;
            files.Add(await retry.Run(() => HubListing.Describe(client, address, listing.Commit, file, stop), stop).ConfigureAwait(false));
        }
        // The configuration comes last: a folder that has one is whole.
        files = [.. files.OrderBy(f => f.Path == Bundles.ModelBundle.ConfigName).ThenBy(f => f.Bytes)];
        Directory.CreateDirectory(folder);
        RequireRoom(folder, files);
        IEnumerable<OriginFile> kept = earlier?.Commit == listing.Commit ? earlier.Files.Where(e => files.TrueForAll(f => f.Path != e.Path)) : [];
        var origin = new ModelOrigin(settings.Endpoint.AbsoluteUri, address.Repository, address.Revision, listing.Commit, listing.Licence, [.. kept]);
        origin.Write(folder);                                                    // from now on the folder is this model's, whatever ends the program
        long done = 0, total = files.Sum(f => f.Bytes!.Value);
        var came = new List<OriginFile>();
        foreach (HubFile file in files)
        {
            long before = done;
            string path = Path.Combine([folder, .. file.Path.Split('/')]);
            var download = new HubDownload(client, settings, file, HubListing.FileAddress(client, address, listing.Commit, file), path,
                bytes => progress?.Invoke(new PullProgress(file.Path, before + bytes, total)));
            came.Add(new OriginFile(file.Path, file.Bytes!.Value, await download.Run(stop).ConfigureAwait(false)));
            done += file.Bytes.Value;
            progress?.Invoke(new PullProgress(file.Path, done, total));
        }
        origin = origin with
        {
            Licence = listing.Licence ?? ModelCardLicence.Read(folder),
            Files = [.. came.Concat(origin.Files).OrderBy(f => f.Path, StringComparer.Ordinal)],
        };
        origin.Write(folder);
        return origin;
    }

    private static void RequireOwn(ModelOrigin? earlier, HubAddress address, string folder)
    {
        if (earlier is not null && earlier.Repository != address.Repository)
            throw new ModelFileException(folder, $"holds {earlier.Repository} already. Give {address.Repository} another name with --name.");
        if (earlier is null && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new ModelFileException(folder, $"holds something else already. Give {address.Repository} another name with --name, or delete the folder.");
    }

    private static void RequireRoom(string folder, List<HubFile> files)
    {
        long needed = files.Sum(file =>
        {
            string path = Path.Combine([folder, .. file.Path.Split('/')]), part = HubDownload.PartOf(path, file);
            long there = File.Exists(part) ? new FileInfo(part).Length : 0;
            return File.Exists(path) && new FileInfo(path).Length == file.Bytes ? 0 : Math.Max(0, file.Bytes!.Value - there);
        });
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (needed > 0 && free < needed + SpareBytes)
            throw new HubException($"{folder}: {HubSelection.Size(needed)} are still to come and the disk has {HubSelection.Size(free)} left. "
                + "Make room, or set HEARTH_HOME to another disk.");
    }
}
