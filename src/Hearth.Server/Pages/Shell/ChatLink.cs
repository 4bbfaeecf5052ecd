using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Hearth.Server.Pages.Shell;

/// <summary>The way to the chat: also where one is in a conversation.</summary>
public sealed class ChatLink : NavLink
{
    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <inheritdoc/>
    protected override bool ShouldMatch(string uriAbsolute) => Navigation.ToBaseRelativePath(uriAbsolute).Split('?', '#')[0] is var path && (path.Length == 0 || path.StartsWith("c/", StringComparison.Ordinal));
}
