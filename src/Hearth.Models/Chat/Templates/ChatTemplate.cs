using System.Text.Json;

namespace Hearth.Models.Chat.Templates;

/// <summary>
/// A model's chat template: the part of Jinja that such templates use, set up as Hugging Face sets it up (Jinja 3.1's
/// ImmutableSandboxedEnvironment with trim_blocks, lstrip_blocks and loop controls). A template can print, and nothing else: it reads no
/// file, reaches nothing of .NET, changes none of its variables, and its steps, depth and texts are bounded.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The most characters of a template.</summary>
    public const int MaxLength = 1 << 20;

    private readonly IReadOnlyList<Node> _body;

    private ChatTemplate(string name, IReadOnlyList<Node> body) => (Name, _body) = (name, body);

    /// <summary>The template's name, for errors.</summary>
    public string Name { get; }

    /// <summary>Reads a template. It can be rendered many times, also at once.</summary>
    /// <param name="text">The template.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="ChatTemplateException">It is not well formed.</exception>
    public static ChatTemplate Parse(string text, string name)
    {
        if (text.Length > MaxLength) throw new ChatTemplateException(name, 1, $"the template has {text.Length:N0} characters; at most {MaxLength:N0} are read.");
        return new ChatTemplate(name, Parser.Parse(name, Lexer.Read(name, text)));
    }

    /// <summary>The text the template makes of some variables.</summary>
    /// <param name="variables">A dict (<see cref="Value.Dict"/>) of <c>messages</c>, <c>tools</c>, <c>add_generation_prompt</c>, <c>bos_token</c> and others.</param>
    /// <param name="options">Bounds and the clock; the usual bounds and no clock when null.</param>
    /// <exception cref="ChatTemplateException">The template fails, refuses its input, or exceeds a bound.</exception>
    public string Render(Value variables, TemplateOptions? options = null) => variables is DictValue dict && dict.Entries.All(e => e.Key is StringValue)
        ? Evaluator.Render(Name, _body, dict, options ?? new TemplateOptions())
        : throw new ArgumentException("The variables of a template are a dict with names.", nameof(variables));

    /// <summary>As the other, with the variables in a JSON object.</summary>
    /// <param name="variables">The object.</param>
    /// <param name="file">Where it came from, for errors.</param>
    /// <param name="options">Bounds and the clock.</param>
    /// <exception cref="ModelFileException">The JSON is not an object, or holds what is not valid.</exception>
    /// <exception cref="ChatTemplateException">The template fails, refuses its input, or exceeds a bound.</exception>
    public string Render(JsonElement variables, string file, TemplateOptions? options = null) => variables.ValueKind == JsonValueKind.Object
        ? Render(Value.FromJson(variables, file), options)
        : throw new ModelFileException(file, "holds no JSON object. Expected one with the template's variables: messages, tools, add_generation_prompt ...");
}
