using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hearth.Models.Signing;
using Hearth.Server.Auditing;
using Hearth.Server.Security;
using Hearth.Server.Tests;
using Hearth.Server.Work;
using Hearth.Training.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Hearth.Pages.Tests;

/// <summary>A person's path through models, runs, keys and audit log, with axe and a picture at every stop.</summary>
public sealed class WorkWalkTests(Browser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_admin_looks_at_models_quantises_one_verifies_and_deletes_it()
    {
        DirectoryInfo imports = Directory.CreateTempSubdirectory("hearth-imports-");
        TinyBundle.Into(imports.FullName);
        await using TestServer server = await TestServer.Start(Furnish, o => o with { ImportFolders = [Path.Combine(imports.FullName, "models")] });
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/models");
        await tab.See("text=colours");
        await Check(tab, "models");
        await tab.Page.ClickAsync("text=Pull a model");
        await tab.Page.FillAsync("#pull-address", "not a name");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.At(".dialog .error p", "'not a name' is not a model on a hub. Expected OWNER/NAME or OWNER/NAME@REVISION, such as Qwen/Qwen3-0.6B@main.");
        await Check(tab, "models-pull");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Gone("dialog");
        await tab.Page.ClickAsync("button:has-text('Import')");
        await tab.Page.FillAsync("#import-path", "tiny");
        await tab.Page.FillAsync("#import-name", "brought");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("h2 a:text-is('brought')");
        await tab.Page.ClickAsync("h2 a:text-is('tiny')");
        await tab.See("h1:text-is('tiny')");
        await tab.Page.ClickAsync("text=Compute the digest");
        await tab.See("text=The digest of tiny is");
        await tab.Page.FillAsync("#context", "128");
        await tab.Page.Keyboard.PressAsync("Tab");
        await tab.See("text=with 128 tokens");
        await tab.Page.ClickAsync("button:text-is('Verify')");
        await tab.See("text=tiny is as it was signed.");
        await Check(tab, "model");
        await tab.Page.ClickAsync("button:text-is('Quantise')");
        await tab.Page.SelectOptionAsync("#type", "q8_0");
        await Check(tab, "model-quantise");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("text=tiny-q8_0 is here");
        await tab.Go("/models/tiny-q8_0");
        await tab.Page.ClickAsync("button:has-text('Delete')");
        await Check(tab, "model-delete");
        await tab.Page.ClickAsync("[data-confirm]");
        await Assertions.Expect(tab.Page).ToHaveURLAsync(new Regex("/models$"));        // WaitForURL misses a page that came before it looked
        await tab.See("text=colours");
        (await tab.At("h2 a").AllInnerTextsAsync()).ShouldBe(["brought", "colours", "tiny"]);
        await tab.Go("/models/colours");
        await tab.Page.ClickAsync("text=Every component, and why");
        await Check(tab, "model-of-run");
        imports.Delete(recursive: true);
    }

    [Fact]
    public async Task An_admin_audits_a_run_and_takes_a_document_out()
    {
        await using TestServer server = await TestServer.Start(Furnish);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/runs");
        await tab.See("text=finished");
        await Check(tab, "runs");
        await tab.Page.ClickAsync("h2 a");
        await tab.See("h2:text-is('Ledger')");
        await tab.Page.ClickAsync("text=The numbers");
        await tab.Page.ClickAsync("button:text-is('Last')");
        await tab.See("td:text-is('end')");
        await Check(tab, "run");
        await tab.Page.ClickAsync("button:text-is('Audit')");
        await tab.Page.FillAsync("#samples", "two");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.At(".dialog .error p", "The number of segments is 'two', expected a whole number.");
        await tab.Page.FillAsync("#samples", "2");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("text=colours is sound");
        await Check(tab, "run-audited");
        await tab.Page.ClickAsync("text=Forget documents…");
        await tab.See("h1:text-is('Forget documents')");
        await tab.Page.FillAsync("#words", "violet");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See("text=1 document.");
        await tab.Page.CheckAsync(".choices input");
        await tab.Page.ClickAsync("button:text-is('See what happens')");
        await tab.See("text=is trained that never had it");
        await tab.Page.CheckAsync(".check input");
        await Check(tab, "forget");
        await tab.Page.ClickAsync("button.danger");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("text=never had it; its receipt is signed.");
        await Check(tab, "run-forgotten");
        await tab.Go("/runs");
        await tab.Page.ClickAsync("h2 a >> nth=0");
        await tab.See("text=receipt holds");
    }

    [Fact]
    public async Task Curves_follow_a_run_that_is_being_trained()
    {
        await using TestServer server = await TestServer.Start();
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/runs");
        await tab.See("text=No model was made here yet");
        await Check(tab, "runs-empty");
        string runs = Path.Combine(server.Home, "runs");
        var run = new RunFolder(Path.Combine(runs, "growing"));
        Training.Recipes.Recipe recipe = SmallRun.WriteRecipe(Path.Combine(server.Home, "recipe"));
        SmallRun.Train(recipe, run, stopAt: 10, Cancel);
        await tab.Go("/runs/growing");
        await tab.See("text=It was stopped after step 10.");
        await tab.See(".curve path.line");
        string before = (await tab.At(".curve path.line >> nth=0").GetAttributeAsync("d"))!;
        await Check(tab, "run-interrupted");
        SmallRun.Train(recipe, run, stopAt: 40, Cancel);
        await tab.See("text=It was stopped after step 40.");
        (await tab.At(".curve path.line >> nth=0").GetAttributeAsync("d")).ShouldNotBe(before);
        using (RunLock.Take(run)) await tab.See(".badge:text-is('running')");
        SmallRun.Train(recipe, run, stopAt: null, Cancel);
        await tab.See("text=What was held out");
    }

    [Fact]
    public async Task An_admin_reads_the_log_runs_an_entry_again_takes_its_texts_out_and_checks_the_chain()
    {
        await using TestServer server = await TestServer.Start(Furnish);
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/audit-log");
        await tab.See("text=Nothing was asked yet");
        await Check(tab, "audit-empty");
        for (int i = 0; i < 3; i++) await Ask(server, $"What is the capital, {i}?");
        await tab.Go("/audit-log");
        (await tab.At("tbody tr").CountAsync()).ShouldBe(3);
        await Check(tab, "audit");
        await tab.Page.FillAsync("#by-model", "other");
        await tab.Page.ClickAsync("button:text-is('Filter')");
        await tab.See("text=No such entry");
        await tab.Page.FillAsync("#by-model", "tiny");
        await tab.Page.ClickAsync("button:text-is('Filter')");
        await tab.See("tbody tr");
        (await tab.At("a:has-text('Export')").GetAttributeAsync("href")).ShouldBe("/audit-log/export?&model=tiny");
        await tab.Page.ClickAsync("td a:text-is('2')");
        await tab.See("h1:text-is('Entry 2')");
        await tab.Page.ClickAsync("button:has-text('Run again')");
        await tab.See(".outcome.good");
        await Check(tab, "audit-entry");
        await tab.Page.ClickAsync("text=Take the texts out…");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.At(".dialog .error p", "Say why, without the text itself: the reason stays in the log.");
        await tab.Page.FillAsync("#reason", "names a patient");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("text=The text was taken out; its digest stays.");
        await Check(tab, "audit-redacted");
        await tab.Go("/audit-log");
        await tab.Page.ClickAsync("text=Check the chain");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See("text=The chain holds.");
        await Check(tab, "audit-checked");
    }

    [Fact]
    public async Task An_admin_makes_keys_and_revokes_them_and_a_user_sees_no_more_than_is_theirs()
    {
        await using TestServer server = await TestServer.Start(Furnish);
        KeyStore keys = server.Services.GetRequiredService<KeyStore>();
        await using Tab tab = await browser.Open(server.Address);
        await tab.Go("/keys");
        await tab.See("text=There is no key yet, and the server listens on this machine alone");
        await Check(tab, "keys-empty");
        string admin = await AddKey(tab, "head", AccessKey.Admin);
        (await keys.FindAsync(admin, Cancel))!.IsAdmin.ShouldBeTrue();
        await Check(tab, "keys-first");
        await LogIn(tab, admin, "/keys");
        string user = await AddKey(tab, "library", AccessKey.User);
        await tab.At("text=user").First.WaitForAsync();
        await Check(tab, "keys");
        await LogIn(tab, user, "/models");
        await tab.See("text=colours");
        string[] forAdmins = ["Pull a model", "Import", "Quantise", "Delete", "Compute the digest", "Verify", "Audit", "Forget documents…"];
        foreach (string page in (string[])["/models", "/models/tiny", "/runs", "/runs/colours"])
        {
            await tab.Go(page);
            foreach (string action in forAdmins) (await tab.At($"button:has-text('{action}'), a.button:has-text('{action}')").CountAsync()).ShouldBe(0, $"{page}: {action}");
            (await tab.At("nav").InnerTextAsync()).ShouldNotContain("Keys");
        }
        await Check(tab, "user-run");
        foreach (string page in (string[])["/keys", "/audit-log", "/audit-log/1", "/runs/colours/forget"])
        {
            IResponse? response = await tab.Page.GotoAsync(page);
            response!.Status.ShouldBe(403, page);
        }
        (await tab.Page.GotoAsync(AuditExport.Route))!.Status.ShouldBe(403);
        await LogIn(tab, admin, "/keys");
        await tab.Page.ClickAsync("button:has-text('Revoke the key of library')");
        await Check(tab, "keys-revoke");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See(".badge.bad");
        (await keys.FindAsync(user, Cancel)).ShouldBeNull();
        server.Services.GetRequiredService<JobRunner>().List().ShouldBeEmpty();
        (await server.Services.GetRequiredService<AuditLog>().ListAsync(cancel: Cancel)).Select(e => ((KeyLine)e.Line!).Action).ShouldBe(["revoked", "added", "added"]);
    }

    /// <summary>A signed model, and a run.</summary>
    private static void Furnish(string home)
    {
        TinyBundle.Into(home);
        SmallRun.Into(home);
        OwnKey.MakeFolder(home);
        using SigningKey key = OwnKey.Make(OwnKey.PathIn(home), KeyCurve.P256);
        ModelSignature.Sign(Path.Combine(home, "models", TinyBundle.Name), key);
    }

    /// <summary>Looks at a page wide, with axe in both themes, and narrow; nothing may scroll sideways.</summary>
    private static async Task Check(Tab tab, string name)
    {
        IPage page = tab.Page;
        await page.EvaluateAsync("() => scrollTo(0, 0)");
        await tab.Check("work-" + name);
        int width = page.ViewportSize!.Width, height = page.ViewportSize.Height;
        foreach (int narrow in (int[])[width, 390, 320])
        {
            await page.SetViewportSizeAsync(narrow, height);
            (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue($"{name} scrolls sideways at {narrow} pixels");
            if (narrow > 320) await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Browser.Pictures, $"work-{name}-{narrow}-whole.png"), FullPage = true });
        }
        await page.SetViewportSizeAsync(width, height);
    }

    private static async Task<string> AddKey(Tab tab, string name, string role)
    {
        await tab.Page.ClickAsync("button:has-text('Add a key')");
        await tab.Page.FillAsync("#key-name", name);
        await tab.Page.SelectOptionAsync("#key-role", role);
        await tab.Page.FillAsync("#key-day", "200,000");
        await tab.Page.ClickAsync("[data-confirm]");
        await tab.See(".secret");
        return (await tab.At(".secret .command code").InnerTextAsync()).Trim();
    }

    private static async Task LogIn(Tab tab, string key, string to)
    {
        await tab.Page.Context.ClearCookiesAsync();
        await tab.Page.GotoAsync(to);
        await tab.Page.FillAsync("#key", key);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.See("main[data-live]");
    }

    private static async Task Ask(TestServer server, string question)
    {
        var body = new JsonObject { ["model"] = TinyBundle.Name, ["max_tokens"] = 20, ["temperature"] = 1, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }) };
        using HttpResponseMessage response = await server.Client.PostAsJsonAsync("/v1/chat/completions", body, Cancel);
        response.EnsureSuccessStatusCode();
    }
}
