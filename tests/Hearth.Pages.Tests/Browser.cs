using System.Text.Json;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(Hearth.Pages.Tests.Browser))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Hearth.Pages.Tests;

/// <summary>Chromium for all tests, and axe-core to look at pages with; tests are skipped where one of them is missing.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string Root = FindRoot();

    private static readonly string Axe = Path.Combine(
        Environment.GetEnvironmentVariable("HEARTH_NPM") is { Length: > 0 } named ? named : Path.Combine(Root, "artifacts", "npm"), "node_modules", "axe-core", "axe.min.js");

    private static readonly string? Chromium = ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);

    private static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where pictures of pages are put, to be looked at.</summary>
    public static string Pictures { get; } = Path.Combine(Root, "artifacts", "pages");

    public async ValueTask InitializeAsync()
    {
        if (Chromium is null || !File.Exists(Axe)) return;
        Directory.CreateDirectory(Pictures);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = Arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A page that nobody has opened before. What it complains about fails the test.</summary>
    public async Task<Tab> Open(Uri address, int width = 1280, int height = 860, bool dark = false)
    {
        Assert.SkipWhen(Chromium is null, "There is no Chromium here: apt-get install chromium.");
        Assert.SkipWhen(!File.Exists(Axe), "There is no axe-core here: npm install --prefix artifacts/npm axe-core.");
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.AbsoluteUri,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(10_000);
        return new Tab(context, await context.NewPageAsync(), await File.ReadAllTextAsync(Axe));
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Hearth.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below Hearth.slnx.");
    }
}

/// <summary>An open page.</summary>
public sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly string _axe;
    private readonly List<string> _complaints = [];

    internal Tab(IBrowserContext context, IPage page, string axe)
    {
        (_context, Page, _axe) = (context, page, axe);
        page.PageError += (_, e) => _complaints.Add(e);
        page.Console += (_, m) =>
        {
            if (m.Type == "error" && !m.Text.Contains("Failed to load resource", StringComparison.Ordinal)) _complaints.Add(m.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>Goes to a page, and waits until it is live.</summary>
    public async Task Go(string path)
    {
        await Page.GotoAsync(path);
        await Page.WaitForSelectorAsync("main[data-live]");
    }

    /// <summary>Asks in the composer, and waits for the answer's end.</summary>
    public async Task Ask(string text)
    {
        int before = await At(".turn.question").CountAsync();
        await Page.FillAsync("#question", text);
        await Page.Keyboard.PressAsync("Enter");
        await At(".turn.question").Nth(before).WaitForAsync();
        await At(".turn.question:nth-last-child(2) + .turn.answer:not(.live)").WaitForAsync();
    }

    public Task Ended() => Page.WaitForSelectorAsync(".turn.live", new PageWaitForSelectorOptions { State = WaitForSelectorState.Detached });

    public Task Gone(string selector) => Page.WaitForSelectorAsync(selector, new PageWaitForSelectorOptions { State = WaitForSelectorState.Detached });

    public Task See(string selector) => Page.WaitForSelectorAsync(selector);

    public ILocator At(string selector) => Page.Locator(selector);

    /// <summary>Waits until something says exactly this.</summary>
    public async Task At(string selector, string text)
    {
        string found = "";
        for (int i = 0; i < 100; i++)
        {
            found = await Page.Locator(selector).CountAsync() > 0 ? (await Page.Locator(selector).First.InnerTextAsync()).Trim() : "nothing";
            if (found == text) return;
            await Task.Delay(50);
        }
        found.ShouldBe(text, selector);
    }

    /// <summary>Looks at the page as it stands, in both themes, with axe; takes a picture of it.</summary>
    public async Task Check(string name)
    {
        foreach (string theme in (string[])["light", "dark"])
        {
            await Page.EvaluateAsync("t => document.documentElement.dataset.theme = t", theme);
            string rules = theme == "light" ? "" : "{ runOnly: ['color-contrast'] }";     // themes differ in colours alone
            string found = await Page.EvaluateAsync<string>(
                $"async () => {{ if (!window.axe) {{ {_axe} }} const r = await axe.run({rules}); return JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 200)).join(' | '))); }}");
            JsonSerializer.Deserialize<string[]>(found)!.ShouldBeEmpty($"{name}, {theme}");
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Browser.Pictures, $"{name}-{Page.ViewportSize!.Width}-{theme}.png") });
        }
        await Page.EvaluateAsync("() => delete document.documentElement.dataset.theme");
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        _complaints.ShouldBeEmpty();
    }
}
