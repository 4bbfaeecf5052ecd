using System.Text;
using System.Text.Json;

namespace Hearth.Models.Chat.Templates;

/// <summary>A chat template as a model's files hold it, with the special tokens that the files name.</summary>
/// <param name="Path">The file.</param>
/// <param name="Text">The template.</param>
/// <param name="Tokens">bos_token, eos_token and the others.</param>
public sealed record TemplateFile(string Path, string Text, IReadOnlyList<KeyValuePair<string, Value>> Tokens)
{
    private const string OwnName = "chat_template.jinja";
    private const string ConfigName = "tokenizer_config.json";
    private const int MostConfig = 256 << 20;

    /// <summary>The file that holds a folder's template; null where there is none.</summary>
    /// <param name="folder">The model's folder.</param>
    public static string? Find(string folder) =>
        ((string[])[System.IO.Path.Combine(folder, OwnName), System.IO.Path.Combine(folder, ConfigName)]).FirstOrDefault(File.Exists);

    /// <summary>Reads a template from a file of its own or from a tokenizer_config.json.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Which template, where there are several; null for the one named default.</param>
    /// <exception cref="ModelFileException">There is none, or the file is damaged.</exception>
    public static TemplateFile Read(string path, string? name = null)
    {
        string config = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path) ?? "", ConfigName);
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            string text = Decode(path, Bytes(path, ChatTemplate.MaxLength * 4));
            return new TemplateFile(path, text, System.IO.Path.GetFileName(path) == OwnName && File.Exists(config) ? SpecialTokens(config) : []);
        }
        using JsonDocument json = Json(path, Bytes(path, MostConfig));
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("chat_template", out JsonElement template))
        {
            throw new ModelFileException(path, "has no key 'chat_template', so the model has no chat template. Give a template's file.");
        }
        return new TemplateFile(path, Choose(path, template, name), SpecialTokens(path));
    }

    /// <summary>Parses a JSON file that may begin with a byte order mark.</summary>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="bytes">Its content.</param>
    /// <exception cref="ModelFileException">It is not JSON.</exception>
    public static JsonDocument Json(string name, byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));
        }
        catch (JsonException e)
        {
            throw new ModelFileException(name, $"is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Reads a file of at most so many bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most it may have.</param>
    /// <exception cref="ModelFileException">It is missing or larger.</exception>
    public static byte[] Bytes(string path, int most)
    {
        if (!File.Exists(path)) throw new ModelFileException(path, "there is no such file.");
        long length = new FileInfo(path).Length;
        return length <= most ? File.ReadAllBytes(path) : throw new ModelFileException(path, $"has {length:N0} bytes; at most {most:N0} are read.");
    }

    /// <summary>The template itself, or one of a list of templates with names.</summary>
    private static string Choose(string path, JsonElement template, string? name)
    {
        if (template.ValueKind == JsonValueKind.String) return Value.TextFromJson(template, path);
        if (template.ValueKind != JsonValueKind.Array) throw new ModelFileException(path, "'chat_template' is neither a text nor a list of templates.");
        var names = new List<string>();
        foreach (JsonElement one in template.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.Object || !one.TryGetProperty("name", out JsonElement n) || n.ValueKind != JsonValueKind.String
                || !one.TryGetProperty("template", out JsonElement t) || t.ValueKind != JsonValueKind.String)
            {
                throw new ModelFileException(path, "'chat_template' holds an entry without the texts 'name' and 'template'.");
            }
            if (Value.TextFromJson(n, path) == (name ?? "default")) return Value.TextFromJson(t, path);
            names.Add(Value.TextFromJson(n, path));
        }
        throw new ModelFileException(path,
            $"'chat_template' has no template named '{name ?? "default"}'{NearestName.Hint(name ?? "default", names)}. Choose with --name: {string.Join(", ", names)}.");
    }

    /// <summary>bos_token, eos_token and the others: a text, or an object with its text under "content".</summary>
    private static List<KeyValuePair<string, Value>> SpecialTokens(string path)
    {
        using JsonDocument json = Json(path, Bytes(path, MostConfig));
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

    private static string Decode(string path, byte[] bytes)
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
}
