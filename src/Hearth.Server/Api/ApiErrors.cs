using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Models;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Generation;
using Hearth.Models.Generation.Constraints;
using Hearth.Models.Remote;
using Hearth.Numerics;
using Hearth.Server.Auditing;
using Hearth.Server.Pages.Shell;
using Hearth.Server.Scheduling;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Server.Api;

/// <summary>The one place where exceptions become answers: bodies as OpenAI shapes them, and under /v1/messages as Anthropic does.</summary>
public static class ApiErrors
{
    private const int DatabaseRetry = 5;

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers every error, and every route that does not exist.</summary>
    /// <param name="app">The server.</param>
    public static void UseApiErrors(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null or 0, ContentType: null })
            {
                await Write(context, OfStatus(context)).ConfigureAwait(false);
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
    public static ApiException Of(Exception e, HttpContext context) =>
        Of(e, context.RequestServices.GetRequiredService<ILoggerFactory>(), $"{context.Request.Method} {context.Request.Path}");

    /// <summary>What a person or a client is told of an exception.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="logs">The log of what nobody foresaw.</param>
    /// <param name="where">Where it came up, for that log.</param>
    public static ApiException Of(Exception e, ILoggerFactory logs, string where)
    {
        switch (e)
        {
            case ApiException api: return api;
            case ContextException: return new ApiException(400, e.Message, "messages", "context_length_exceeded");
            case GenerationOptionsException option: return new ApiException(400, e.Message, option.Option);
            case ConstraintException: return new ApiException(400, e.Message, "response_format", "invalid_schema");
            case ChatException or ChatTemplateException: return new ApiException(400, e.Message, "messages");
            case InvalidOperationException { Source: "System.Text.Json.Rethrowable" }: return new ApiException(400, "A text of the body is not Unicode: it has half a character, or bytes that are none.");
            case BadHttpRequestException bad: return new ApiException(bad.StatusCode, OfBadRequest(bad));
            case BusyException busy: return new ApiException(429, e.Message, null, "queue_full") { RetryAfter = (int)busy.RetryAfter.TotalSeconds };
            case RemoteException remote: return OfRemote(remote);
            case UnknownModelException: return new ApiException(404, e.Message, "model", "model_not_found");
            case MemoryBudgetException: return new ApiException(400, e.Message, null, "out_of_memory");
            case AntiforgeryValidationException: return new ApiException(400, "The form is too old or from elsewhere. Load the page again.");
            case AuditException: return new ApiException(503, e.Message, null, "database") { RetryAfter = DatabaseRetry };
            case DbException or DbUpdateException:
                return new ApiException(503, "The server's database does not answer. Try again in a while.", null, "database") { RetryAfter = DatabaseRetry };
            case ModelFileException: return new ApiException(503, e.Message, "model", "model_broken");
            case HearthException: return new ApiException(400, e.Message);
            default:
                // Messages of exceptions may quote what was asked: the log gets the kind and the place.
                logs.CreateLogger("Hearth.Server").LogError("An error nobody foresaw at {Where}: {Kind}\n{Place}", where, e.GetType(), e.StackTrace);
                return new ApiException(500, "The server failed. Its log says more.", null, "internal_error");
        }
    }

    /// <summary>Writes an error as the response: as a page for who looks at pages.</summary>
    /// <param name="context">The request; its response has not started.</param>
    /// <param name="error">The error.</param>
    public static async Task Write(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        bool page = PlainPage.IsWanted(context.Request);
        context.Response.ContentType = page ? "text/html; charset=utf-8" : "application/json";
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (page)
        {
            await context.Response.WriteAsync(PlainPage.Error(context, error.Message), context.RequestAborted).ConfigureAwait(false);
            return;
        }
        bool anthropic = context.Request.Path.StartsWithSegments("/v1/messages", StringComparison.Ordinal);
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(Body(error, anthropic), Json), context.RequestAborted).ConfigureAwait(false);
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

    private static ApiException OfRemote(RemoteException e)
    {
        (int status, string code) = e.Failure switch
        {
            RemoteFailure.CanNot => (400, "remote_can_not"),
            RemoteFailure.Refused => (400, "remote_refused"),
            RemoteFailure.Limited => (429, "remote_limited"),
            RemoteFailure.Busy => (503, "remote_busy"),
            RemoteFailure.TimedOut => (504, "remote_timeout"),
            RemoteFailure.Unreachable => (502, "remote_unreachable"),
            RemoteFailure.Key => (502, "remote_key"),
            _ => (502, "remote_broken"),
        };
        return new ApiException(status, e.Message, "model", code) { RetryAfter = (int?)e.RetryAfter?.TotalSeconds };
    }

    private static string OfBadRequest(BadHttpRequestException e) => e.StatusCode switch
    {
        413 => "The request is larger than this server takes.",
        408 => "The request came too slowly.",
        _ => e.Message,
    };

    /// <summary>What a status alone means, set by routing or by who keeps the routes.</summary>
    private static ApiException OfStatus(HttpContext context)
    {
        HttpRequest request = context.Request;
        int status = context.Response.StatusCode;
        return status switch
        {
            401 => new ApiException(status, "A key is needed, in the header 'Authorization: Bearer KEY' or 'x-api-key: KEY'. `hearth key add NAME` makes one.", null, "invalid_api_key"),
            403 => new ApiException(status, "This key may not do this. An admin's key may.", null, "forbidden"),
            404 => new ApiException(status, $"There is nothing at {request.Path}. See /openapi.json for what there is.", null, "not_found"),
            405 => new ApiException(status, $"{request.Method} is not possible at {request.Path}, {context.Response.Headers.Allow} is.", null, "method_not_allowed"),
            413 => new ApiException(status, "The request is larger than this server takes.", null, "too_large"),
            415 => new ApiException(status, $"A body of the type '{request.ContentType}' is not understood here. Send application/json.", null, "unsupported_media_type"),
            _ => new ApiException(status, $"The server answers with status {status}."),
        };
    }
}
