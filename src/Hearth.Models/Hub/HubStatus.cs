using System.Net;

namespace Hearth.Models.Hub;

/// <summary>What a hub's refusals mean. The hub's own word is in the header X-Error-Code.</summary>
internal static class HubStatus
{
    /// <summary>The error about an answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="address">Where it came from, for the message.</param>
    /// <param name="what">What was asked for.</param>
    /// <returns>A <see cref="PassingFailureException"/> where another attempt may help, else a <see cref="HubException"/>.</returns>
    public static Exception Failure(HttpResponseMessage response, string address, string what)
    {
        int status = (int)response.StatusCode;
        string code = response.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? codes) ? codes.First() : "";
        string answered = $"{what}: {address} answered {status}";
        if (status is 408 or 429 or >= 500) return new PassingFailureException($"{answered}.", Pause(response));
        if (code == "GatedRepo" || status == 403)
        {
            return new HubException($"{answered}: access has to be granted. Accept the model's conditions on its page at the hub, "
                + "then set HF_TOKEN to a token of that account that may read it.");
        }
        if (status == 401)
            return new HubException($"{answered}: there is no such model, or it is not public, or HF_TOKEN is not valid. Check the name, and set HF_TOKEN if it is not public.");
        return new HubException(code switch
        {
            "RevisionNotFound" => $"{answered}: the model has no such revision. Give a branch, tag or commit that it has.",
            "EntryNotFound" => $"{answered}: the model has no such file in this revision.",
            _ when response.StatusCode == HttpStatusCode.NotFound => $"{answered}: there is no such model or file. Check the name.",
            _ => $"{answered}. Check the name and HF_ENDPOINT.",
        });
    }

    private static TimeSpan? Pause(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : TimeSpan.Zero,
        _ => null,
    };
}
