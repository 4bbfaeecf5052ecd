namespace Hearth.Models.Chat;

/// <summary>How a model is told a conversation.</summary>
public interface IChatFormat
{
    /// <summary>The template's text; how the model marks reasoning and calls of tools can be told from it.</summary>
    string Template { get; }

    /// <summary>The tokens of a conversation.</summary>
    /// <param name="prompt">What was said, and what the model is to know.</param>
    /// <exception cref="ChatException">The model has no place for a message.</exception>
    /// <exception cref="Templates.ChatTemplateException">The template refuses the conversation.</exception>
    int[] Encode(ChatPrompt prompt);

    /// <summary>The tokens of a conversation of plain messages.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    int[] Encode(IEnumerable<ChatMessage> messages, bool askForAnswer) => Encode(new ChatPrompt([.. messages]) { AskForAnswer = askForAnswer });
}
