using Hearth.Models.Bundles;
using Hearth.Models.Formats;
using Hearth.Models.Signing;
using Hearth.Server.Api;
using Hearth.Server.Auditing;
using Hearth.Server.Models;
using Hearth.Server.Security;
using Hearth.Server.Work;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Work;

public sealed class ModelJobsTests
{
    private static readonly Caller User = Caller.Local with { Id = "k", Name = "reader", IsAdmin = false };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_is_quantised_to_the_size_that_was_told_before_and_is_served_at_once()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
        foreach (string type in (string[])["q8_0", "f16"])
        {
            long told = work.Sizes(TinyBundle.Name).Single(s => s.Mixture.Name == type).Bytes;
            Job job = await Ended(server, work.Quantize(Caller.Local, TinyBundle.Name, type));
            job.State.ShouldBe(JobState.Done, job.Text);
            ModelEntry made = server.Services.GetRequiredService<ModelCatalog>().Require($"tiny-{type}");
            made.Summary!.Bytes.ShouldBe(told);
            made.Summary.Type.ShouldBe(type.ToUpperInvariant());
        }
        server.Services.GetRequiredService<IModelHost>().List().Select(m => m.Name).ShouldBe(["tiny", "tiny-f16", "tiny-q8_0"]);
        work.Sizes("tiny-f16").Single(s => s.Mixture.Name == "q8_0").Bytes.ShouldBe(work.Sizes(TinyBundle.Name).Single(s => s.Mixture.Name == "q8_0").Bytes);
        Should.Throw<JobException>(() => work.Quantize(Caller.Local, TinyBundle.Name, "q8_0")).Message.ShouldBe("There is a model 'tiny-q8_0' already. Give another name, or delete that one first.");
        Should.Throw<JobException>(() => work.Quantize(Caller.Local, TinyBundle.Name, "q9")).Message.ShouldStartWith("'q9' is no type. Choose one of f32, f16");
    }

    [Fact]
    public async Task A_digest_is_computed_once_and_forgotten_when_a_file_changes()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
        ModelCatalog catalog = server.Services.GetRequiredService<ModelCatalog>();
        catalog.Require(TinyBundle.Name).Mark.ShouldBeNull();
        (await Ended(server, work.Digest(Caller.Local, TinyBundle.Name))).State.ShouldBe(JobState.Done);
        string digest = catalog.Require(TinyBundle.Name).Mark!.Digest!;
        LoadedModel loaded = await Load(server);
        digest.ShouldBe(loaded.Digest);
        loaded.Lease.Dispose();
        string tokenizer = Path.Combine(server.Home, "models", TinyBundle.Name, ModelBundle.TokenizerName);
        await File.AppendAllTextAsync(tokenizer, "\n", Cancel);
        catalog.Require(TinyBundle.Name).Mark.ShouldBeNull();
    }

    [Fact]
    public async Task A_signature_is_checked_with_a_key_beside_the_servers_own()
    {
        await using TestServer server = await TestServer.Start(home =>
        {
            TinyBundle.Into(home);
            OwnKey.MakeFolder(home);
            using SigningKey key = OwnKey.Make(OwnKey.PathIn(home), KeyCurve.P256);
            ModelSignature.Sign(Path.Combine(home, "models", TinyBundle.Name), key);
        });
        ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
        ModelCatalog catalog = server.Services.GetRequiredService<ModelCatalog>();
        work.PublicKeys().ShouldBe(["hearth.pub"]);
        catalog.Require(TinyBundle.Name).SignatureState.ShouldBe("signed, not checked");
        Job job = await Ended(server, work.Verify(Caller.Local, TinyBundle.Name, "hearth.pub"));
        (job.Text, job.Result!.Holds).ShouldBe(("tiny is as it was signed.", true));
        catalog.Require(TinyBundle.Name).SignatureState.ShouldStartWith("holds, by hearth.pub (");
        string config = Path.Combine(server.Home, "models", TinyBundle.Name, ModelBundle.ConfigName);
        await File.AppendAllTextAsync(config, "\n", Cancel);
        job = await Ended(server, work.Verify(Caller.Local, TinyBundle.Name, "hearth.pub"));
        (job.Text, job.Result!.Holds).ShouldBe(("tiny does not verify.", false));
        job.Result.Facts.ShouldContain(new JobFact("problem", "config.json was changed", false));
        catalog.Require(TinyBundle.Name).SignatureState.ShouldBe("does not hold");
        Should.Throw<JobException>(() => work.Verify(Caller.Local, TinyBundle.Name, "../hearth.pub")).Message.ShouldStartWith("There is no key '../hearth.pub'.");
    }

    [Fact]
    public async Task Models_are_imported_from_allowed_folders_alone_whatever_a_path_or_link_says()
    {
        DirectoryInfo allowed = Directory.CreateTempSubdirectory("hearth-import-"), outside = Directory.CreateTempSubdirectory("hearth-outside-");
        try
        {
            TinyBundle.Into(outside.FullName);
            string model = Path.Combine(outside.FullName, "models", TinyBundle.Name);
            Directory.Move(model, Path.Combine(allowed.FullName, "mine"));
            TinyBundle.Into(outside.FullName);
            Directory.CreateSymbolicLink(Path.Combine(allowed.FullName, "linked"), model);
            await using TestServer server = await TestServer.Start(change: o => o with { ImportFolders = [allowed.FullName] });
            ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
            server.Services.GetRequiredService<ModelImport>().Found().ShouldContain(Path.Combine(allowed.FullName, "mine"));
            foreach (string path in (string[])[model, Path.Combine(allowed.FullName, "..", Path.GetFileName(outside.FullName), "models", "tiny"), "../" + Path.GetFileName(outside.FullName) + "/models/tiny", "/etc/passwd", allowed.FullName])
            {
                Should.Throw<JobException>(() => work.Import(Caller.Local, path)).Message.ShouldBe($"'{path}' lies elsewhere. Models are imported from {allowed.FullName} alone.");
            }
            Should.Throw<JobException>(() => work.Import(Caller.Local, Path.Combine(allowed.FullName, "linked"))).Message.ShouldContain("leads elsewhere");
            File.CreateSymbolicLink(Path.Combine(allowed.FullName, "mine", "extra.json"), Path.Combine(model, ModelBundle.ConfigName));
            Job job = await Ended(server, work.Import(Caller.Local, "mine"));
            (job.State, job.Text).ShouldBe((JobState.Failed, "extra.json is a link that leads out of the folders that may be imported from."));
            File.Delete(Path.Combine(allowed.FullName, "mine", "extra.json"));
            Directory.GetFileSystemEntries(Path.Combine(server.Home, "models")).ShouldBeEmpty();
            job = await Ended(server, work.Import(Caller.Local, "mine", "ours"));
            job.State.ShouldBe(JobState.Done, job.Text);
            Digest.OfFile(Path.Combine(server.Home, "models", "ours", ModelBundle.WeightsName)).ShouldBe(Digest.OfFile(Path.Combine(model, ModelBundle.WeightsName)));
            Should.Throw<JobException>(() => work.Import(Caller.Local, "mine", "ours")).Message.ShouldStartWith("There is a model 'ours' already.");
            Should.Throw<JobException>(() => work.Import(Caller.Local, "mine", "../ours")).Message.ShouldStartWith("'../ours' can not be the name of a model.");
            await File.WriteAllTextAsync(Path.Combine(allowed.FullName, "broken.gguf"), "GGUF", Cancel);
            job = await Ended(server, work.Import(Caller.Local, "broken.gguf"));
            job.State.ShouldBe(JobState.Failed);
            Directory.GetFileSystemEntries(Path.Combine(server.Home, "models")).Select(Path.GetFileName).ShouldBe(["ours"]);
        }
        finally
        {
            allowed.Delete(recursive: true);
            outside.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_model_is_deleted_with_its_folder_and_one_of_a_run_is_not()
    {
        await using TestServer server = await TestServer.Start(home =>
        {
            TinyBundle.Into(home);
            SmallRun.Into(home);
        });
        ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
        await Ended(server, work.Quantize(Caller.Local, TinyBundle.Name, "q8_0"));
        work.Delete(Caller.Local, TinyBundle.Name).ShouldStartWith("tiny is deleted.");
        Directory.GetFileSystemEntries(Path.Combine(server.Home, "models")).Select(Path.GetFileName).ShouldBe(["tiny-q8_0.gguf"]);
        work.Delete(Caller.Local, "tiny-q8_0");
        Directory.GetFileSystemEntries(Path.Combine(server.Home, "models")).ShouldBeEmpty();
        Should.Throw<JobException>(() => work.Delete(Caller.Local, SmallRun.Name)).Message.ShouldStartWith("colours belongs to the run colours");
        ModelEntry made = server.Services.GetRequiredService<ModelCatalog>().Require(SmallRun.Name);
        (made.Run, made.Licence, made.Origin, made.Openness!.Class).ShouldBe((SmallRun.Name, "Apache-2.0", "made by the run colours", 0));
    }

    [Fact]
    public async Task A_user_is_refused_everything_that_is_for_admins()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        ModelJobs work = server.Services.GetRequiredService<ModelJobs>();
        RunJobs runs = server.Services.GetRequiredService<RunJobs>();
        AuditJobs audit = server.Services.GetRequiredService<AuditJobs>();
        KeyKeeping keys = server.Services.GetRequiredService<KeyKeeping>();
        Func<Task>[] calls =
        [
            () => Run(() => work.Pull(User, "a/b")), () => Run(() => work.Import(User, "x")), () => Run(() => work.Quantize(User, "tiny", "q8_0")),
            () => Run(() => work.Digest(User, "tiny")), () => Run(() => work.Verify(User, "tiny", "hearth.pub")), () => Run(() => work.Delete(User, "tiny")),
            () => Run(() => runs.Audit(User, "x", 1)), () => Run(() => runs.Preview(User, "x", ["y"])), () => Run(() => runs.Forget(User, "x", ["y"], false)),
            () => audit.EntriesAsync(User, new AuditFilter(), null, 1, Cancel), () => audit.FindAsync(User, 1, Cancel), () => Run(() => audit.Verify(User, null)),
            () => audit.ReplayAsync(User, 1, Cancel), () => audit.RedactAsync(User, 1, "why", Cancel),
            () => keys.ListAsync(User, Cancel), () => keys.AddAsync(User, "n", true, KeyLimits.None, [], null, Cancel), () => keys.RevokeAsync(User, "n", Cancel),
        ];
        foreach (Func<Task> call in calls) (await Should.ThrowAsync<ApiException>(call)).Status.ShouldBe(403);
        server.Services.GetRequiredService<JobRunner>().List().ShouldBeEmpty();

        static Task Run(Action act)
        {
            act();
            return Task.CompletedTask;
        }
    }

    private static Task<Job> Ended(TestServer server, Job job) => server.Services.GetRequiredService<JobRunner>().WaitAsync(job.Id, Cancel);

    private static Task<LoadedModel> Load(TestServer server) => server.Services.GetRequiredService<IModelHost>().GetAsync(TinyBundle.Name, "test", Cancel);
}
