using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Remote;

/// <summary>Something that a remote model can do, or not.</summary>
/// <param name="Name">What.</param>
/// <param name="Works">Whether it did.</param>
/// <param name="Detail">What came, or why nothing did.</param>
public sealed record RemoteAbility(string Name, bool Works, string Detail);

/// <summary>Finds out what a remote model can do, by asking it once for each.</summary>
internal sealed class RemoteProbe(RemoteModel model, RemoteConnection connection)
{
    private const int Few = 32, LongestShown = 60;
    private const string Echoed = "One two three";

    private readonly List<RemoteAbility> _found = [];

    public async Task<IReadOnlyList<RemoteAbility>> RunAsync(CancellationToken cancel)
    {
        ChatRequest hello = new(new ChatPrompt([new ChatMessage("user", "Say hello.")])) { Options = new GenerationOptions { MaxTokens = Few } };
        await TryAsync("listed", () => ListedAsync(cancel)).ConfigureAwait(false);
        await TryAsync("chat", async () => Shown(await AskAsync(hello, cancel).ConfigureAwait(false))).ConfigureAwait(false);
        await TryAsync("log-probabilities", async () =>
        {
            IReadOnlyList<ChatUpdate> updates = await AskAsync(hello with { LogProbabilities = true, Options = hello.Options with { Alternatives = 1 } }, cancel).ConfigureAwait(false);
            return $"{updates.OfType<TextTokenUpdate>().Count():N0} tokens with theirs";
        }).ConfigureAwait(false);
        await TryAsync("JSON schema", async () => Shown(await AskAsync(hello with
        {
            Shape = Grammar.FromJsonSchema("""{"type":"object","properties":{"word":{"enum":["hello","goodbye"]}},"required":["word"],"additionalProperties":false}"""),
            Options = hello.Options with { MaxTokens = 4 * Few },
        }, cancel).ConfigureAwait(false))).ConfigureAwait(false);
        await TryAsync("tools", () => ToolAsync(hello, cancel)).ConfigureAwait(false);
        await TryAsync("completions", () => TextAsync(echo: false, cancel)).ConfigureAwait(false);
        await TryAsync("log-likelihoods", () => TextAsync(echo: true, cancel)).ConfigureAwait(false);
        await TryAsync("embeddings", async () => $"{(await model.EmbedAsync([JsonValue.Create("hello")], cancel: cancel).ConfigureAwait(false)).Embeddings[0].Length:N0} numbers").ConfigureAwait(false);
        return _found;
    }

    private async Task TryAsync(string name, Func<Task<string>> ask)
    {
        try
        {
            _found.Add(new RemoteAbility(name, true, await ask().ConfigureAwait(false)));
        }
        catch (RemoteException e)
        {
            _found.Add(new RemoteAbility(name, false, e.Message));
        }
    }

    private async Task<string> ListedAsync(CancellationToken cancel)
    {
        JsonElement list = await connection.AskAsync("models", null, cancel).ConfigureAwait(false);
        if (list.ValueKind != JsonValueKind.Object || !list.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array) throw connection.Broken("sent something that is no list of models.");
        string[] names = [.. data.EnumerateArray().Where(m => m.ValueKind == JsonValueKind.Object).Select(m => RemoteJson.Text(model.Spec, m, "id")).OfType<string>()];
        return names.Contains(model.Spec.Model, StringComparer.Ordinal) ? model.Spec.Model
            : throw connection.Broken($"is not among its server's models: {Formats.Show.Name(string.Join(", ", names))}.");
    }

    private async Task<IReadOnlyList<ChatUpdate>> AskAsync(ChatRequest request, CancellationToken cancel)
    {
        var updates = new List<ChatUpdate>();
        await foreach (ChatUpdate update in model.AnswerAsync(request, cancel).ConfigureAwait(false)) updates.Add(update);
        return updates;
    }

    private async Task<string> ToolAsync(ChatRequest hello, CancellationToken cancel)
    {
        var tool = new Tool("greet", "Greets somebody.", """{"type":"object","properties":{"name":{"type":"string","maxLength":20}},"required":["name"]}""");
        IReadOnlyList<ChatUpdate> updates = await AskAsync(hello with
        {
            Prompt = hello.Prompt with { Tools = [tool] },
            ToolName = tool.Name,
            ToolChoice = ToolChoice.Required,
            Options = hello.Options with { MaxTokens = 4 * Few },
        }, cancel).ConfigureAwait(false);
        return updates.OfType<ToolCallUpdate>().FirstOrDefault()?.Name == tool.Name
            ? Formats.Show.Name($"{tool.Name} {string.Concat(updates.OfType<ToolArgumentsUpdate>().Select(a => a.Text))}")
            : throw connection.Broken("called no tool when it had to.");
    }

    private async Task<string> TextAsync(bool echo, CancellationToken cancel)
    {
        string text = "";
        await foreach (RemotePiece piece in model.CompleteAsync(JsonValue.Create(Echoed), new GenerationOptions { MaxTokens = echo ? 1 : Few }, [], null, echo, echo ? 1 : null, cancel).ConfigureAwait(false))
            text += piece.Text;
        return echo ? "the prompt comes back with its log-probabilities" : Short(text);
    }

    private static string Shown(IReadOnlyList<ChatUpdate> updates)
    {
        string text = string.Concat(updates.OfType<TextUpdate>().Select(t => t.Text)), reasoning = string.Concat(updates.OfType<ReasoningUpdate>().Select(t => t.Text));
        return Short(text) + (reasoning.Length > 0 ? $" (after {reasoning.Length:N0} characters of reasoning)" : "");
    }

    private static string Short(string text) => $"'{Formats.Show.Name(text.Length <= LongestShown ? text : text[..LongestShown] + "...")}'";
}
