using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Numerics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Api;

/// <summary>The one place where exceptions become answers: bodies as OpenAI shapes them, and under /v1/messages as Anthropic does.</summary>
public static class ApiErrors
{
    /// <summary>Answers every error, and every route that does not exist.</summary>
    /// <param name="app">The server.</param>
    public static void UseApiErrors(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405 or 413 or 415, ContentLength: null or 0 } && context.GetEndpoint() is null)
            {
                string problem = context.Response.StatusCode == 405
                    ? $"{context.Request.Method} is not possible here."
                    : $"There is nothing at {context.Request.Path}.";
                await Write(context, new ApiException(context.Response.StatusCode, problem + " See /openapi.json for what there is.")).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody reads an answer.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await Write(context, Of(e, context)).ConfigureAwait(false);
        }
    });

    /// <summary>What a client is told of an exception.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="context">The request, for the log of what nobody foresaw.</param>
    public static ApiException Of(Exception e, HttpContext context)
    {
        switch (e)
        {
            case ApiException api: return api;
            case ContextException: return new ApiException(400, e.Message, "messages", "context_length_exceeded");
            case GenerationOptionsException option: return new ApiException(400, e.Message, option.Option);
            case ConstraintException: return new ApiException(400, e.Message, "response_format", "invalid_schema");
            case ChatException or ChatTemplateException: return new ApiException(400, e.Message, "messages");
            case BadHttpRequestException bad: return new ApiException(bad.StatusCode, bad.StatusCode == 413 ? "The request is larger than this server takes." : e.Message);
            case ModelFileException: return new ApiException(503, e.Message, "model", "model_broken");
            case HearthException: return new ApiException(400, e.Message);
            default:
                ILogger log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Hearth.Server");
                log.LogError(e, "An error nobody foresaw at {Path}", context.Request.Path);
                return new ApiException(500, "The server failed. Its log says more.", null, "internal_error");
        }
    }

    /// <summary>The error as a body.</summary>
    /// <param name="error">The error.</param>
    /// <param name="anthropic">True for Anthropic's shape.</param>
    public static JsonObject Body(ApiException error, bool anthropic)
    {
        string type = error.Status switch
        {
            401 => "authentication_error",
            403 => "permission_error",
            404 => anthropic ? "not_found_error" : "invalid_request_error",
            413 => anthropic ? "request_too_large" : "invalid_request_error",
            429 => anthropic ? "rate_limit_error" : "rate_limit_exceeded",
            503 or 529 => anthropic ? "overloaded_error" : "server_error",
            >= 500 => anthropic ? "api_error" : "server_error",
            _ => "invalid_request_error",
        };
        return anthropic
            ? new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = error.Message } }
            : new JsonObject { ["error"] = new JsonObject { ["message"] = error.Message, ["type"] = type, ["param"] = error.Param, ["code"] = error.Code } };
    }

    private static async Task Write(HttpContext context, ApiException error)
    {
        context.Response.Clear();
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json";
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        bool anthropic = context.Request.Path.StartsWithSegments("/v1/messages", StringComparison.Ordinal);
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(Body(error, anthropic)), context.RequestAborted).ConfigureAwait(false);
    }
}
