using System.Text.Json.Nodes;
using Hearth.Models.Hub;
using Hearth.Models.Tests.Formats;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Hub;

/// <summary>Pulling models from a hub on this machine that answers as Hugging Face's does.</summary>
public sealed class HubPullTests : IDisposable
{
    private const string Token = "hf_secret";
    private const string Weights = "model-Q4_K_M.gguf";

    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _hub = new();

    public HubPullTests()
    {
        _hub.Add(Weights, HubServer.Random(400_000), isLarge: true);
        _hub.Add("README.md", "---\nlicense: apache-2.0\n---\n# A model\n");
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private HubSettings Settings => new() { Endpoint = _hub.Endpoint, Token = Token, AllowsPrivate = true, FirstPause = TimeSpan.FromMilliseconds(1), Attempts = 4, Patience = TimeSpan.FromSeconds(10) };

    private string Model => _folder["model"];

    private string Part => Path.Combine(Model, $"{Weights}.{HubServer.Sha256(_hub[Weights])[..16]}.part");

    [Fact]
    public async Task A_model_comes_whole_with_its_origin_and_the_token_goes_to_the_hub_alone()
    {
        var told = new List<PullProgress>();
        ModelOrigin origin = await Pull(progress: told.Add);
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        origin.Commit.ShouldBe(HubServer.Commit);
        origin.Licence.ShouldBe("apache-2.0");
        origin.Files.ShouldBe([new OriginFile("README.md", _hub["README.md"].Length, HubServer.Sha256(_hub["README.md"])), new OriginFile(Weights, 400_000, HubServer.Sha256(_hub[Weights]))]);
        ModelOrigin read = ModelOrigin.Read(Model).ShouldNotBeNull();
        (read.Repository, read.Revision, read.Page).ShouldBe((HubServer.Repository, "main", $"{_hub.Endpoint}{HubServer.Repository}/tree/{HubServer.Commit}"));
        read.Files.ShouldBe(origin.Files);
        foreach (Asked asked in _hub.Asked)
        {
            asked.Header("Authorization").ShouldBe(asked.Header("Host")!.StartsWith("localhost", StringComparison.Ordinal) ? null : $"Bearer {Token}", asked.Path);
        }
        _hub.Asked.ShouldContain(a => a.Path.StartsWith("/cdn/", StringComparison.Ordinal));
        told[^1].ShouldBe(new PullProgress(told[^1].File, told[^1].Total, 400_000 + _hub["README.md"].Length));
        Directory.GetFiles(Model).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["README.md", ModelOrigin.FileName, Weights]);
    }

    [Fact]
    public async Task A_second_pull_checks_what_is_there_and_fetches_nothing()
    {
        await Pull();
        int before = _hub.Asked.Count;
        await Pull();
        (_hub.Asked.Count - before).ShouldBe(1, "the list alone");
        File.WriteAllBytes(Path.Combine(Model, Weights), new byte[400_000]);
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Fact]
    public async Task A_cut_connection_goes_on_where_it_was_cut_if_the_tag_is_the_same()
    {
        int cuts = 0;
        _hub.First = asked => asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) && cuts++ < 3
            ? Cut(HubServer.Ranged(asked, _hub[Weights], Tag(_hub[Weights])), 100_000)
            : null;
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        Asked[] parts = [.. _hub.Asked.Where(a => a.Path.StartsWith("/cdn/", StringComparison.Ordinal))];
        parts.Select(a => a.Header("Range")).ShouldBe([null, "bytes=100000-", "bytes=200000-", "bytes=300000-"]);
        parts.Skip(1).ShouldAllBe(a => a.Header("If-Range") == Tag(_hub[Weights]));
    }

    [Fact]
    public async Task A_file_whose_tag_changed_on_the_way_is_fetched_from_the_beginning()
    {
        int asks = 0;
        _hub.First = asked => !asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) ? null
            : asks++ == 0 ? Cut(new Reply(200, HubServer.Random(400_001)[1..]).With("ETag", "\"other\""), 100_000) : null;
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Fact]
    public async Task What_an_ended_program_left_is_gone_on_from()
    {
        Directory.CreateDirectory(Model);
        var origin = new ModelOrigin(_hub.Endpoint.AbsoluteUri, HubServer.Repository, "main", HubServer.Commit, null, []);
        origin.Write(Model);
        File.WriteAllBytes(Part, _hub[Weights][..150_000]);
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        _hub.Asked.Last(a => a.Path.StartsWith("/cdn/", StringComparison.Ordinal)).Header("Range").ShouldBe("bytes=150000-");
        File.Exists(Part).ShouldBeFalse();
    }

    [Theory]
    [InlineData(150_000)]
    [InlineData(400_000)]
    [InlineData(500_000)]
    public async Task A_part_that_was_damaged_is_fetched_from_the_beginning(int length)
    {
        Directory.CreateDirectory(Model);
        new ModelOrigin(_hub.Endpoint.AbsoluteUri, HubServer.Repository, "main", HubServer.Commit, null, []).Write(Model);
        File.WriteAllBytes(Part, new byte[length]);
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(416)]
    public async Task A_hub_that_does_not_send_parts_sends_the_whole(int status)
    {
        int asks = 0;
        _hub.First = asked => !asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) ? null
            : asks++ == 0 ? Cut(new Reply(200, _hub[Weights]), 100_000)
            : asked.Header("Range") is not null && status == 416 ? new Reply(416) : new Reply(200, _hub[Weights]);
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Fact]
    public async Task A_stop_leaves_a_part_and_the_next_pull_goes_on()
    {
        using var stop = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(() => PullUntil(p =>
        {
            if (p.File == Weights && p.Done > 100_000) stop.Cancel();
        }, stop.Token));
        long there = new FileInfo(Part).Length;
        there.ShouldBeInRange(1, 399_999);
        await Pull();
        _hub.Asked.Last(a => a.Path.StartsWith("/cdn/", StringComparison.Ordinal)).Header("Range").ShouldBe($"bytes={there}-");
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task What_passes_is_tried_again_and_what_does_not_pass_fails(int status)
    {
        int left = 2;
        _hub.First = _ => left-- > 0 ? new Reply(status).With("Retry-After", "0") : null;
        await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        _hub.First = _ => new Reply(status);
        (await Fails()).ShouldContain($"answered {status}");
    }

    [Theory]
    [InlineData(401, "RepoNotFound", "HF_TOKEN")]
    [InlineData(401, "", "HF_TOKEN")]
    [InlineData(403, "GatedRepo", "Accept the model's conditions")]
    [InlineData(404, "RevisionNotFound", "no such revision")]
    [InlineData(404, "RepoNotFound", "no such model")]
    [InlineData(404, "", "no such model or file")]
    [InlineData(418, "", "answered 418")]
    public async Task A_refusal_says_what_it_means_and_never_the_token(int status, string code, string expected)
    {
        _hub.First = _ => new Reply(status).With("X-Error-Code", code);
        string message = await Fails();
        message.ShouldContain(expected);
        message.ShouldContain(HubServer.Repository);
        message.ShouldNotContain(Token);
        _hub.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Bytes_that_do_not_have_the_listed_digest_are_refused_and_not_kept()
    {
        byte[] altered = [.. _hub[Weights]];
        altered[200_000] ^= 1;
        _hub.First = asked => asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) ? HubServer.Ranged(asked, altered, "\"x\"") : null;
        (await Fails()).ShouldContain(HubServer.Sha256(altered));
        Directory.GetFiles(Model).Select(Path.GetFileName).ShouldNotContain(Weights);
        File.Exists(Part).ShouldBeFalse();

        File.Delete(Path.Combine(Model, "README.md"));
        _hub.First = asked => asked.Path.EndsWith("README.md", StringComparison.Ordinal) ? new Reply(200, new byte[_hub["README.md"].Length]) : null;
        (await Fails()).ShouldContain("(Git)");
    }

    [Theory]
    [InlineData(399_999)]
    [InlineData(400_001)]
    public async Task A_length_other_than_listed_is_refused(int length)
    {
        _hub.First = asked => asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) ? new Reply(200, new byte[length]) : null;
        (await Fails()).ShouldContain($"{length:N0} bytes");
    }

    [Fact]
    public async Task A_hub_that_sends_us_to_this_machine_or_a_local_network_is_not_followed()
    {
        HubSettings strict = Settings with { AllowsPrivate = false };
        foreach (string host in (string[])[$"http://localhost:{_hub.Port}", $"http://127.0.0.2:{_hub.Port}", "http://10.0.0.1", "http://[::1]:1", "http://169.254.169.254", "http://[::ffff:192.168.0.1]"])
        {
            _hub.FilesAt = host;
            (await Fails(strict)).ShouldContain("HEARTH_PULL_PRIVATE");
        }
        _hub.Asked.ShouldAllBe(a => a.Header("Host") == $"127.0.0.1:{_hub.Port}");
        _hub.FilesAt = $"http://127.0.0.1:{_hub.Port}";                                      // its own host it may
        await Pull(strict);
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
    }

    [Fact]
    public async Task Redirects_within_the_hub_are_followed_and_endless_ones_are_not()
    {
        _hub.First = asked => asked.Path.StartsWith("/api/models/old/", StringComparison.Ordinal) ? new Reply(307).With("Location", asked.Path.Replace("old/name", HubServer.Repository, StringComparison.Ordinal))
            : asked.Path.StartsWith("/old/name/", StringComparison.Ordinal) ? new Reply(307).With("Location", asked.Path.Replace("old/name", HubServer.Repository, StringComparison.Ordinal)) : null;
        await HubPull.Run(Settings, HubAddress.Parse("old/name"), Model, null, null, TestContext.Current.CancellationToken);
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        _hub.First = asked => new Reply(302).With("Location", asked.Path);
        (await Should.ThrowAsync<HubException>(() => HubPull.Run(Settings, HubAddress.Parse("a/b"), _folder["other"], null, null, TestContext.Current.CancellationToken))).Message.ShouldContain("10 times");
    }

    [Theory]
    [InlineData("../evil.gguf")]
    [InlineData("a/../../evil.gguf")]
    [InlineData("/etc/evil.gguf")]
    [InlineData("a\\..\\evil.gguf")]
    [InlineData("C:evil.gguf")]
    [InlineData("a//evil.gguf")]
    [InlineData("./evil.gguf")]
    [InlineData("con.gguf")]
    [InlineData("evil.gguf.")]
    [InlineData("evil\u0007.gguf")]
    [InlineData("model-q4_k_m.gguf")]
    public async Task A_name_that_could_leave_the_folder_or_meet_another_is_refused_before_anything_is_written(string name)
    {
        _hub.Add(name, "GGUF");
        (await Fails()).ShouldContain("rfilename");
        Directory.Exists(Model).ShouldBeFalse();
    }

    [Fact]
    public async Task A_list_that_is_no_list_is_refused()
    {
        foreach (string body in (string[])["", "[]", "{}", """{"sha":"main","siblings":[]}""", """{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"a.gguf","size":-1}]}"""])
        {
            _hub.First = _ => new Reply(200, System.Text.Encoding.UTF8.GetBytes(body));
            (await Fails()).Length.ShouldBeGreaterThan(10);
        }
    }

    [Fact]
    public async Task A_list_without_digests_is_completed_by_asking_for_each_file()
    {
        _hub.First = asked => asked.Path.StartsWith("/api/", StringComparison.Ordinal)
            ? new Reply(200, System.Text.Encoding.UTF8.GetBytes(new JsonObject
            {
                ["sha"] = HubServer.Commit, ["siblings"] = new JsonArray(new JsonObject { ["rfilename"] = Weights }, new JsonObject { ["rfilename"] = "README.md" }),
            }.ToJsonString()))
            : null;
        ModelOrigin origin = await Pull();
        File.ReadAllBytes(Path.Combine(Model, Weights)).ShouldBe(_hub[Weights]);
        origin.Licence.ShouldBe("apache-2.0", "from the card itself");
        _hub.Asked.Count(a => a.Method == "HEAD").ShouldBe(2);
    }

    [Fact]
    public async Task A_folder_of_another_model_is_left_alone()
    {
        Directory.CreateDirectory(Model);
        File.WriteAllText(Path.Combine(Model, "config.json"), "{}");
        (await Should.ThrowAsync<ModelFileException>(() => Pull())).Message.ShouldContain("--name");
        File.Delete(Path.Combine(Model, "config.json"));
        await Pull();
        (await Should.ThrowAsync<ModelFileException>(() => HubPull.Run(Settings, HubAddress.Parse("other/small-model"), Model, null, null, TestContext.Current.CancellationToken))).Message.ShouldContain("--name");
    }

    private static string Tag(byte[] bytes) => $"\"cdn-{HubServer.Sha256(bytes)[..8]}\"";

    private static Reply Cut(Reply reply, int after)
    {
        var cut = new Reply(reply.Status, reply.Body) { CutAfter = after };
        foreach ((string name, string value) in reply.Headers) cut.With(name, value);
        return cut;
    }

    private Task<ModelOrigin> Pull(HubSettings? settings = null, Action<PullProgress>? progress = null) =>
        HubPull.Run(settings ?? Settings, HubAddress.Parse(HubServer.Repository), Model, null, progress, TestContext.Current.CancellationToken);

    private Task<ModelOrigin> PullUntil(Action<PullProgress> progress, CancellationToken stop) =>
        HubPull.Run(Settings, HubAddress.Parse(HubServer.Repository), Model, null, progress, stop);

    private async Task<string> Fails(HubSettings? settings = null) => (await Should.ThrowAsync<HubException>(() => Pull(settings))).Message;
}
