using System.Net;
using Hearth.Server.Pages.Assets;
using Microsoft.AspNetCore.Http;

namespace Hearth.Server.Pages.Shell;

/// <summary>A page without a circuit: the login, and errors that come before any page. It looks like the others.</summary>
internal static class PlainPage
{
    private const string Paths = """
        <path class="arch" d="M4 29V15a12 12 0 0 1 24 0v14h-6V16a6 6 0 0 0-12 0v13z"/>
        <path class="flame" d="M16 13c.6 3 4 4.400 4 8.600a4 4 0 0 1-8 0c0-1.800.9-2.900 1.700-4 .4 1.100 1 1.500 1.500 1.700C14.600 17.200 15 14.900 16 13z"/>
        """;

    /// <summary>The mark of Hearth, drawn in the colours of the style sheet.</summary>
    /// <param name="more">More classes.</param>
    public static string Mark(string more = "") => $"<svg class=\"mark {more}\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">{Paths}</svg>";

    /// <summary>The page.</summary>
    /// <param name="context">The request, for its colours.</param>
    /// <param name="title">Its title.</param>
    /// <param name="body">HTML of ours.</param>
    public static string Html(HttpContext context, string title, string body) => $"""
        <!DOCTYPE html>
        <html lang="en"{(Theme.Of(context) is { } theme ? $" data-theme=\"{theme}\"" : "")}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark"><title>{WebUtility.HtmlEncode(title)} · Hearth</title>
        <link rel="icon" type="image/svg+xml" href="{AssetFiles.Url("icon.svg")}"><link rel="stylesheet" href="{AssetFiles.Url("hearth.css")}"></head>
        <body class="plain"><main><a class="brand" href="/">{Mark()}<span>Hearth</span></a>{body}</main></body></html>
        """;

    /// <summary>Whether a request comes from somebody who looks at pages, not from a program.</summary>
    public static bool IsWanted(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>An error as a page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="message">What is wrong.</param>
    public static string Error(HttpContext context, string message) =>
        Html(context, "Not possible", $"<h1>This did not work</h1><p>{WebUtility.HtmlEncode(message)}</p><p><a class=\"button\" href=\"/\">To the first page</a></p>");
}
