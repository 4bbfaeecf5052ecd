using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Server.Api;
using Hearth.Server.Models;
using Hearth.Server.Security;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Hearth.Server.Mcp;

/// <summary>What programs can ask of Hearth over the Model Context Protocol: its models, facts about them, and the documents that they were made from.</summary>
internal sealed class McpTools(IServiceProvider services, IModelHost models, DocumentSearch documents)
{
    private const int UsualTokens = 512, MostDocuments = 50;

    private Caller? _local;

    /// <summary>Puts the tools into a server's options.</summary>
    /// <param name="options">The options.</param>
    /// <param name="local">Who asks where nobody has to show a key; null where somebody has to.</param>
    public void AddTo(McpServerOptions options, Caller? local = null)
    {
        _local = local;
        options.ServerInfo = new Implementation { Name = "hearth", Title = "Hearth", Version = typeof(McpTools).Assembly.GetName().Version!.ToString(3) };
        options.ServerInstructions = "Language models of this institution. search_models lists them, chat asks one, search_documents finds the documents that one was made from.";
        options.ToolCollection =
        [
            Tool(ChatAsync, "chat", "Asks a language model a question and gives its answer. Every answer is written down with its seed."),
            Tool(ModelsAsync, "search_models", "Lists the models that can be asked, with architecture, size, licence and origin."),
            Tool(DocumentsAsync, "search_documents", "Finds the documents that a model was trained from here which hold a text, letter for letter: id, name, origin, licence, and the steps that saw them."),
        ];
    }

    private static McpServerTool Tool(Delegate method, string name, string about) =>
        McpServerTool.Create(method, new McpServerToolCreateOptions { Name = name, Description = about, ReadOnly = true, Destructive = false, OpenWorld = false });

    private Task<CallToolResult> ChatAsync(
        RequestContext<CallToolRequestParams> context,
        [Description("The question.")] string message,
        [Description("The model's name; may be left out where there is one model.")] string? model = null,
        [Description("What the model is told before.")] string? system = null,
        [Description("The most tokens of the answer.")] int maxTokens = UsualTokens,
        [Description("0 takes the likeliest words; larger is more varied.")] double temperature = 0,
        [Description("The same seed gives the same answer.")] long? seed = null,
        CancellationToken cancel = default) => Told(async () =>
        {
            Caller caller = Of(context);
            if (maxTokens < 1) throw new ApiException(400, $"maxTokens is {maxTokens}, expected 1 or more.");
            if (!(temperature is >= 0 and <= 100)) throw new ApiException(400, "temperature is outside 0 to 100.");
            string name = model ?? (models.List().Where(m => caller.MayAsk(m.Name)).ToArray() is [var only] ? only.Name : throw new ApiException(400, "Say which model: search_models lists them."));
            caller.RequireModel(name);
            LoadedModel loaded = await models.GetAsync(name, caller.Id, cancel).ConfigureAwait(false);
            using IDisposable lease = loaded.Lease;
            List<ChatMessage> messages = [.. (system is null ? [] : (ChatMessage[])[new ChatMessage("system", system)]), new ChatMessage("user", message)];
            var request = new ChatRequest(new ChatPrompt(messages))
            {
                Options = new GenerationOptions { MaxTokens = maxTokens, Temperature = temperature, Seed = seed ?? RandomNumberGenerator.GetInt32(int.MaxValue) },
            };
            var text = new StringBuilder();
            FinishUpdate? end = null;
            await foreach (ChatUpdate update in loaded.Engine.AnswerAsync(request, cancel).ConfigureAwait(false))
            {
                if (update is TextUpdate said) text.Append(said.Text);
                end = update as FinishUpdate ?? end;
            }
            var asked = new JsonObject
            {
                ["model"] = name,
                ["messages"] = new JsonArray([.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
                ["max_tokens"] = maxTokens,
                ["temperature"] = temperature,
            };
            await Asked.Record(services, caller, McpSetup.Route, loaded, request.Options.Seed, asked, new JsonObject { ["role"] = "assistant", ["content"] = text.ToString() }, end!.Usage).ConfigureAwait(false);
            return (text.ToString(), new JsonObject
            {
                ["answer"] = text.ToString(),
                ["model"] = name,
                ["digest"] = loaded.Digest,
                ["seed"] = request.Options.Seed,
                ["cutShort"] = end.Reason == FinishReason.Length,
            });
        });

    private Task<CallToolResult> ModelsAsync(
        RequestContext<CallToolRequestParams> context,
        [Description("Words that must stand in a model's name or facts; all models when left out.")] string? query = null) => Told(() =>
        {
            Caller caller = Of(context);
            string[] words = (query ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            JsonObject[] found = [.. models.List().Where(m => caller.MayAsk(m.Name)).Select(Facts).Where(f =>
                words.All(w => f.Any(p => p.Value?.ToString().Contains(w, StringComparison.OrdinalIgnoreCase) == true)))];
            var result = new JsonObject { ["models"] = new JsonArray([.. found]) };
            return Task.FromResult((result.ToJsonString(Api.Wire.Json.Plain), result));
        });

    private Task<CallToolResult> DocumentsAsync(
        RequestContext<CallToolRequestParams> context,
        [Description("A model that was trained here, as search_models names it.")] string model,
        [Description("The text, upper case or lower.")] string text,
        [Description("The most documents to give, up to 50.")] int limit = 10,
        CancellationToken cancel = default) => Told(async () =>
        {
            Of(context).RequireModel(model);
            if (text.Trim().Length < 2) throw new ApiException(400, "Give a text of two letters or more.");
            string path = models.List().FirstOrDefault(m => m.Name == model)?.Path ?? throw new ApiException(404, $"There is no model '{model}' of this machine. search_models lists those there are.");
            JsonObject result = await documents.FindAsync(path, model, text.Trim(), Math.Clamp(limit, 1, MostDocuments), cancel).ConfigureAwait(false);
            return (result.ToJsonString(Api.Wire.Json.Plain), result);
        });

    private static JsonObject Facts(ServedModel model)
    {
        var facts = new JsonObject { ["name"] = model.Name };
        if (model.Path is null)
        {
            facts["remote"] = true;
            return facts;
        }
        try
        {
            ModelSummary s = ModelSummary.Read(model.Path);
            (facts["architecture"], facts["parameters"], facts["type"], facts["bytes"]) = (s.Architecture, s.Parameters, s.Type, s.Bytes);
            (facts["licence"], facts["repository"], facts["commit"]) = (s.Licence, s.Origin?.Repository, s.Origin?.Commit);
            facts["trainedHere"] = DocumentSearch.Run(model.Path) is not null;
        }
        catch (Exception e) when (e is HearthException or IOException or UnauthorizedAccessException)
        {
            facts["problem"] = e is HearthException ? e.Message : "It can not be read.";
        }
        return facts;
    }

    private Caller Of(RequestContext<CallToolRequestParams> context) => context.User is { Identity.IsAuthenticated: true } user ? Caller.Of(user)
        : _local ?? throw new ApiException(401, "A key is needed here.");

    /// <summary>What came, or in the same words as everywhere what was wrong.</summary>
    private static async Task<CallToolResult> Told(Func<Task<(string Text, JsonObject Structured)>> work)
    {
        try
        {
            (string text, JsonObject structured) = await work().ConfigureAwait(false);
            return new CallToolResult { Content = [new TextContentBlock { Text = text }], StructuredContent = JsonSerializer.SerializeToElement(structured, Api.Wire.Json.Plain) };
        }
        catch (HearthException e)
        {
            return new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = e.Message }] };
        }
    }
}
