namespace Hearth.Models.Chat;

/// <summary>Answers conversations: a model of this process, or one of another server. Safe for use by several threads.</summary>
public interface IChatModel
{
    /// <summary>The prompt of a conversation.</summary>
    /// <param name="prompt">What the model is told.</param>
    /// <returns>Its tokens.</returns>
    /// <exception cref="ChatException">The model has no template, or no place for a message.</exception>
    /// <exception cref="Remote.RemoteException">The model is a remote one, whose tokens are not known here.</exception>
    int[] Encode(ChatPrompt prompt);

    /// <summary>Answers a conversation.</summary>
    /// <param name="request">The conversation and how to answer.</param>
    /// <param name="cancel">Ends the answer early.</param>
    /// <returns>The answer's pieces: a <see cref="BeginUpdate"/> first, a <see cref="FinishUpdate"/> last.</returns>
    /// <exception cref="ChatException">The model can not be told this.</exception>
    /// <exception cref="Generation.ContextException">The conversation leaves no room for an answer.</exception>
    /// <exception cref="Remote.RemoteException">The remote model can not be asked, or not this.</exception>
    IAsyncEnumerable<ChatUpdate> AnswerAsync(ChatRequest request, CancellationToken cancel = default);
}
