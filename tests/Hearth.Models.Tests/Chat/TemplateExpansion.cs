using System.Text;
using System.Text.RegularExpressions;
using Hearth.Models.Chat;
using Shouldly;

namespace Hearth.Models.Tests.Chat;

/// <summary>The few words of Jinja that the conversation's template is written in: for, if, and sums of literals and fields.</summary>
internal static partial class TemplateExpansion
{
    public static string Expand(string template, IReadOnlyList<ChatMessage> messages, bool askForAnswer)
    {
        var text = new StringBuilder();
        string[] tags = [.. Tags().Matches(template).Select(m => m.Value)];
        string.Concat(tags).Length.ShouldBe(template.Length, "the template is tags from end to end");
        for (int i = 0; i < tags.Length; i++)
        {
            if (tags[i] == "{% for message in messages %}")
            {
                int end = Array.IndexOf(tags, "{% endfor %}", i);
                foreach (ChatMessage message in messages)
                {
                    foreach (string tag in tags[(i + 1)..end]) text.Append(Sum(tag, message));
                }
                i = end;
            }
            else if (tags[i] == "{% if add_generation_prompt %}")
            {
                int end = Array.IndexOf(tags, "{% endif %}", i);
                foreach (string tag in tags[(i + 1)..end]) text.Append(askForAnswer ? Sum(tag, null) : "");
                i = end;
            }
            else text.Append(Sum(tags[i], null));
        }
        return text.ToString();
    }

    private static string Sum(string tag, ChatMessage? message)
    {
        Match whole = Sums().Match(tag);
        whole.Success.ShouldBeTrue(tag);
        return string.Concat(whole.Groups["term"].Captures.Select(c => c.Value switch
        {
            "message['role']" => message!.Role,
            "message['content']" => message!.Content,
            string literal => literal[1..^1],
        }));
    }

    [GeneratedRegex(@"\{%.*?%\}|\{\{.*?\}\}")]
    private static partial Regex Tags();

    [GeneratedRegex(@"^\{\{ (?<term>'[^']*'|message\['\w+'\])(?: \+ (?<term>'[^']*'|message\['\w+'\]))* \}\}$")]
    private static partial Regex Sums();
}
