using System.Globalization;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;

namespace Hearth.Models.Remote;

/// <summary>Requests in the words of OpenAI's interface, with the fields that vLLM and llama-server added. What is as usual is left out.</summary>
internal static class RemoteRequest
{
    /// <summary>A conversation, to be answered as a stream.</summary>
    /// <exception cref="RemoteException">It asks for what can not be told to a remote model.</exception>
    public static JsonObject Chat(RemoteSpec spec, ChatRequest request)
    {
        if (request.ReasoningBudget is not null) throw CanNot(spec, "can not be given a budget of reasoning tokens: its interface has no field for it. Leave it out.");
        ChatPrompt prompt = request.Prompt;
        JsonObject body = Stream(spec, request.Options, request.Stops);
        body["messages"] = new JsonArray([.. prompt.Messages.Select(Message)]);
        if (prompt.Tools.Count > 0)
        {
            body["tools"] = new JsonArray([.. prompt.Tools.Select(Tool)]);
            body["tool_choice"] = request.ToolName is { } name
                ? new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } }
                : request.ToolChoice switch { ToolChoice.None => "none", ToolChoice.Required => "required", _ => "auto" };
            if (!request.ParallelCalls) body["parallel_tool_calls"] = false;
        }
        else if (request.ToolChoice == ToolChoice.Required) throw new ChatException("A tool must be called, and there are no tools.");
        if (prompt.ReasoningEffort is { } effort) body["reasoning_effort"] = effort;
        if (prompt.Thinking is { } thinking) body["chat_template_kwargs"] = new JsonObject { ["enable_thinking"] = thinking };
        if (prompt.ContinueLast) (body["continue_final_message"], body["add_generation_prompt"]) = (true, false);
        else if (!prompt.AskForAnswer) body["add_generation_prompt"] = false;
        if (request.LogProbabilities) (body["logprobs"], body["top_logprobs"]) = (true, request.Options.Alternatives);
        if (request.Shape is { } shape) Shape(body, shape);
        return body;
    }

    /// <summary>A text to be gone on with, as a stream.</summary>
    public static JsonObject Completion(RemoteSpec spec, JsonNode prompt, GenerationOptions options, IReadOnlyList<string> stops, Grammar? shape, bool echo, int? logprobs)
    {
        JsonObject body = Stream(spec, options, stops);
        body["prompt"] = prompt;
        if (echo) body["echo"] = true;
        if (logprobs is not null) body["logprobs"] = logprobs;
        if (shape is not null) Shape(body, shape);
        return body;
    }

    /// <summary>What a remote model, or this one, has no way to do.</summary>
    public static RemoteException CanNot(RemoteSpec spec, string problem) => new(spec.Name, RemoteFailure.CanNot, problem);

    private static JsonObject Stream(RemoteSpec spec, GenerationOptions options, IReadOnlyList<string> stops)
    {
        var body = new JsonObject
        {
            ["model"] = spec.Model,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            ["temperature"] = options.Temperature,
            ["seed"] = options.Seed,
        };
        if (options.MaxTokens != int.MaxValue) body["max_tokens"] = options.MaxTokens;
        if (stops.Count > 0) body["stop"] = new JsonArray([.. stops.Select(s => JsonValue.Create(s))]);
        if (options.TopP != 1) body["top_p"] = options.TopP;
        if (options.TopK != 0) body["top_k"] = options.TopK;
        if (options.MinP != 0) body["min_p"] = options.MinP;
        if (options.FrequencyPenalty != 0) body["frequency_penalty"] = options.FrequencyPenalty;
        if (options.PresencePenalty != 0) body["presence_penalty"] = options.PresencePenalty;
        if (options.RepetitionPenalty != 1) (body["repetition_penalty"], body["repeat_penalty"]) = (options.RepetitionPenalty, options.RepetitionPenalty);   // vLLM's name, llama-server's
        if (options.Dry is { } dry)
        {
            (body["dry_multiplier"], body["dry_base"], body["dry_allowed_length"]) = (dry.Multiplier, dry.Base, dry.AllowedLength);
        }
        if (options.LogitBias.Count > 0)
        {
            body["logit_bias"] = new JsonObject(options.LogitBias.OrderBy(b => b.Key).Select(b => KeyValuePair.Create(b.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)b.Value)));
        }
        return body;
    }

    private static void Shape(JsonObject body, Grammar shape)
    {
        switch (shape.Source)
        {
            case GrammarSource.JsonSchema when ReferenceEquals(shape, Grammar.JsonObject): body["response_format"] = new JsonObject { ["type"] = "json_object" }; break;
            case GrammarSource.JsonSchema:
                body["response_format"] = new JsonObject
                {
                    ["type"] = "json_schema",
                    ["json_schema"] = new JsonObject { ["name"] = "answer", ["strict"] = true, ["schema"] = JsonNode.Parse(shape.Text) },
                };
                break;
            case GrammarSource.Gbnf: body["grammar"] = shape.Text; break;
            case GrammarSource.Regex: body["guided_regex"] = shape.Text; break;
            default: throw new ArgumentException("A grammar of parts has no words to pass on.", nameof(shape));
        }
    }

    private static JsonObject Message(ChatMessage message)
    {
        var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
        if (message.Name is not null) json["name"] = message.Name;
        if (message.Reasoning is not null) json["reasoning_content"] = message.Reasoning;
        if (message.ToolCallId is not null) json["tool_call_id"] = message.ToolCallId;
        if (message.ToolCalls.Count > 0)
        {
            json["tool_calls"] = new JsonArray([.. message.ToolCalls.Select(c => new JsonObject
            {
                ["id"] = c.Id, ["type"] = "function", ["function"] = new JsonObject { ["name"] = c.Name, ["arguments"] = c.Arguments },
            })]);
        }
        return json;
    }

    private static JsonObject Tool(Tool tool)
    {
        var function = new JsonObject { ["name"] = tool.Name };
        if (tool.Description is not null) function["description"] = tool.Description;
        if (tool.Parameters is not null) function["parameters"] = JsonNode.Parse(tool.Parameters);
        if (tool.Strict) function["strict"] = true;
        return new JsonObject { ["type"] = "function", ["function"] = function };
    }
}
