using System.CommandLine;
using System.Text.Json;
using Hearth.Models;
using Hearth.Models.Bundles;
using Hearth.Models.Chat.Templates;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth model template</c>: renders a chat template.</summary>
internal static class ModelTemplateCommand
{
    private const int MostInput = 256 << 20;

    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "A template, a tokenizer_config.json, a .gguf file, or a model's folder or name.",
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
            TemplateFile own = Read(given, parsed.GetValue(name));
            ChatTemplate template = ChatTemplate.Parse(own.Text, own.Path);
            DateTime? time = parsed.GetValue(now);
            string from = parsed.GetValue(input)!;
            using JsonDocument variables = ReadInput(from);
            if (variables.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFileException(Name(from), "holds no JSON object. Expected one with the template's variables, such as {\"messages\": [...]}.");
            }
            // What INPUT.json says comes last, so that it wins over the model's own tokens.
            IEnumerable<KeyValuePair<string, Value>> values = variables.RootElement.EnumerateObject()
                .Select(p => new KeyValuePair<string, Value>(p.Name, Value.FromJson(p.Value, Name(from))));
            Console.Out.Write(template.Render(Value.Dict([.. own.Tokens, .. values]), new TemplateOptions { Clock = () => time ?? DateTime.Now }));
            return Common.Done;
        });
        return command;
    }

    private static TemplateFile Read(string given, string? name)
    {
        if (given.EndsWith(GgufBundle.Extension, StringComparison.OrdinalIgnoreCase)) return GgufBundle.Template(given);
        if (File.Exists(given)) return TemplateFile.Read(given, name);
        string folder = Places.Folder(given);
        string? path = TemplateFile.Find(folder) ?? TemplateFile.Find(Path.Combine(folder, "model"));
        return path is not null
            ? TemplateFile.Read(path, name)
            : throw new ModelFileException(folder, "has no chat_template.jinja and no tokenizer_config.json, so the model has no chat template. Give a template's file.");
    }

    private static JsonDocument ReadInput(string given)
    {
        if (given != "-") return TemplateFile.Json(given, TemplateFile.Bytes(given, MostInput));
        using var bytes = new MemoryStream();
        using Stream stream = Console.OpenStandardInput();
        byte[] part = new byte[1 << 16];
        for (int read; (read = stream.Read(part)) > 0;)
        {
            if (bytes.Length + read > MostInput) throw new ModelFileException(Name(given), $"is longer than {MostInput:N0} bytes.");
            bytes.Write(part, 0, read);
        }
        return TemplateFile.Json(Name(given), bytes.ToArray());
    }

    private static string Name(string given) => given == "-" ? "standard input" : given;
}
