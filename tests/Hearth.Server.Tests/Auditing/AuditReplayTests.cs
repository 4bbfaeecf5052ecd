using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Formats;
using Hearth.Server.Auditing;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Auditing;

public sealed class AuditReplayTests
{
    private static readonly string[] Requests =
    [
        """{"to":"/v1/chat/completions","messages":[{"role":"user","content":"What is the capital?"}],"max_tokens":30,"temperature":0.9,"seed":5,"n":2}""",
        """{"to":"/v1/chat/completions","messages":[{"role":"user","content":"Zorp?"}],"max_tokens":20,"temperature":1,"stream":true,"stream_options":{"include_usage":true}}""",
        """{"to":"/v1/chat/completions","messages":[{"role":"user","content":"An object"}],"max_tokens":40,"temperature":1,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}}}""",
        """{"to":"/v1/completions","prompt":["The capital","one two"],"max_tokens":12,"temperature":0.8,"seed":3,"echo":true,"logprobs":1}""",
        """{"to":"/v1/responses","input":"The capital?","instructions":"Be brief.","max_output_tokens":20,"temperature":0.7,"store":true}""",
        """{"to":"/v1/messages","system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"The capital?"}]}],"max_tokens":20,"temperature":1}""",
        """{"to":"/v1/messages","messages":[{"role":"user","content":"The capital?"}],"max_tokens":20,"stream":true}""",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_interfaces_answers_are_had_again_to_the_byte()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        string response = "";
        foreach (string request in Requests)
        {
            string text = await Ask(server, request);
            if (request.Contains("/v1/responses", StringComparison.Ordinal)) response = JsonNode.Parse(text)!["id"]!.GetValue<string>();
        }
        await Ask(server, $$"""{"to":"/v1/responses","input":"And more?","previous_response_id":"{{response}}","max_output_tokens":20,"temperature":1}""");
        AuditReplay replay = server.Services.GetRequiredService<AuditReplay>();
        IReadOnlyList<AuditRecord> entries = await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel);
        entries.Count.ShouldBe(10);
        foreach (AuditRecord entry in entries)
        {
            ReplayedAnswer again = await replay.RunAsync(entry.Sequence, Cancel);
            again.Equal.ShouldBeTrue($"{((AnswerLine)entry.Line!).Endpoint}: {entry.Answer} and {again.Answer}");
            again.Answer.ShouldBe(entry.Answer);
        }
        (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).Count.ShouldBe(10);
        (await AuditReplay.RunAsync(new Hearth.Server.Hosting.ServerOptions { Home = server.Home, Threads = 1 }, server.Services.GetRequiredService<IDbContextFactory<ServerDatabase>>(), 1, Cancel)).Equal.ShouldBeTrue();
    }

    [Fact]
    public async Task What_can_not_be_run_again_says_why()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        AuditReplay replay = server.Services.GetRequiredService<AuditReplay>();
        await Ask(server, Requests[0]);
        (await Refused(replay, 9)).ShouldBe("There is no entry 9. `hearth audit-log show` lists those there are.");
        await server.Services.GetRequiredService<AuditKeeping>().RedactAsync(1, "names somebody", "me", Cancel);
        (await Refused(replay, 1)).ShouldBe("The texts of entry 1 were taken out, so its request can not be run again.");
        (await Refused(replay, 3)).ShouldBe("Entry 3 is no answer of a model, so there is nothing to run again.");
        (await replay.RunAsync(2, Cancel)).Equal.ShouldBeTrue();
        string recorded = ((AnswerLine)(await server.Services.GetRequiredService<AuditLog>().FindAsync(2, Cancel))!.Line!).ModelDigest;
        Directory.Move(Path.Combine(server.Home, "models", "tiny"), Path.Combine(server.Home, "models", "other"));
        await using TestServer later = await TestServer.Start(home: server.Home);
        (await Refused(later.Services.GetRequiredService<AuditReplay>(), 2)).ShouldBe($"The model 'tiny' is not here any more. Put the one with the digest {recorded} back under this name.");
        Directory.Move(Path.Combine(server.Home, "models", "other"), Path.Combine(server.Home, "models", "tiny"));
        await File.AppendAllTextAsync(Path.Combine(server.Home, "models", "tiny", "generation_config.json"), "\n", Cancel);
        (await Refused(later.Services.GetRequiredService<AuditReplay>(), 2)).ShouldContain($"is another one now: its digest is ");
    }

    [Fact]
    public async Task An_answer_that_is_another_one_is_told()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        AuditLog log = server.Services.GetRequiredService<AuditLog>();
        await Ask(server, Requests[0]);
        AuditRecord first = (await log.FindAsync(1, Cancel))!;
        var line = (AnswerLine)first.Line!;
        await log.AppendAsync(new AuditEntry
        {
            Key = line.Key, Name = line.Name, Endpoint = line.Endpoint, Model = line.Model, ModelDigest = line.ModelDigest, Seed = line.Seed, Options = line.Options, Prompt = first.Prompt!,
            Answer = first.Answer!.Replace("assistant", "somebody", StringComparison.Ordinal), AnswerTokens = line.AnswerTokens,
        });
        ReplayedAnswer again = await server.Services.GetRequiredService<AuditReplay>().RunAsync(3, Cancel);
        (again.Equal, again.Answer).ShouldBe((false, first.Answer));
        again.Verdict.ShouldStartWith("DIFFERENT: asked again with the recorded seed");
    }

    [Fact]
    public async Task The_log_is_exported_as_lines_that_hash_to_what_they_say_and_can_be_filtered()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        await Ask(server, Requests[0]);
        await Ask(server, Requests[3]);
        string[] lines = (await server.Client.GetStringAsync(AuditExport.Route, Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string before = new('0', 64);
        foreach (JsonNode entry in lines.Select(l => JsonNode.Parse(l)!))
        {
            string text = entry["line"]!.GetValue<string>();
            Digest.Of(text).ShouldBe(entry["hash"]!.GetValue<string>());
            JsonNode.Parse(text)!["previous"]!.GetValue<string>().ShouldBe(before);
            before = entry["hash"]!.GetValue<string>();
        }
        lines.Length.ShouldBe(4);
        AuditLog log = server.Services.GetRequiredService<AuditLog>();
        DateOnly today = DateOnly.FromDateTime((await log.FindAsync(1, Cancel))!.Line!.Time);
        (await log.ListAsync(filter: new AuditFilter(Day: today), cancel: Cancel)).Count.ShouldBe(4);
        (await log.ListAsync(filter: new AuditFilter(Day: today.AddDays(-1)), cancel: Cancel)).ShouldBeEmpty();
        (await server.Client.GetStringAsync(AuditExport.Route + "?model=other", Cancel)).ShouldBeEmpty();
        (await server.Client.GetAsync(new Uri(AuditExport.Route + "?day=tomorrow", UriKind.Relative), Cancel)).StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
    }

    private static async Task<string> Ask(TestServer server, string request)
    {
        var body = (JsonObject)JsonNode.Parse(request)!;
        string to = body["to"]!.GetValue<string>();
        body.Remove("to");
        body["model"] = TinyBundle.Name;
        using HttpResponseMessage response = await server.Client.PostAsJsonAsync(to, body, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return text;
    }

    private static async Task<string> Refused(AuditReplay replay, long entry) => (await Should.ThrowAsync<AuditException>(() => replay.RunAsync(entry, Cancel))).Message;
}
