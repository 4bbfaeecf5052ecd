using Hearth.Models.Chat.Tools;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Chat;

/// <summary>
/// The conversation format of models that Hearth trains: a role's token, the message, <c>&lt;|end|&gt;</c>. What a person writes is always
/// ordinary text, so it can not pretend to be a role.
/// </summary>
public sealed class ChatFormat : IChatFormat
{
    /// <summary>Begins and ends a plain document.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Ends a message.</summary>
    public const string End = "<|end|>";

    private readonly Tokenizer _tokenizer;
    private readonly Dictionary<string, int> _roles = new(StringComparer.Ordinal);

    /// <summary>Finds the format's tokens in a tokenizer.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="file">Where it came from, for errors.</param>
    /// <exception cref="ModelFileException">A special token is missing.</exception>
    public ChatFormat(Tokenizer tokenizer, string file = "tokenizer.json")
    {
        _tokenizer = tokenizer;
        foreach (string role in Roles) _roles[role] = Find(RoleToken(role), file);
        EndOfTextToken = Find(EndOfText, file);
        EndToken = Find(End, file);
    }

    /// <summary>The roles a message can have.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["system", "user", "assistant"];

    /// <summary>All special tokens, in vocabulary order.</summary>
    public static IReadOnlyList<string> SpecialTokens { get; } = [EndOfText, .. Roles.Select(RoleToken), End];

    /// <summary>The same format as a Jinja template, for other engines.</summary>
    public static string Template { get; } =
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    /// <summary>The id of <see cref="EndOfText"/>.</summary>
    public int EndOfTextToken { get; }

    /// <summary>The id of <see cref="End"/>.</summary>
    public int EndToken { get; }

    string IChatFormat.Template => Template;

    /// <inheritdoc/>
    public int[] Encode(ChatPrompt prompt)
    {
        var tokens = new List<int>();
        IReadOnlyList<ChatMessage> messages = prompt.Tools.Count > 0 || prompt.Messages.Any(m => m.Role == "tool") ? PlainTools.Tell(prompt) : prompt.Messages;
        for (int i = 0; i < messages.Count; i++)
        {
            ChatMessage message = messages[i];
            if (!_roles.TryGetValue(message.Role == "developer" ? "system" : message.Role, out int role))
            {
                throw new ChatException($"A message has the role '{message.Role}', which this model does not know. Use {string.Join(", ", Roles)}.");
            }
            tokens.Add(role);
            tokens.AddRange(_tokenizer.Encode(message.Content));
            if (!prompt.ContinueLast || i < messages.Count - 1) tokens.Add(EndToken);
        }
        if (prompt is { AskForAnswer: true, ContinueLast: false }) tokens.Add(_roles["assistant"]);
        return [.. tokens];
    }

    /// <summary>The tokens of a conversation of plain messages.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    public int[] Encode(IEnumerable<ChatMessage> messages, bool askForAnswer) => Encode(new ChatPrompt([.. messages]) { AskForAnswer = askForAnswer });

    private static string RoleToken(string role) => $"<|{role}|>";

    private int Find(string token, string file) => _tokenizer.Special(token)
        ?? throw new ModelFileException(file, $"has no special token '{token}', so this model does not speak Hearth's conversation format. Use `hearth generate`, or a model with a chat format.");
}
