using Microsoft.AspNetCore.Components;

namespace Hearth.Server.Pages.Chat;

/// <summary>Draws an answer while it comes, at most twenty times a second.</summary>
public abstract class AnswerView : ComponentBase, IDisposable
{
    private const int FrameMilliseconds = 50, CharactersAMillisecond = 500;

    private readonly CancellationTokenSource _gone = new();

    /// <summary>The answer.</summary>
    [Parameter, EditorRequired] public RunningAnswer Running { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender) _ = FollowAsync();
    }

    /// <summary>Called with every picture.</summary>
    protected virtual void Frames()
    {
    }

    /// <summary>Called once it has ended.</summary>
    protected virtual Task EndAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _gone.Cancel();
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task FollowAsync()
    {
        CancellationToken gone = _gone.Token;
        try
        {
            int seen = -1;
            while (!Running.Done.IsCompleted)
            {
                int pause = FrameMilliseconds + (Running.Length / CharactersAMillisecond);         // long texts take longer to lay out
                await Task.WhenAny(Task.Delay(pause, gone), Running.Done);
                gone.ThrowIfCancellationRequested();
                if (seen == Running.Version && !Running.Done.IsCompleted) continue;
                seen = Running.Version;
                await InvokeAsync(() =>
                {
                    Frames();
                    StateHasChanged();
                });
            }
            await InvokeAsync(EndAsync);
        }
        catch (OperationCanceledException)
        {
            // The page shows something else now.
        }
    }
}
