using Hearth.Models.Bundles;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Hub;
using Hearth.Models.Signing;
using Hearth.Numerics;
using Hearth.Server.Hosting;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Hearth.Training.Papers;

namespace Hearth.Server.Work;

/// <summary>Work on models that admins ask for: fetch, import, quantise, read through, verify, delete. Others are refused.</summary>
/// <param name="jobs">Runs it.</param>
/// <param name="catalog">The models.</param>
/// <param name="marks">Where what was found out is kept.</param>
/// <param name="options">Where models are.</param>
/// <param name="imports">What may be imported.</param>
public sealed class ModelJobs(JobRunner jobs, ModelCatalog catalog, ModelMarks marks, ServerOptions options, ModelImport imports)
{
    private static readonly string[] Kinds = [JobKinds.Pull, JobKinds.Import, JobKinds.Quantize, JobKinds.Digest, JobKinds.Verify];

    /// <summary>The jobs on models, newest first.</summary>
    public IReadOnlyList<Job> List() => jobs.List(Kinds);

    /// <summary>Fetches a model from the hub.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="address">OWNER/NAME, with @REVISION if need be.</param>
    /// <param name="file">Which files, where there are several forms; empty for what the model needs.</param>
    /// <param name="name">What it is called here; empty for its name there.</param>
    /// <exception cref="HubException">It is no address.</exception>
    /// <exception cref="JobException">It can not be called so.</exception>
    public Job Pull(Caller by, string address, string? file = null, string? name = null)
    {
        by.RequireAdmin();
        var from = HubAddress.Parse(address.Trim());
        string own = Blank(name) ?? from.Name;
        RequireName(own);
        HubSettings settings = HubSettings.FromEnvironment(Environment.GetEnvironmentVariable);
        Func<string, bool>? wanted = HubSelection.Wanted(Blank(file));
        return jobs.Start(by, new JobOrder(JobKinds.Pull, own, $"Pull {from}", IsHeavy: false), (report, cancel) =>
        {
            report.Begin($"Asking {settings.Endpoint.Host} for {from}");
            ModelOrigin origin = HubPull.Run(settings, from, Path.Combine(options.Models, own), wanted, p => report.Bytes(p.File, p.Done, p.Total), cancel).GetAwaiter().GetResult();
            return new JobResult($"{own} is here: {origin.Files.Count:N0} files, {HubSelection.Size(origin.Files.Sum(f => f.Bytes))}, every digest as the hub lists it.", true,
                [new("commit", origin.Commit), new("licence", origin.Licence ?? "not stated"), new("page", origin.Page)]);
        });
    }

    /// <summary>Copies a model from a folder of this machine that the operator allowed.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="name">What it is called here; empty for its own name.</param>
    /// <exception cref="JobException">It is not there, not allowed, or the name is taken.</exception>
    public Job Import(Caller by, string path, string? name = null)
    {
        by.RequireAdmin();
        string from = imports.Allowed(path.Trim()), own = Blank(name) ?? ModelImport.NameOf(from);
        RequireName(own);
        RequireFree(own);
        return jobs.Start(by, new JobOrder(JobKinds.Import, own, $"Import {Path.GetFileName(from)}", IsHeavy: false), (report, cancel) =>
        {
            long bytes = imports.Copy(from, own, report.Bytes, cancel);
            return new JobResult($"{own} is here: {HubSelection.Size(bytes)}.", null, [new("from", from)]);
        });
    }

    /// <summary>What a model would take as each type.</summary>
    /// <param name="model">Its name.</param>
    /// <returns>Types and bytes; those that it can not be written in are left out.</returns>
    public IReadOnlyList<(GgufMixture Mixture, long Bytes)> Sizes(string model) => GgufConversion.Sizes(catalog.Require(model).Path);

    /// <summary>What a quantised model is called when nobody says.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="type">The type.</param>
    public static string QuantizedName(string model, string type) => $"{model.Split('/')[^1]}-{type}";

    /// <summary>Writes a model as a GGUF file of other types.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="model">Its name.</param>
    /// <param name="type">The types, as <see cref="GgufMixture"/> names them.</param>
    /// <param name="name">What it is called; empty for <see cref="QuantizedName"/>.</param>
    /// <exception cref="JobException">There is no such type, or the name is taken.</exception>
    public Job Quantize(Caller by, string model, string type, string? name = null)
    {
        by.RequireAdmin();
        GgufMixture mixture = GgufMixture.Find(type) ?? throw new JobException($"'{type}' is no type. Choose one of {string.Join(", ", GgufMixture.All.Select(m => m.Name))}.");
        string from = catalog.Require(model).Path, own = Blank(name) ?? QuantizedName(model, mixture.Name);
        RequireName(own);
        RequireFree(own);
        string to = Path.Combine(options.Models, own + GgufBundle.Extension);
        return jobs.Start(by, new JobOrder(JobKinds.Quantize, own, $"Quantise {model} to {mixture.Name}", IsHeavy: true), (report, cancel) =>
        {
            Directory.CreateDirectory(options.Models);
            using var pool = new WorkerPool(options.WorkThreads);
            GgufConversion.Write(from, to, mixture, pool, report.Say, (done, total) => report.Bytes(mixture.Name, done, total), cancel);
            return new JobResult($"{own} is here: {mixture.Name}, {HubSelection.Size(new FileInfo(to).Length)}.");
        });
    }

    /// <summary>Computes the digest of what a model's answers depend on.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="model">Its name.</param>
    public Job Digest(Caller by, string model)
    {
        by.RequireAdmin();
        string path = catalog.Require(model).Path;
        return jobs.Start(by, new JobOrder(JobKinds.Digest, model, $"Compute the digest of {model}", IsHeavy: true), (report, cancel) =>
        {
            string stamp = ModelMarks.StampOf(path);
            string digest = ModelDigest.Of(path, (done, total) => report.Bytes("Reading", done, total), cancel);
            marks.Set(path, stamp, m => m with { Digest = digest });
            return new JobResult($"The digest of {model} is {digest}.", null, [new("digest", digest)]);
        });
    }

    /// <summary>Public keys that signatures can be checked with: those beside the server's own.</summary>
    public IReadOnlyList<string> PublicKeys() => [.. OwnKey.PublicKeys(options.Home).Select(f => Path.GetFileName(f))];

    /// <summary>Checks a model's signature, every file against it, and its receipts.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="model">Its name.</param>
    /// <param name="key">One of <see cref="PublicKeys"/>.</param>
    /// <exception cref="JobException">There is no such key.</exception>
    public Job Verify(Caller by, string model, string key)
    {
        by.RequireAdmin();
        string file = OwnKey.PublicKeys(options.Home).FirstOrDefault(f => Path.GetFileName(f) == key)
            ?? throw new JobException($"There is no key '{key}'. Put the signer's public key into {Path.GetDirectoryName(OwnKey.PathIn(options.Home))}, with a name that ends in .pub.");
        string path = catalog.Require(model).Path;
        return jobs.Start(by, new JobOrder(JobKinds.Verify, model, $"Verify {model}", IsHeavy: true), (report, _) =>
        {
            string stamp = ModelMarks.StampOf(path);
            report.Begin($"Comparing the files of {model} with what was signed");
            var found = SignatureCheck.Of(path, VerificationKey.Load(file));
            marks.Set(path, stamp, m => m with { Holds = found.Verified, Signer = $"{key} ({found.Key?.Fingerprint[..12]})" });
            string holds = found.IsSigned ? "is as it was signed" : "has receipts that hold; the model as a whole is not signed";
            return new JobResult(found.Verified ? $"{model} {holds}." : $"{model} does not verify.", found.Verified,
            [
                .. found.Problems.Select(p => new JobFact("problem", p, false)),
                .. found.Files > 0 ? [new JobFact("files", $"{found.Files:N0} compared", true)] : Array.Empty<JobFact>(),
                new("key", $"{key}, {found.Key?.Fingerprint ?? "not used"}"),
                .. found.Receipts.Select(r => new JobFact("receipt", $"{r.Removed.Count:N0} documents taken out, {r.Time}, {(r.ProvedDigest is null ? "not proved" : "proved")} by a clean run", true)),
                .. found.Ignored.Select(i => new JobFact("left out", $"{i}: there, but not covered by the signature")),
            ]);
        });
    }

    /// <summary>Deletes a model of the models folder.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="model">Its name.</param>
    /// <returns>What was done, in a sentence.</returns>
    /// <exception cref="JobException">It is a run's, or can not be deleted.</exception>
    public string Delete(Caller by, string model)
    {
        by.RequireAdmin();
        ModelEntry entry = catalog.Require(model);
        if (entry.Run is { } run) throw new JobException($"{model} belongs to the run {run}, whose proofs rest on it. Delete the run's folder yourself if it is not needed any more.");
        string root = Path.GetFullPath(options.Models), path = Path.GetFullPath(entry.Path);
        if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new JobException($"{model} is not in the models folder.");
        try
        {
            string first = path[(root.Length + 1)..].Split(Path.DirectorySeparatorChar)[0], folder = Path.Combine(root, first);
            bool ownsFolder = Directory.Exists(folder) && ModelFolder.In(root).Count(m => m.Path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || m.Path == folder) == 1;
            if (ownsFolder) Directory.Delete(folder, recursive: true);
            else foreach (string part in ModelFolder.PartsOf(path)) File.Delete(part);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobException($"{model} can not be deleted: {e.Message}", e);
        }
        return $"{model} is deleted. What is in memory of it goes when nobody has asked it for a while.";
    }

    private void RequireFree(string name)
    {
        if (catalog.Find(name) is not null || Path.Exists(Path.Combine(options.Models, name))) throw new JobException($"There is a model '{name}' already. Give another name, or delete that one first.");
    }

    private static void RequireName(string name)
    {
        if (!ModelFolder.IsName(name)) throw new JobException($"'{name}' can not be the name of a model. Give one part of a path that does not begin with a dot.");
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
