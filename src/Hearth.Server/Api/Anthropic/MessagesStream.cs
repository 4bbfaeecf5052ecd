using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Server.Api.OpenAi;
using Hearth.Server.Api.Wire;
using Hearth.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Api.Anthropic;

/// <summary>An answer as Anthropic's events: blocks of thinking, text and calls, one after the other.</summary>
internal sealed class MessagesStream(HttpContext context, LoadedModel model, string id)
{
    private readonly EventStream _events = new(context);
    private int _block = -1;
    private string _kind = "";

    public async Task Run(ChatRequest request, JsonNode asked)
    {
        var answer = new ChatAnswer(model, request, 0);
        bool began = false;
        try
        {
            await foreach (ChatUpdate update in model.Engine.AnswerAsync(request, context.RequestAborted).ConfigureAwait(false))
            {
                began = true;
                _ = answer.Take(update);
                if (update is FinishUpdate)
                {
                    await Close().ConfigureAwait(false);
                    await Asked.Record(context, model, answer.Seed, asked, answer.Message(), answer.Usage).ConfigureAwait(false);
                }
                await Take(update).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (began && e is not OperationCanceledException)
        {
            await _events.Send(ApiErrors.Body(ApiErrors.Of(e, context), anthropic: true), "error").ConfigureAwait(false);
        }
    }

    private async Task Take(ChatUpdate update)
    {
        switch (update)
        {
            case BeginUpdate begin:
                await Send("message_start", new JsonObject { ["message"] = MessagesRoute.Envelope(model, id, new ChatUsage(begin.PromptTokens, 0, 0)) }).ConfigureAwait(false);
                break;
            case TextUpdate text:
                await Open("text", new JsonObject { ["type"] = "text", ["text"] = "" }).ConfigureAwait(false);
                await Delta(new JsonObject { ["type"] = "text_delta", ["text"] = text.Text }).ConfigureAwait(false);
                break;
            case ReasoningUpdate reasoning:
                await Open("thinking", new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" }).ConfigureAwait(false);
                await Delta(new JsonObject { ["type"] = "thinking_delta", ["thinking"] = reasoning.Text }).ConfigureAwait(false);
                break;
            case ToolCallUpdate call:
                await Close().ConfigureAwait(false);
                await Open($"tool {call.Index}", new JsonObject { ["type"] = "tool_use", ["id"] = $"toolu_{Guid.CreateVersion7():N}", ["name"] = call.Name, ["input"] = new JsonObject() }).ConfigureAwait(false);
                break;
            case ToolArgumentsUpdate arguments:
                await Delta(new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = arguments.Text }).ConfigureAwait(false);
                break;
            case FinishUpdate finish:
                await Send("message_delta", new JsonObject
                {
                    ["delta"] = new JsonObject { ["stop_reason"] = MessagesRoute.StopReason(finish.Reason, finish.StopString), ["stop_sequence"] = finish.StopString },
                    ["usage"] = MessagesRoute.Usage(finish.Usage),
                }).ConfigureAwait(false);
                await Send("message_stop", []).ConfigureAwait(false);
                break;
            default: break;
        }
    }

    private async Task Open(string kind, JsonObject block)
    {
        if (_kind == kind) return;
        await Close().ConfigureAwait(false);
        _kind = kind;
        _block++;
        await Send("content_block_start", new JsonObject { ["index"] = _block, ["content_block"] = block }).ConfigureAwait(false);
    }

    private Task Delta(JsonObject delta) => Send("content_block_delta", new JsonObject { ["index"] = _block, ["delta"] = delta });

    private async Task Close()
    {
        if (_kind.Length == 0) return;
        _kind = "";
        await Send("content_block_stop", new JsonObject { ["index"] = _block }).ConfigureAwait(false);
    }

    private Task Send(string type, JsonObject data)
    {
        data.Insert(0, "type", type);
        return _events.Send(data, type);
    }
}
