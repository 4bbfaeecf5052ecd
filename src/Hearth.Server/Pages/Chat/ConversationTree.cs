using System.Text;
using System.Text.Json;
using Hearth.Server.State;

namespace Hearth.Server.Pages.Chat;

/// <summary>A text file that was sent with a question.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">What it says.</param>
public sealed record AttachedFile(string Name, string Text);

/// <summary>The messages of a conversation: a tree, of which one branch is shown.</summary>
/// <param name="messages">All of them, in the order in which they came.</param>
internal sealed class ConversationTree(IReadOnlyList<MessageRow> messages)
{
    private readonly Dictionary<string, MessageRow> _byId = messages.ToDictionary(m => m.Id, StringComparer.Ordinal);

    public IReadOnlyList<MessageRow> All => messages;

    public MessageRow? Find(string? id) => id is null ? null : _byId.GetValueOrDefault(id);

    /// <summary>The messages from the first to one of them.</summary>
    public IReadOnlyList<MessageRow> PathTo(string? id) => ConversationStore.Branch(_byId, id);

    /// <summary>A message and what else was said in its place, in the order in which they came.</summary>
    public IReadOnlyList<MessageRow> Versions(MessageRow message) => [.. messages.Where(m => m.ParentId == message.ParentId)];

    /// <summary>The end of the branch that goes on from a message with the newest of each place.</summary>
    public string LeafBelow(string id)
    {
        while (messages.LastOrDefault(m => m.ParentId == id) is { } next) id = next.Id;
        return id;
    }

    /// <summary>What a model is told of a message: its text, and the files that came with it.</summary>
    public static string PromptText(MessageRow message)
    {
        IReadOnlyList<AttachedFile> files = Files(message);
        if (files.Count == 0) return message.Content;
        var text = new StringBuilder(message.Content);
        foreach (AttachedFile file in files)
        {
            string fence = "```";
            while (file.Text.Contains(fence, StringComparison.Ordinal)) fence += "`";
            text.Append($"{(text.Length > 0 ? "\n\n" : "")}The file {file.Name}:\n{fence}\n{file.Text}{(file.Text.EndsWith('\n') ? "" : "\n")}{fence}");
        }
        return text.ToString();
    }

    public static IReadOnlyList<AttachedFile> Files(MessageRow message) =>
        message.Extra is null ? [] : JsonSerializer.Deserialize<Attachments>(message.Extra)?.Files ?? [];

    /// <summary>Files as a message keeps them; null for none.</summary>
    public static string? Extra(IReadOnlyList<AttachedFile> files) => files.Count == 0 ? null : JsonSerializer.Serialize(new Attachments(files));

    private sealed record Attachments(IReadOnlyList<AttachedFile> Files);
}
