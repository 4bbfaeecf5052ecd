using Hearth.Server.Pages.Sessions;
using Hearth.Server.Pages.Shared;
using Hearth.Server.Security;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Hosting;

namespace Hearth.Server.Pages.Work;

/// <summary>A page on which something goes on: it knows who looks, says errors as sentences, and looks again every second while it is open.</summary>
public abstract class WorkPage : ComponentBase, IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();

    /// <summary>Who looks, with the rights they had when the page last asked; null before it did.</summary>
    protected Caller? Me { get; private set; }

    /// <summary>Whether an admin looks.</summary>
    protected bool IsAdmin => Me?.IsAdmin == true;

    /// <summary>What is wrong, in a sentence; null for nothing.</summary>
    protected string? Error { get; set; }

    /// <summary>Ends with the page.</summary>
    protected CancellationToken Gone => _gone.Token;

    [Inject] private PageCaller Caller { get; set; } = null!;

    [Inject] private PageErrors Errors { get; set; } = null!;

    [Inject] private IHostApplicationLifetime Server { get; set; } = null!;

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task LoadAsync();

    /// <summary>Looks whether what the page shows has changed, and reads it again then.</summary>
    /// <returns>Whether it has.</returns>
    protected virtual bool Look() => false;

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync() => ActAsync(_ => LoadAsync());

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender) _ = WatchAsync();
    }

    /// <summary>Does something as who looks; what goes wrong becomes a sentence on the page.</summary>
    /// <param name="act">What to do.</param>
    /// <returns>Whether it went well.</returns>
    protected async Task<bool> ActAsync(Func<Caller, Task> act)
    {
        Error = null;
        try
        {
            Me = await Caller.GetAsync(Gone);
            await act(Me);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            Error = Errors.Sentence(e, GetType().Name);
            return false;
        }
    }

    /// <summary>Does something short as who looks.</summary>
    /// <param name="act">What to do.</param>
    /// <returns>Whether it went well.</returns>
    protected Task<bool> Act(Action<Caller> act) => ActAsync(caller =>
    {
        act(caller);
        return Task.CompletedTask;
    });

    /// <summary>The page is left.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The page is left.</summary>
    /// <param name="disposing">True when it is.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _gone.IsCancellationRequested) return;
        _gone.Cancel();
        _gone.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Second);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Gone, Server.ApplicationStopping);
        CancellationToken gone = end.Token;
        try
        {
            while (await timer.WaitForNextTickAsync(gone))
            {
                await InvokeAsync(() =>
                {
                    try
                    {
                        if (Look()) StateHasChanged();
                    }
                    catch (Exception e) when (e is not OperationCanceledException)
                    {
                        Error = Errors.Sentence(e, GetType().Name);
                        StateHasChanged();
                    }
                });
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The page was left.
        }
    }
}
