using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hearth.Server.Auditing;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.State;

/// <summary>The server, killed while many write: whatever was acknowledged is there when it comes back.</summary>
public sealed class KilledTests(PostgresServer postgres)
{
    private const int Writers = 10;

    private static readonly int Rounds = Load.LoadTests.IsShort ? 2 : 12;

    private readonly ConcurrentDictionary<string, string> _items = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _responses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _questions = new(StringComparer.Ordinal);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_under_load_a_server_has_lost_nothing_that_was_acknowledged(bool isPostgres)
    {
        string? database = isPostgres ? await postgres.NewDatabaseAsync() : null;
        string home = Directory.CreateTempSubdirectory("hearth-killed-").FullName;
        ModelFolders.Write(Path.Combine(home, "models", ModelFolders.Dense), ModelFolders.Dense);
        var random = new Random(5);
        for (int round = 0; round < Rounds; round++)
        {
            using ServerProcess server = await ServerProcess.StartAsync(home, database, Cancel);
            using var client = new HttpClient { BaseAddress = server.Address };
            int before = _items.Count + _responses.Count + _questions.Count;
            Task[] writing = [.. Enumerable.Range(0, Writers).Select(i => Task.Run(() => WriteAsync(client, i)))];
            while (_items.Count + _responses.Count + _questions.Count < before + 60) await Task.Delay(5, Cancel);
            await Task.Delay(random.Next(400), Cancel);
            await server.KillAsync();
            await Task.WhenAll(writing);
        }

        using ServerProcess last = await ServerProcess.StartAsync(home, database, Cancel);
        using var reader = new HttpClient { BaseAddress = last.Address };
        foreach (IGrouping<string, KeyValuePair<string, string>> conversation in _items.GroupBy(i => i.Key.Split(' ')[0], StringComparer.Ordinal))
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            string after = "";
            for (bool more = true; more;)
            {
                JsonNode page = (await reader.GetFromJsonAsync<JsonNode>($"/v1/conversations/{conversation.Key}/items?order=asc&limit=100{after}", Cancel))!;
                foreach (JsonNode? item in page["data"]!.AsArray()) found[item!["id"]!.GetValue<string>()] = item["content"]![0]!["text"]!.GetValue<string>();
                (more, after) = (page["has_more"]!.GetValue<bool>(), $"&after={page["last_id"]}");
            }
            foreach ((string key, string text) in conversation) found[key.Split(' ')[1]].ShouldBe(text);
        }
        foreach ((string id, string body) in _responses) (await reader.GetStringAsync($"/v1/responses/{id}", Cancel)).ShouldBe(body);

        var choice = DatabaseChoice.Parse(database, home);
        IDbContextFactory<ServerDatabase> contexts = DatabaseSetup.Factory(choice);
        AuditVerification audit = await AuditVerification.RunAsync(contexts, null, cancel: Cancel);
        audit.Problem.ShouldBeNull();
        await using (ServerDatabase state = await contexts.CreateDbContextAsync(Cancel))
        {
            HashSet<string> kept = [.. (await state.Audit.Where(a => a.Prompt != null).Select(a => a.Prompt!).ToListAsync(Cancel)).Select(QuestionIn)];
            _questions.Keys.Except(kept, StringComparer.Ordinal).ShouldBeEmpty();
            if (!isPostgres) (await state.Database.SqlQueryRaw<string>("SELECT integrity_check AS \"Value\" FROM pragma_integrity_check").ToListAsync(Cancel)).ShouldBe(["ok"]);
        }
        (_items.Count > 20, _responses.Count > 10, _questions.Count > 40).ShouldBe((true, true, true), $"{_items.Count} items, {_responses.Count} responses, {_questions.Count} questions");
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await last.KillAsync();
        Directory.Delete(home, recursive: true);
    }

    /// <summary>Writes and asks until the server is gone, and notes what was acknowledged.</summary>
    private async Task WriteAsync(HttpClient client, int writer)
    {
        try
        {
            string conversation = (await PostAsync(client, "/v1/conversations", new JsonObject()))["id"]!.GetValue<string>();
            for (int i = 0; ; i++)
            {
                string question = $"question {writer}-{i}-{Guid.NewGuid():N} end";
                switch ((writer + i) % 4)
                {
                    case 0:
                        JsonNode added = await PostAsync(client, $"/v1/conversations/{conversation}/items", new JsonObject { ["items"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }) });
                        _items[$"{conversation} {added["data"]![0]!["id"]}"] = question;
                        break;
                    case 1:
                        JsonNode response = await PostAsync(client, "/v1/responses", new JsonObject { ["model"] = ModelFolders.Dense, ["input"] = question, ["max_output_tokens"] = 4, ["conversation"] = conversation });
                        _questions[question] = 0;
                        _responses[response["id"]!.GetValue<string>()] = response.ToJsonString(Api.Wire.Json.Plain);
                        if (response["output"]!.AsArray() is [.., { } said]) _items[$"{conversation} {said["id"]}"] = said["content"]![0]!["text"]!.GetValue<string>();
                        break;
                    default:
                        bool streams = i % 2 == 0;
                        using (HttpResponseMessage answer = await client.PostAsJsonAsync("/v1/completions", new JsonObject { ["model"] = ModelFolders.Dense, ["prompt"] = question, ["max_tokens"] = 4, ["stream"] = streams }, Cancel))
                        {
                            string text = await answer.Content.ReadAsStringAsync(Cancel);
                            if (answer.IsSuccessStatusCode && (!streams || text.Contains("[DONE]", StringComparison.Ordinal))) _questions[question] = 0;
                        }
                        break;
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Killed.
        }
    }

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, JsonObject body)
    {
        using HttpResponseMessage answer = await client.PostAsJsonAsync(path, body, Cancel);
        string text = await answer.Content.ReadAsStringAsync(Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonNode.Parse(text)!;
    }

    private static string QuestionIn(string prompt)
    {
        int from = prompt.IndexOf("question ", StringComparison.Ordinal), to = prompt.IndexOf(" end", StringComparison.Ordinal);
        return from >= 0 && to > from ? prompt[from..(to + 4)] : prompt;
    }
}
