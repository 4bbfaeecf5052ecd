using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Hearth.Models.Tests.Hub;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>A model fetched from a hub by the command, listed, shown, run and quantised.</summary>
public sealed class PullTests(TinyRun tiny) : IDisposable
{
    private const string Token = "hf_secret", Name = "small-model", Weights = "tiny-F32.gguf";

    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _hub = new();

    private string Home => _folder.At("home");

    private string Part => Path.Combine(Home, "models", Name, $"{Weights}.{HubServer.Sha256(_hub[Weights])[..16]}.part");

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_pulled_model_is_listed_shown_run_and_quantised()
    {
        Offer();
        Outcome pulled = Pull().ShouldExitWith(0);
        pulled.Text("commit").ShouldBe(HubServer.Commit);
        pulled.Output.ShouldNotContain(Token);
        File.WriteAllText(Path.Combine(Home, "models", "broken.gguf"), "GGUF");
        JsonElement listed = Hearth("model", "list", "--json").ShouldExitWith(0).Json;
        JsonElement one = listed.GetProperty("models").EnumerateArray().ShouldHaveSingleItem();
        (one.GetProperty("name").GetString(), one.GetProperty("type").GetString(), one.GetProperty("licence").GetString(), one.GetProperty("commit").GetString())
            .ShouldBe((Name, "F32", "apache-2.0", HubServer.Commit));
        listed.GetProperty("unreadable").EnumerateArray().ShouldHaveSingleItem().GetProperty("problem").GetString()!.ShouldContain("broken.gguf");
        string table = Hearth("model", "list").ShouldExitWith(0).Output;
        table.ShouldContain("apache-2.0");
        table.ShouldContain("can not be read");

        JsonElement shown = Hearth("model", "show", Name, "--context", "64", "--json").ShouldExitWith(0).Json;
        shown.GetProperty("origin").GetProperty("commit").GetString().ShouldBe(HubServer.Commit);
        shown.GetProperty("tokenizer").GetString().ShouldBe("byte-level BPE");
        shown.GetProperty("template").GetString()!.ShouldContain("Hearth's own");
        shown.GetProperty("memory").GetProperty("context").GetInt32().ShouldBe(64);
        shown.GetProperty("memory").GetProperty("cacheBytes").GetProperty("F32").GetInt64().ShouldBe(2 * 2 * 2 * 32 * 64 * sizeof(float));  // layers, keys and values, heads, size
        shown.GetProperty("weightsDigest").GetString().ShouldBe(HubServer.Sha256(_hub[Weights]));
        Hearth("model", "show", Name).ShouldExitWith(0).Output.ShouldContain($"tree/{HubServer.Commit}");

        string[] prompt = ["Chile is", "--max-tokens", "8", "--temperature", "0"];
        Hearth(["generate", Name, .. prompt]).ShouldExitWith(0).Output.ShouldBe(tiny.Hearth(["generate", "tiny", .. prompt]).Output);
        string q8 = _folder.At("q8.gguf"), q4 = _folder.At("q4.gguf");
        Hearth("model", "quantize", Name, "--type", "q8_0", "--out", q8).ShouldExitWith(0).Error.ShouldNotContain("add up");
        Hearth("model", "quantize", q8, "--type", "q4_0", "--out", q4).ShouldExitWith(0).Error.ShouldContain("add up");
        Hearth("model", "show", q4, "--json").ShouldExitWith(0).Text("type").ShouldBe("Q4_0");
        Hearth("generate", q4, "Chile is", "--max-tokens", "4").ShouldExitWith(0);
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public void A_pull_that_was_ended_goes_on_where_it_was(string signal, int code)
    {
        Offer();
        _hub.First = asked => asked.Path.StartsWith("/cdn/", StringComparison.Ordinal) ? Stalled(HubServer.Ranged(asked, _hub[Weights], "\"t\"")) : null;
        using (HearthProcess pull = HearthProcess.Start(Home, Arguments, Environment))
        {
            for (int i = 0; i < 1200 && !(File.Exists(Part) && new FileInfo(Part).Length >= 100_000); i++) Thread.Sleep(50);
            pull.Signal(signal);
            Outcome ended = pull.End(30);
            ended.ExitCode.ShouldBe(code, ended.Error);
            if (signal == "INT") ended.Error.ShouldContain("kept");
        }
        Hearth("model", "list").ShouldExitWith(0).Output.ShouldContain("has not come whole");
        _hub.First = null;
        Pull().ShouldExitWith(0);
        _hub.Asked.Last(a => a.Path.StartsWith("/cdn/", StringComparison.Ordinal)).Header("Range").ShouldBe("bytes=100000-");
        File.ReadAllBytes(Path.Combine(Home, "models", Name, Weights)).ShouldBe(_hub[Weights]);
    }

    [Fact]
    public void What_can_not_be_pulled_is_told_without_the_token()
    {
        Offer();
        _hub.Add("tiny-Q8_0.gguf", "other");
        Pull().ShouldComplain(3, "--file", Weights);
        Pull("--file", "q9*").ShouldComplain(3, "no file matches");
        HearthProcess.Run(Home, ["model", "pull", HubServer.Repository, "--file", "f32", "--json"], [], new() { ["HF_ENDPOINT"] = _hub.Endpoint.AbsoluteUri, ["HF_TOKEN"] = Token }).ShouldComplain(3, "HEARTH_PULL_PRIVATE");
        Pull("--file", "f32").ShouldExitWith(0);
        Hearth("model", "pull", "a/b/c").ShouldComplain(3, "OWNER/NAME");
        Hearth("model", "pull", "a/b", "--name", "../x").ShouldComplain(2, "--name");
        _hub.First = _ => new Reply(401).With("X-Error-Code", "RepoNotFound");
        Outcome refused = Pull("--file", "f32");
        refused.ShouldComplain(3, "401", "HF_TOKEN");
        refused.Error.ShouldNotContain(Token);
    }

    private static string[] Arguments => ["model", "pull", HubServer.Repository, "--json"];

    private Dictionary<string, string> Environment => new() { ["HF_ENDPOINT"] = _hub.Endpoint.AbsoluteUri, ["HF_TOKEN"] = Token, ["HEARTH_PULL_PRIVATE"] = "1" };

    private void Offer()
    {
        string file = _folder.At("source.gguf");
        tiny.Hearth("model", "export", "tiny", "--gguf", file).ShouldExitWith(0);
        _hub.Add(Weights, File.ReadAllBytes(file), isLarge: true);
        _hub.Add("README.md", "---\nlicense: apache-2.0\n---\n");
    }

    private static Reply Stalled(Reply reply)
    {
        var stalled = new Reply(reply.Status, reply.Body) { CutAfter = 100_000, Stalls = true };
        foreach ((string name, string value) in reply.Headers) stalled.With(name, value);
        return stalled;
    }

    private Outcome Pull(params string[] more) => HearthProcess.Run(Home, [.. Arguments, .. more], [], Environment);

    private Outcome Hearth(params string[] args) => HearthProcess.Run(Home, args);
}
