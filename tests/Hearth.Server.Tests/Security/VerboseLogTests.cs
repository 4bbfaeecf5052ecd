using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Security;

/// <summary>Everything that is logged at the most verbose level, the framework's lines among it, searched for what must not be there.</summary>
public sealed class VerboseLogTests
{
    private const string Said = "SAID-BY-SOMEBODY";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_line_of_any_level_holds_a_key_a_session_or_what_was_said()
    {
        var lines = new Lines();
        await using TestServer server = await TestServer.Start(home => ModelFolders.Write(Path.Combine(home, "models", ModelFolders.Dense), ModelFolders.Dense), configure: lines.TakeAll);
        (_, KeySecret key) = await server.Services.GetRequiredService<KeyStore>().AddAsync("somebody", isAdmin: true, cancel: Cancel);
        var answers = new List<string>();
        (string Path, JsonObject Body)[] asked =
        [
            ("/v1/chat/completions", new JsonObject { ["messages"] = Message(), ["max_tokens"] = 12, ["user"] = Said }),
            ("/v1/chat/completions", new JsonObject { ["messages"] = Message(), ["max_tokens"] = 12, ["stream"] = true }),
            ("/v1/chat/completions", new JsonObject { ["messages"] = Message(), [Said] = 1 }),
            ("/v1/completions", new JsonObject { ["prompt"] = Said, ["max_tokens"] = 12 }),
            ("/v1/responses", new JsonObject { ["input"] = Said, ["max_output_tokens"] = 12, ["instructions"] = Said, ["metadata"] = new JsonObject { ["note"] = Said } }),
            ("/v1/messages", new JsonObject { ["messages"] = Message(), ["max_tokens"] = 12, ["system"] = Said }),
            ("/v1/messages", new JsonObject { ["messages"] = Message(), ["max_tokens"] = 12, ["stream"] = true }),
            ("/v1/conversations", new JsonObject { ["items"] = Message(), ["metadata"] = new JsonObject { ["note"] = Said } }),
            ("/v1/embeddings", new JsonObject { ["input"] = Said }),
            ("/tokenize", new JsonObject { ["content"] = Said }),
        ];
        foreach ((string path, JsonObject body) in asked)
        {
            if (path != "/v1/conversations") body["model"] = ModelFolders.Dense;
            foreach (string shown in (string[])[key.ToString(), key.ToString()[..^3] + "xyz"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
                if (path.Length % 2 == 0) request.Headers.Authorization = new("Bearer", shown);
                else request.Headers.Add("x-api-key", shown);
                using HttpResponseMessage answer = await server.Client.SendAsync(request, Cancel);
                answers.Add(await answer.Content.ReadAsStringAsync(Cancel));
            }
        }

        // A person logs in, with the key and a form's token, and gets a cookie.
        using var person = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };
        string form = await person.GetStringAsync("/login", Cancel);
        string token = Regex.Match(form, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        var secrets = new List<string> { token[..40] };
        foreach (string sent in (string[])[token, token[..^4] + "AAAA"])
        {
            using var login = new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = key.ToString(), ["to"] = "/", ["__RequestVerificationToken"] = sent });
            using HttpResponseMessage entered = await person.PostAsync("/login", login, Cancel);
            if (entered.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? cookies)) secrets.AddRange(cookies.Select(c => c.Split('=', 2)[1]).Where(c => c.Length > 60).Select(c => c[..40]));
        }
        (await person.GetAsync("/metrics", Cancel)).IsSuccessStatusCode.ShouldBeTrue();
        secrets.Count.ShouldBeGreaterThan(1);

        await using ServerDatabase state = await server.Services.GetRequiredService<IDbContextFactory<ServerDatabase>>().CreateDbContextAsync(Cancel);
        secrets.AddRange((await state.Keys.ToListAsync(Cancel)).SelectMany(k => (string[])[k.Salt, k.Hash]));
        secrets.AddRange((await state.Audit.Where(a => a.Salt != null).Select(a => a.Salt!).ToListAsync(Cancel)).Distinct());
        string log = lines.ToString();
        log.Length.ShouldBeGreaterThan(20_000);                                  // it was verbose indeed
        log.ShouldContain("/v1/chat/completions");
        foreach (string secret in secrets.Append(key.Secret[..20]).Append(Said)) Lined(log, secret).ShouldBeNull(secret);
        foreach (string answer in answers.Select(a => Regex.Match(a, "\"(content|text)\":\"([^\"\\\\]{6,})").Groups[2].Value).Where(a => a.Length > 0)) Lined(log, answer).ShouldBeNull(answer);
    }

    private static string? Lined(string log, string secret) => log.Split('\n').FirstOrDefault(l => l.Contains(secret, StringComparison.Ordinal));

    private static JsonArray Message() => new(new JsonObject { ["role"] = "user", ["content"] = Said });
}
