using Hearth.Server.State;
using Hearth.Server.Tests;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace Hearth.Pages.Tests;

/// <summary>Answers while they come: stopped, left, found again, and asked for again.</summary>
public sealed class LiveAnswerTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_is_stopped_by_a_key_or_a_button_kept_as_far_as_it_went_and_comes_out_equal_again()
    {
        await using TestServer server = await Scripts.Start(4);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/");
        await Begin(tab, "A long answer, please");
        await tab.At(".live .prose p:nth-child(2)").WaitForAsync();
        await tab.Check("live");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Ended();
        await tab.At(".answer .finish", "It was stopped here.");
        (await tab.Page.EvaluateAsync<string>("() => document.activeElement.id")).ShouldBe("question");
        string text = await tab.At(".answer .prose").InnerTextAsync();
        text.ShouldStartWith("Paragraph 1 of an answer");
        text.ShouldNotContain("Paragraph 60");
        await tab.Page.ClickAsync("text=Same again");
        await tab.See(".verdict.good");
        (await tab.At(".verdict").InnerTextAsync()).ShouldContain("as far as it went");
        await tab.Check("same-again");

        await Begin(tab, "Another long one");
        await tab.At(".live .prose p").First.WaitForAsync();
        await tab.Page.ClickAsync("[data-stop]");
        await tab.Ended();
        (await tab.At(".answer").CountAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_page_that_is_loaded_again_finds_the_answer_going_on_and_one_that_is_closed_leaves_what_was_said()
    {
        await using TestServer server = await Scripts.Start(4, TimeSpan.FromMilliseconds(1500));
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/");
        await Begin(tab, "A long answer, please");
        await tab.At(".live .prose p:nth-child(2)").WaitForAsync();
        await tab.Page.FillAsync("#question", "a thought for later");
        await tab.Page.ReloadAsync();
        await tab.See("main[data-live]");
        await tab.At(".live .prose p:nth-child(4)").WaitForAsync();
        (await tab.Page.InputValueAsync("#question")).ShouldBe("a thought for later");
        string id = new Uri(tab.Page.Url).AbsolutePath["/c/".Length..];
        await tab.Page.GotoAsync("about:blank");
        ConversationStore store = server.Services.GetRequiredService<ConversationStore>();
        MessageRow? answer = null;
        for (int i = 0; i < 100 && answer is null; i++)
        {
            await Task.Delay(100, Cancel);
            answer = (await store.FindAsync("local", id, Cancel))!.Value.Messages.FirstOrDefault(m => m.Role == "assistant");
        }
        answer.ShouldNotBeNull().Finish.ShouldBe("stopped");
        answer.Content.ShouldContain("Paragraph 4 of");
        answer.AuditSequence.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_question_sent_before_the_page_is_live_is_not_lost()
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Page.RouteAsync("**/blazor.web.*.js", async route =>
        {
            await Task.Delay(700);
            await route.ContinueAsync();
        });
        await tab.Page.GotoAsync("/", new Microsoft.Playwright.PageGotoOptions { WaitUntil = Microsoft.Playwright.WaitUntilState.Commit });
        await tab.Page.FillAsync("#question", "What is the capital?");
        (await tab.At("main[data-live]").CountAsync()).ShouldBe(0);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See(".turn.answer:not(.live)");
        (await tab.At(".question .said").InnerTextAsync()).ShouldBe("What is the capital?");
    }

    private static async Task Begin(Tab tab, string question)
    {
        await tab.Page.FillAsync("#question", question);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See(".turn.live");
    }
}
