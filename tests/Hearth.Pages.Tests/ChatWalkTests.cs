using System.Text.Json.Nodes;
using Hearth.Server.State;
using Hearth.Server.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Hearth.Pages.Tests;

/// <summary>A person's path through the chat, with axe and a picture at every stop.</summary>
public sealed class ChatWalkTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1280, 860)]
    [InlineData(390, 844)]
    public async Task Answers_with_maths_tables_and_code_are_readable_wide_and_narrow(int width, int height)
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address, width, height);
        await tab.Go("/");
        await tab.Check("new");
        await tab.Ask("Show me maths");
        await tab.At("math[display=block] mfrac").First.WaitForAsync();
        (await tab.At("code.tex").InnerTextAsync()).ShouldBe("\\foobar{x}");
        await tab.Check("maths");
        await tab.Ask("And a table");
        (await tab.At(".prose a[href='https://example.org/map.png']").GetAttributeAsync("rel"))!.ShouldContain("noopener");
        (await tab.At(".prose img, .prose b").CountAsync()).ShouldBe(0);
        await tab.Page.ClickAsync("[data-copy-code]");
        await tab.See("[data-copy-code].copied");
        (await tab.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).ShouldStartWith("public static IEnumerable<City> Largest");
        await tab.Check("table");
        await tab.Ask("Give a reason");
        await tab.At(".answer:last-child .prose", "Because water boils at a lower temperature there.");
        (await tab.At(".reasoning-text").IsVisibleAsync()).ShouldBeFalse();              // folded
        await tab.Page.ClickAsync(".reasoning summary");
        (await tab.At(".reasoning-text").InnerTextAsync()).ShouldBe("The user wants a reason.\n\nI should give one.");
        await tab.Check("reasoning");
        (await tab.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue("the page scrolls sideways");
        if (width > 800) return;
        await tab.Page.SetViewportSizeAsync(320, 700);
        (await tab.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue("at 320 pixels the page scrolls sideways");
        await tab.Page.ClickAsync("[data-open-drawer]");
        await tab.At("#history a.new").WaitForAsync();
        await tab.Check("drawer");
        await tab.Page.Keyboard.PressAsync("Escape");
        (await tab.At("#history a.new").IsVisibleAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Questions_are_edited_answers_asked_for_anew_and_one_moves_between_the_branches()
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/");
        await Settle(tab, ("#set-seed", "3"));
        await tab.Ask("What is the capital?");
        (await tab.At(".answer .prose").InnerTextAsync()).ShouldBe("The capital is Quito.");
        (await tab.At(".answer .facts-line").InnerTextAsync()).ShouldContain("seed 3");
        await tab.Page.ClickAsync("[aria-label='Another answer']");
        await tab.See(".versions");
        (await tab.At(".answer .prose").InnerTextAsync()).ShouldBe("It is Quito, at 2,850 metres.");
        (await tab.At(".answer .versions").InnerTextAsync()).ShouldBe("2/2");
        (await tab.At(".answer .facts-line").InnerTextAsync()).ShouldContain("seed 4");
        await tab.Check("versions");
        await tab.Page.ClickAsync(".answer [aria-label='Version before']");
        await tab.At(".answer .prose", "The capital is Quito.");

        await tab.Page.ClickAsync("[aria-label='Edit the question']");
        await tab.See(".edit textarea:focus");
        await tab.Check("edit");
        await tab.Page.FillAsync(".edit textarea", "Only the capital's name");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.At(".question .versions", "2/2");
        await tab.Ended();
        (await tab.At(".question .said").InnerTextAsync()).ShouldBe("Only the capital's name");
        await tab.Page.ClickAsync(".question [aria-label='Version before']");
        await tab.At(".question .said", "What is the capital?");
        await tab.Page.ReloadAsync();                                            // the shown branch is kept
        await tab.See("main[data-live]");
        (await tab.At(".question .said").InnerTextAsync()).ShouldBe("What is the capital?");
        (await tab.At(".question .versions").InnerTextAsync()).ShouldBe("1/2");
    }

    [Fact]
    public async Task Conversations_are_searched_renamed_taken_away_and_deleted()
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/?model=scripted");
        await tab.Ask("What is the capital?");
        string first = tab.Page.Url;
        await tab.Page.ClickAsync(".history .new");
        await tab.See(".greeting");
        await tab.Ask("Show me maths");
        await tab.Page.FillAsync("[aria-label='Search conversations']", "quito");        // in the answer, not in the title
        await tab.At(".history li").And(tab.At(":only-child")).WaitForAsync();
        (await tab.At(".history li").InnerTextAsync()).ShouldBe("What is the capital?");
        await tab.Page.FillAsync("[aria-label='Search conversations']", "nowhere");
        await tab.At(".history-none", "No conversation has these words.");
        await tab.Page.FillAsync("[aria-label='Search conversations']", "");
        await tab.At(".history li:nth-child(2)").WaitForAsync();

        await tab.Page.ClickAsync("[aria-label='Rename Show me maths']");
        await tab.See("dialog[open]");
        await tab.Check("rename");
        await tab.Page.FillAsync("#new-title", "Gauss");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.At(".talk-title", "Gauss");
        (await tab.Page.TitleAsync()).ShouldStartWith("Gauss");

        await tab.Page.ClickAsync("details[data-menu] summary");
        await tab.Check("export");
        IDownload markdown = await tab.Page.RunAndWaitForDownloadAsync(() => tab.Page.ClickAsync("text=Markdown, as shown"));
        markdown.SuggestedFilename.ShouldBe("Gauss.md");
        string text = await File.ReadAllTextAsync(await markdown.PathAsync(), Cancel);
        text.ShouldStartWith("# Gauss\n\n## Question\n\nShow me maths\n\n## Answer (scripted, seed ");
        text.ShouldContain(@"\frac{1}{\sqrt{2\pi\sigma^2}}");
        JsonNode json = JsonNode.Parse(await server.Client.GetStringAsync(new Uri(tab.Page.Url + "/export.json"), Cancel))!;
        json["messages"]!.AsArray().Select(m => m!["role"]!.GetValue<string>()).ShouldBe(["user", "assistant"]);
        json["messages"]![1]!["parent"]!.GetValue<string>().ShouldBe(json["messages"]![0]!["id"]!.GetValue<string>());

        await tab.Page.ClickAsync("[aria-label='Delete Gauss']");
        await tab.See("dialog[open]");
        await tab.Check("delete");
        await tab.Page.ClickAsync("[data-cancel]");
        await tab.Gone("dialog");
        await tab.Page.ClickAsync("[aria-label='Delete Gauss']");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See(".greeting");
        (await tab.At(".history li").CountAsync()).ShouldBe(1);
        await tab.Go(new Uri(first).AbsolutePath);
        (await tab.At(".question .said").InnerTextAsync()).ShouldBe("What is the capital?");
        await tab.Go("/c/none");
        await tab.Check("missing");
    }

    [Fact]
    public async Task Settings_and_files_go_into_the_request_and_wrong_ones_are_named()
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/");
        await tab.Page.ClickAsync("[aria-label='Settings']");
        await tab.See("dialog[open]");
        await tab.Page.FillAsync("#set-temperature", "hot");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.At("dialog .error", "Temperature is 'hot'; it must be a number from 0 to 100.");
        await tab.Check("settings");
        await tab.Page.FillAsync("#set-temperature", "0,5");
        await tab.Page.FillAsync("#set-system", "Be brief.");
        await tab.Page.SelectOptionAsync("#set-reasoning", "off");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.Gone("dialog");

        await tab.Page.SetInputFilesAsync("#attach", new FilePayload { Name = "picture.bin", MimeType = "application/octet-stream", Buffer = [0xFF, 0xD8, 0, 1] });
        await tab.At(".composer .error", "picture.bin is no text in UTF-8. Models here read text only.");
        await tab.Page.SetInputFilesAsync("#attach", new FilePayload { Name = "huge.txt", MimeType = "text/plain", Buffer = new byte[300 << 10] });
        await tab.At(".composer .error", "huge.txt has 300 KiB; at most 256 KiB can go into a question.");
        await tab.Page.SetInputFilesAsync("#attach", new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "the capital of Ecuador"u8.ToArray() });
        await tab.At(".chip-item", "notes.txt");
        await tab.Check("file");
        await tab.Ask("Read this");
        (await tab.At(".answer .prose").InnerTextAsync()).ShouldContain("Quito");      // chosen by a word that stands in the file alone
        await tab.Page.ClickAsync(".chip summary");
        await tab.Check("file-sent");

        ConversationStore store = server.Services.GetRequiredService<ConversationStore>();
        (_, IReadOnlyList<MessageRow> messages) = (await store.FindAsync("local", (await store.ListAsync("local", cancel: Cancel))[0].Id, Cancel)).ShouldNotBeNull();
        JsonNode settings = JsonNode.Parse(messages[1].Settings!)!;
        settings["temperature"]!.GetValue<double>().ShouldBe(0.5);
        settings["system"]!.GetValue<string>().ShouldBe("Be brief.");
        settings["reasoning"]!.GetValue<string>().ShouldBe("off");
    }

    [Fact]
    public async Task Colours_are_remembered_and_the_keyboard_reaches_the_page_past_its_head()
    {
        await using TestServer server = await Scripts.Start(0);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/not-found");
        await tab.Check("not-found");
        string light = await Background();
        await tab.Page.ClickAsync("[data-theme-switch]");
        string dark = await Background();
        dark.ShouldNotBe(light);
        await tab.Go("/not-found");
        (await Background()).ShouldBe(dark);
        await tab.Page.Keyboard.PressAsync("Tab");
        (await tab.Page.EvaluateAsync<string>("() => document.activeElement.textContent")).ShouldBe("Skip to the page");
        await tab.Check("skip");
        await tab.Page.Keyboard.PressAsync("Enter");
        (await tab.Page.EvaluateAsync<string>("() => document.activeElement.id")).ShouldBe("main");

        Task<string> Background() => tab.Page.EvaluateAsync<string>("() => getComputedStyle(document.documentElement).backgroundColor");
    }

    internal static async Task Settle(Tab tab, params (string Field, string Value)[] values)
    {
        await tab.Page.ClickAsync("[aria-label='Settings']");
        await tab.See("dialog[open]");
        foreach ((string field, string value) in values) await tab.Page.FillAsync(field, value);
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.Gone("dialog");
    }
}
