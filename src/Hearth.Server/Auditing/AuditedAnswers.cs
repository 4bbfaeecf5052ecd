using System.Text.Json.Nodes;
using Hearth.Server.Api;

namespace Hearth.Server.Auditing;

/// <summary>Writes every answer into the audit log before the client sees its end.</summary>
internal sealed class AuditedAnswers(AuditLog log) : IAnswerLog
{
    /// <summary>Fields of requests that hold what was said, in the order in which they are kept.</summary>
    public static readonly string[] Said = ["messages", "prompt", "input", "system", "instructions"];

    public Task<AuditReceipt> AppendAsync(AnswerRecord record)
    {
        var options = record.Request.DeepClone() as JsonObject ?? [];
        string prompt = "";
        foreach (string name in Said)                                            // what was said stands apart from how to answer
        {
            if (!options.Remove(name, out JsonNode? said) || said is null) continue;
            prompt += (prompt.Length > 0 ? "\n" : "") + said.ToJsonString(Api.Wire.Json.Plain);
        }
        return log.AppendAsync(new AuditEntry
        {
            Key = record.Key,
            Name = record.Owner,
            Endpoint = record.Route,
            Model = record.Model,
            ModelDigest = record.Digest,
            Seed = record.Seed,
            Options = options,
            Prompt = prompt,
            Answer = StableAnswer.Of(record.Answer).ToJsonString(Api.Wire.Json.Plain),
            PromptTokens = record.PromptTokens,
            AnswerTokens = record.AnswerTokens,
        });
    }
}
