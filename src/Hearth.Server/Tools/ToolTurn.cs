using System.Runtime.CompilerServices;
using System.Text;
using Hearth.Models.Chat;

namespace Hearth.Server.Tools;

/// <summary>A message that belongs to the conversation from now on: the assistant's, or a tool's answer.</summary>
/// <param name="Message">The message.</param>
public sealed record SaidUpdate(ChatMessage Message) : ChatUpdate;

/// <summary>A tool was called, or was not.</summary>
/// <param name="Call">The call.</param>
/// <param name="Result">What came of it.</param>
public sealed record CalledUpdate(ToolCall Call, ToolResult Result) : ChatUpdate;

/// <summary>Answers a person with the help of tools: asks the model, makes the calls it wants as far as they are allowed, tells it what came, and asks again.</summary>
public static class ToolTurn
{
    /// <summary>How often a model is asked in a turn; the last time it may call nothing.</summary>
    public const int MostRounds = 8;

    /// <summary>Answers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">The conversation up to the person's last message; its tools are those of <paramref name="tools"/>.</param>
    /// <param name="tools">The conversation's tools.</param>
    /// <param name="confirm">Asks the person about each call.</param>
    /// <param name="cancel">Ends the turn.</param>
    /// <returns>The pieces of all answers, each with its <see cref="FinishUpdate"/>; a <see cref="CalledUpdate"/> for every call, a <see cref="SaidUpdate"/> for every message.</returns>
    public static async IAsyncEnumerable<ChatUpdate> RunAsync(IChatModel model, ChatRequest request, IToolCalls tools, ConfirmCall confirm,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        tools.BeginTurn();
        IReadOnlyList<Tool> offered = await tools.OfferAsync(cancel).ConfigureAwait(false);
        List<ChatMessage> messages = [.. request.Prompt.Messages];
        for (int round = 1; round <= MostRounds; round++)
        {
            ChatRequest asked = request with
            {
                Prompt = request.Prompt with { Messages = [.. messages], Tools = offered },
                ToolChoice = round == MostRounds ? ToolChoice.None : request.ToolChoice,
            };
            StringBuilder text = new(), reasoning = new();
            var calls = new List<(string Id, string Name, StringBuilder Arguments)>();
            await foreach (ChatUpdate update in model.AnswerAsync(asked, cancel).ConfigureAwait(false))
            {
                switch (update)
                {
                    case TextUpdate said: text.Append(said.Text); break;
                    case ReasoningUpdate thought: reasoning.Append(thought.Text); break;
                    case ToolCallUpdate call: calls.Add((call.Id, call.Name, new StringBuilder())); break;
                    case ToolArgumentsUpdate more: calls[more.Index].Arguments.Append(more.Text); break;
                    default: break;
                }
                yield return update;
            }
            ToolCall[] wanted = [.. calls.Select(c => new ToolCall(c.Id, c.Name, c.Arguments.Length > 0 ? c.Arguments.ToString() : "{}"))];
            var message = new ChatMessage("assistant", text.ToString()) { Reasoning = reasoning.Length > 0 ? reasoning.ToString() : null, ToolCalls = wanted };
            messages.Add(message);
            yield return new SaidUpdate(message);
            if (wanted.Length == 0) yield break;
            foreach (ToolCall call in wanted)
            {
                ToolResult result = await tools.CallAsync(call, confirm, cancel).ConfigureAwait(false);
                var answer = new ChatMessage("tool", result.Text) { ToolCallId = call.Id, Name = call.Name };
                messages.Add(answer);
                yield return new CalledUpdate(call, result);
                yield return new SaidUpdate(answer);
            }
        }
    }
}
