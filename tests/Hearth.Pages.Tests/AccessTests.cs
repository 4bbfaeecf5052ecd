using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hearth.Server.Auditing;
using Hearth.Server.Pages.Chat;
using Hearth.Server.Security;
using Hearth.Server.State;
using Hearth.Server.Tests;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Pages.Tests;

/// <summary>Who may do what on a page, and what is written down of it; with a model of random weights.</summary>
public sealed class AccessTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_on_the_page_is_the_interfaces_own_audited_counted_and_the_same_again()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/");
        await ChatWalkTests.Settle(tab, ("#set-seed", "11"), ("#set-temperature", "0.9"), ("#set-max_tokens", "40"), ("#set-system", "Be brief."));
        await tab.Ask("What is the capital?");
        await tab.See(".turn.answer");
        AuditRecord entry = (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).Single();
        var line = (AnswerLine)entry.Line!;
        (line.Endpoint, line.Model, line.Seed).ShouldBe((ChatTurns.Route, TinyBundle.Name, 11));
        (await server.Services.GetRequiredService<UsageMeter>().TodayAsync(Caller.LocalId, Cancel)).ShouldBe(line.PromptTokens + line.AnswerTokens);
        var body = (JsonObject)line.Options!.DeepClone();
        body["model"] = TinyBundle.Name;
        body["messages"] = JsonNode.Parse(entry.Prompt!);
        using HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/chat/completions", body, Cancel);
        JsonNode said = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["choices"]![0]!["message"]!;
        JsonNode.Parse(entry.Answer!)!["content"]!.GetValue<string>().ShouldBe(said["content"]!.GetValue<string>());
        await tab.Page.ClickAsync("text=Same again");
        await tab.See(".verdict.good");
        (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task People_log_in_see_their_own_alone_are_held_to_their_limits_and_their_pages_end_with_the_session()
    {
        await using TestServer server = await TestServer.Start(TinyBundle.Into);
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        (AccessKey _, KeySecret admin) = await keys.AddAsync("admin", isAdmin: true, cancel: Cancel);
        (AccessKey user, KeySecret secret) = await keys.AddAsync("reader", limits: new KeyLimits(RequestsPerMinute: 1), cancel: Cancel);
        await server.Services.GetRequiredService<ConversationStore>().CreateAsync("somebody-else", "Not yours", cancel: Cancel);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Page.GotoAsync("/?x=1");
        tab.Page.Url.ShouldEndWith("/login?to=%2F%3Fx%3D1");
        await tab.Check("login");
        await tab.Page.FillAsync("#key", "wrong");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See(".error");
        await tab.Check("login-wrong");
        await tab.Page.FillAsync("#key", secret.ToString());
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See("main[data-live]");
        (await tab.At("nav").InnerTextAsync()).ShouldNotContain("Keys");
        (await tab.At(".history li").CountAsync()).ShouldBe(0);
        await ChatWalkTests.Settle(tab, ("#set-max_tokens", "5"));
        await tab.Ask("one");
        await tab.Page.FillAsync("#question", "two");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See(".talk .error");
        (await tab.At(".talk .error p").InnerTextAsync()).ShouldStartWith("This key may use 1 requests a minute, and has. Try again in ");
        await tab.Check("error");
        await keys.RevokeAsync("reader", Cancel);
        await tab.Page.ClickAsync(".talk .error button");
        await tab.At(".talk .error p", "Your session has ended. Load the page again and log in.");
        await tab.Page.ReloadAsync();
        await tab.See("#key");

        await tab.Page.FillAsync("#key", admin.ToString());
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See("main[data-live]");
        (await tab.At("nav").InnerTextAsync()).ShouldContain("Keys");
        Microsoft.Playwright.IPage other = await tab.Page.Context.NewPageAsync();
        await other.GotoAsync(server.Address.AbsoluteUri);
        await other.WaitForSelectorAsync("main[data-live]");
        await tab.Page.ClickAsync("text=Log out");
        await tab.See("#key");
        await other.WaitForSelectorAsync("text=Your session has ended");
    }

    [Fact]
    public async Task Without_a_model_the_page_says_how_to_get_one()
    {
        await using TestServer server = await TestServer.Start();
        await using Tab tab = await browser.Open(server.Address, 390, 844);
        await tab.Go("/");
        (await tab.At(".empty").InnerTextAsync()).ShouldContain("hearth model pull");
        await tab.Check("no-model");
    }
}
