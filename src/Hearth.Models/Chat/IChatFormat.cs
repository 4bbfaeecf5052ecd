namespace Hearth.Models.Chat;

/// <summary>How a model is told a conversation.</summary>
public interface IChatFormat
{
    /// <summary>The tokens of a conversation.</summary>
    /// <param name="messages">What was said.</param>
    /// <param name="askForAnswer">True to end where the assistant's answer begins.</param>
    int[] Encode(IEnumerable<ChatMessage> messages, bool askForAnswer);
}
