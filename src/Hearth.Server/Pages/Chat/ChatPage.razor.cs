using Hearth.Server.Api;
using Hearth.Server.Models;
using Hearth.Server.Pages.Sessions;
using Hearth.Server.Pages.Shared;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.AspNetCore.Components;

namespace Hearth.Server.Pages.Chat;

/// <summary>What somebody sends: a text, and files with it.</summary>
/// <param name="Text">The text.</param>
/// <param name="Files">The files.</param>
public sealed record Draft(string Text, IReadOnlyList<AttachedFile> Files);

/// <summary>The chat page: the shown branch of a conversation, and what is asked next.</summary>
public sealed partial class ChatPage
{
    private const int LongestTitle = 60;

    private readonly ChatSettings _usual = new();
    private readonly Dictionary<string, RunningAnswer> _repeats = new(StringComparer.Ordinal);
    private IReadOnlyList<ServedModel> _models = [];
    private IReadOnlyList<MessageRow> _path = [];
    private IReadOnlyList<string> _names = [];
    private ConversationTree _tree = new([]);
    private ConversationRow? _conversation;
    private ChatSettings _settings = new();
    private RunningAnswer? _running;
    private string? _model, _error, _template, _shown, _wanted;
    private bool _missing, _settingsOpen, _loaded;
    private int _historyVersion;

    /// <summary>The conversation; null for a new one.</summary>
    [Parameter] public string? Id { get; set; }

    /// <summary>The model to begin with, as links from other pages choose it.</summary>
    [Parameter, SupplyParameterFromQuery(Name = "model")] public string? Wanted { get; set; }

    [Inject] private PageCaller Caller { get; set; } = null!;

    [Inject] private PageErrors Errors { get; set; } = null!;

    [Inject] private IModelHost Host { get; set; } = null!;

    [Inject] private ConversationStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private ChatTurns Turns { get; set; } = null!;

    [Inject] private WatchedAnswers Watched { get; set; } = null!;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded && Id == _shown && (Id is not null || Wanted == _wanted)) return;
        (_loaded, _shown, _wanted, _error) = (true, Id, Wanted, null);
        _repeats.Clear();
        await TryAsync(LoadAsync);
    }

    private async Task LoadAsync()
    {
        Caller caller = await Caller.GetAsync();
        _models = [.. Host.List().Where(m => caller.MayAsk(m.Name))];
        _names = [.. _models.Select(m => m.Name)];
        (_conversation, _tree, _missing, _running) = (null, new ConversationTree([]), false, null);
        string? kept = null;
        if (Id is not null)
        {
            if (await Store.FindAsync(caller.Id, Id) is var (conversation, messages))
            {
                (_conversation, _tree, kept) = (conversation, new ConversationTree(messages), conversation.Model);
                _settings = ChatSettings.Of(conversation.Settings);
                _running = Turns.Find(caller.Id, Id);
                if (_running is not null && RendererInfo.IsInteractive) Watched.Add(_running);
                if (_running?.Turn.Repeats is { } repeats)
                {
                    _repeats[repeats.Id] = _running;
                    if (RendererInfo.IsInteractive) _ = FollowAsync(_running);
                }
            }
            else _missing = true;
        }
        else (_settings, kept) = (_usual, Wanted);
        Show(_running is { Turn.Repeats: null } ? _running.Turn.Question : _conversation?.Leaf);
        if (_models.Any(m => m.Name == kept)) _model = kept;
        else if (_models.All(m => m.Name != _model)) _model = _models.Count > 0 ? _models[0].Name : null;
        _template = _model is null ? null : Host.TemplateOf(_model);
    }

    private void Show(string? leaf) => _path = _tree.PathTo(leaf ?? (_tree.All.Count > 0 ? _tree.LeafBelow(_tree.All[0].Id) : null));

    private async Task SendAsync(Draft draft) => await TryAsync(async () =>
    {
        Caller caller = await ReadyAsync();
        if (_conversation is null)
        {
            string first = draft.Text.Length > 0 ? draft.Text : draft.Files[0].Name;
            string line = first.Split('\n', 2)[0].Trim();
            _conversation = await Store.CreateAsync(caller.Id, line.Length <= LongestTitle ? line : line[..(LongestTitle - 1)].TrimEnd() + "…", _model, _settings.ToJson());
            _shown = Id = _conversation.Id;
            Navigation.NavigateTo($"/c/{Id}", replace: false);
        }
        await AskAsync(caller, _path.Count > 0 ? _path[^1].Id : null, draft.Text, draft.Files);
    });

    /// <summary>A question in other words, beside the first.</summary>
    private async Task EditAsync(MessageRow question, string text) =>
        await TryAsync(async () => await AskAsync(await ReadyAsync(), question.ParentId, text, ConversationTree.Files(question)));

    private async Task AskAsync(Caller caller, string? parent, string text, IReadOnlyList<AttachedFile> files)
    {
        var question = new MessageRow
        {
            Id = ConversationStore.NewId("msg"), ConversationId = _conversation!.Id, ParentId = parent, Role = "user", Content = text, Extra = ConversationTree.Extra(files),
        };
        if (!await Store.AddAsync(caller.Id, question)) throw new ApiException(404, "The conversation was deleted meanwhile. Begin a new one.");
        await ReloadAsync(caller, question.Id);
        await AnswerAsync(caller, question.Id, _settings);
    }

    private async Task AnotherAsync(string question) => await TryAsync(async () =>
    {
        Caller caller = await ReadyAsync();
        Show(question);
        // As with several answers at once: each is the one that the next seed gives alone.
        int before = _tree.All.Count(m => m.ParentId == question);
        await AnswerAsync(caller, question, _settings with { Seed = _settings.Seed + before });
    });

    private async Task AnswerAsync(Caller caller, string question, ChatSettings settings)
    {
        var turn = new Turn(_conversation!.Id, question, _model!, settings, Said(question));
        _running = await Turns.StartAsync(caller, turn);
        Watched.Add(_running);
    }

    private async Task SameAsync(MessageRow answer) => await TryAsync(async () =>
    {
        Caller caller = await ReadyAsync();
        ChatSettings settings = ChatSettings.Of(answer.Settings);
        if (answer.Finish is "stopped" or "failed") settings = settings with { MaxTokens = answer.AnswerTokens };
        _running = await Turns.StartAsync(caller, new Turn(_conversation!.Id, answer.ParentId!, answer.Model!, settings, Said(answer.ParentId!)) { Repeats = answer });
        Watched.Add(_running);
        _repeats[answer.Id] = _running;
        _ = FollowAsync(_running);
    });

    /// <summary>Takes note when an answer that is compared has ended.</summary>
    private async Task FollowAsync(RunningAnswer repeat)
    {
        await repeat.Done;
        await InvokeAsync(() =>
        {
            if (_running == repeat) _running = null;
            StateHasChanged();
        });
    }

    private IReadOnlyList<(string Role, string Text)> Said(string question) => [.. _tree.PathTo(question).Select(m => (m.Role, ConversationTree.PromptText(m)))];

    private async Task EndedAsync(RunningAnswer ended) => await TryAsync(async () =>
    {
        if (_running != ended) return;
        _running = null;
        Caller caller = await Caller.GetAsync();
        await ReloadAsync(caller, null);
        Show(_tree.Find(ended.Id) is not null ? ended.Id : ended.Turn.Question);
        _error = ended.Error;
    });

    private async Task ReloadAsync(Caller caller, string? leaf)
    {
        if (await Store.FindAsync(caller.Id, _conversation!.Id) is not var (conversation, messages))
        {
            (_missing, _path) = (true, []);
            return;
        }
        (_conversation, _tree) = (conversation, new ConversationTree(messages));
        Show(leaf ?? conversation.Leaf);
        _historyVersion++;
    }

    /// <summary>Shows another version of a message, with the newest of what follows.</summary>
    private async Task ShowAsync(MessageRow version) => await TryAsync(async () =>
    {
        Caller caller = await Caller.GetAsync();
        string leaf = _tree.LeafBelow(version.Id);
        await Store.ChangeAsync(caller.Id, _conversation!.Id, leaf: leaf);
        _conversation.Leaf = leaf;
        Show(leaf);
    });

    private async Task ChooseAsync(string model) => await TryAsync(async () =>
    {
        (_model, _template) = (model, Host.TemplateOf(model));
        Caller caller = await Caller.GetAsync();
        if (_conversation is not null) await Store.ChangeAsync(caller.Id, _conversation.Id, model: model);
    });

    private async Task SettleAsync(ChatSettings settings) => await TryAsync(async () =>
    {
        (_settings, _settingsOpen) = (settings, false);
        Caller caller = await Caller.GetAsync();
        if (_conversation is not null) await Store.ChangeAsync(caller.Id, _conversation.Id, settings: settings.ToJson());
    });

    private void Deleted(string id)
    {
        if (id != Id) return;
        _running?.Stop();
        Navigation.NavigateTo("/");
    }

    private void Renamed((string Id, string Title) renamed)
    {
        if (renamed.Id == Id && _conversation is not null) _conversation.Title = renamed.Title;
    }

    /// <summary>Who asks, when a model can be asked.</summary>
    private async Task<Caller> ReadyAsync()
    {
        _error = null;
        Caller caller = await Caller.GetAsync();
        if (_running is not null) throw new ApiException(409, "An answer is being written. Stop it, or wait for its end.");
        return _model is null ? throw new ApiException(404, "There is no model to ask. Pull or train one first.") : caller;
    }

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e)
        {
            _error = Errors.Sentence(e, "the chat page");
        }
    }
}
