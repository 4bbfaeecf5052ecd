using System.CommandLine;
using System.Text;
using System.Text.Json;
using Hearth.Models;
using Hearth.Models.Chat.Templates;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model template</c>: renders a chat template.</summary>
internal static class ModelTemplateCommand
{
    /// <summary>The template's file in a model's folder, where it has one of its own.</summary>
    private const string TemplateName = "chat_template.jinja";

    private const string ConfigName = "tokenizer_config.json";

    private const int MostInput = 256 << 20;

    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = $"A template, a {ConfigName}, or a model's folder or name.",
        };
        var input = new Option<string>("--input")
        {
            Description = "A JSON object: messages, tools, add_generation_prompt, bos_token ... (- reads standard input).",
            Required = true,
            HelpName = "INPUT.json",
        };
        var now = new Option<DateTime?>("--now") { Description = "The time that strftime_now shows; this moment by default.", HelpName = "2026-01-31T12:00" };
        var name = new Option<string?>("--name") { Description = "Which template, where a model has several.", HelpName = "NAME" };
        var command = new Command("template", "Print what a chat template makes of a conversation.") { file, input, now, name };
        command.Example("hearth model template factbook --input conversation.json",
            "echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}' | hearth model template chat_template.jinja --input -");
        command.SetAction(parsed =>
        {
            string given = parsed.GetValue(file)!;
            string path = Locate(given);
            (string text, IReadOnlyList<KeyValuePair<string, Value>> tokens) = ReadTemplate(path, parsed.GetValue(name));
            ChatTemplate template = ChatTemplate.Parse(text, path);
            DateTime? time = parsed.GetValue(now);
            string from = parsed.GetValue(input)!;
            using JsonDocument variables = ReadInput(from);
            if (variables.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFileException(Name(from), "holds no JSON object. Expected one with the template's variables, such as {\"messages\": [...]}.");
            }
            // What INPUT.json says comes last, so that it wins over the model's own tokens.
            IEnumerable<KeyValuePair<string, Value>> own = variables.RootElement.EnumerateObject()
                .Select(p => new KeyValuePair<string, Value>(p.Name, Value.FromJson(p.Value, Name(from))));
            Console.Out.Write(template.Render(Value.Dict([.. tokens, .. own]), new TemplateOptions { Clock = () => time ?? DateTime.Now }));
            return Common.Done;
        });
        return command;
    }

    private static string Locate(string given)
    {
        if (File.Exists(given)) return given;
        string folder = Places.Folder(given);
        string inside = Path.Combine(folder, "model");
        foreach (string at in (string[])[folder, inside])
        {
            foreach (string candidate in (string[])[Path.Combine(at, TemplateName), Path.Combine(at, ConfigName)])
            {
                if (File.Exists(candidate)) return candidate;
            }
        }
        throw new ModelFileException(folder, $"has no {TemplateName} and no {ConfigName}, so the model has no chat template. Give a template's file.");
    }

    /// <summary>A template, and the special tokens that its model names.</summary>
    private static (string Text, IReadOnlyList<KeyValuePair<string, Value>> Tokens) ReadTemplate(string path, string? name)
    {
        string config = Path.Combine(Path.GetDirectoryName(path) ?? "", ConfigName);
        bool isConfig = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (isConfig) config = path;
        if (!isConfig)
        {
            string text = Text(path, Bytes(path, ChatTemplate.MaxLength * 4));
            return (text, Path.GetFileName(path) == TemplateName && File.Exists(config) ? Tokens(config) : []);
        }
        using JsonDocument json = Json(config, Bytes(config, MostInput));
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("chat_template", out JsonElement template))
        {
            throw new ModelFileException(config, "has no key 'chat_template', so the model has no chat template. Give a template's file.");
        }
        return (Choose(config, template, name), Tokens(config));
    }

    /// <summary>The template itself, or one of a list of templates with names.</summary>
    private static string Choose(string path, JsonElement template, string? name)
    {
        if (template.ValueKind == JsonValueKind.String) return Text(template, path);
        if (template.ValueKind != JsonValueKind.Array) throw new ModelFileException(path, "'chat_template' is neither a text nor a list of templates.");
        var names = new List<string>();
        foreach (JsonElement one in template.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.Object || !one.TryGetProperty("name", out JsonElement n) || n.ValueKind != JsonValueKind.String
                || !one.TryGetProperty("template", out JsonElement t) || t.ValueKind != JsonValueKind.String)
            {
                throw new ModelFileException(path, "'chat_template' holds an entry without the texts 'name' and 'template'.");
            }
            if (Text(n, path) == (name ?? "default")) return Text(t, path);
            names.Add(Text(n, path));
        }
        throw new ModelFileException(path, $"'chat_template' has no template named '{name ?? "default"}'{NearestName.Hint(name ?? "default", names)}. Choose with --name: {string.Join(", ", names)}.");
    }

    private static string Text(JsonElement text, string path) => Value.TextFromJson(text, path);

    /// <summary>bos_token, eos_token and the others: a text, or an object with its text under "content".</summary>
    private static List<KeyValuePair<string, Value>> Tokens(string path)
    {
        using JsonDocument json = Json(path, Bytes(path, MostInput));
        var tokens = new List<KeyValuePair<string, Value>>();
        if (json.RootElement.ValueKind != JsonValueKind.Object) return tokens;
        foreach (JsonProperty property in json.RootElement.EnumerateObject().Where(p => p.Name.EndsWith("_token", StringComparison.Ordinal)))
        {
            JsonElement token = property.Value;
            if (token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out JsonElement content)) token = content;
            if (token.ValueKind == JsonValueKind.String) tokens.Add(new(property.Name, Value.FromJson(token, path)));
        }
        return tokens;
    }

    private static JsonDocument ReadInput(string given)
    {
        if (given != "-") return Json(given, Bytes(given, MostInput));
        using var bytes = new MemoryStream();
        using Stream stream = Console.OpenStandardInput();
        byte[] part = new byte[1 << 16];
        for (int read; (read = stream.Read(part)) > 0;)
        {
            if (bytes.Length + read > MostInput) throw new ModelFileException(Name(given), $"is longer than {MostInput:N0} bytes.");
            bytes.Write(part, 0, read);
        }
        return Json(given, bytes.ToArray());
    }

    private static JsonDocument Json(string given, byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));
        }
        catch (JsonException e)
        {
            throw new ModelFileException(Name(given), $"is not JSON: {e.Message}", e);
        }
    }

    private static byte[] Bytes(string path, int most)
    {
        if (!File.Exists(path)) throw new ModelFileException(path, "there is no such file.");
        long length = new FileInfo(path).Length;
        return length <= most ? File.ReadAllBytes(path) : throw new ModelFileException(path, $"has {length:N0} bytes; at most {most:N0} are read.");
    }

    private static string Text(string path, byte[] bytes)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFileException(path, "is not UTF-8 text. Expected a Jinja template.", e);
        }
    }

    private static string Name(string given) => given == "-" ? "standard input" : given;
}
