using System.Globalization;
using System.Text.Json;
using Hearth.Models.Chat.Templates;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat.Templates;

/// <summary>The templates of known models give what Jinja2, set up as Hugging Face does, gives for them.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public void Every_template_of_the_reference_set_renders_byte_for_byte()
    {
        string[] files = [.. Directory.GetFiles(SharedData.At("conformance/chat-templates"), "*.json").Order(StringComparer.Ordinal)];
        files.Length.ShouldBeGreaterThan(10);
        int cases = 0;
        foreach (string file in files)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            ChatTemplate template = ChatTemplate.Parse(root.GetProperty("template").GetString()!, Path.GetFileName(file));
            DateTime now = DateTime.Parse(root.GetProperty("now").GetString()!, CultureInfo.InvariantCulture);
            foreach (JsonElement one in root.GetProperty("cases").EnumerateArray())
            {
                string name = $"{Path.GetFileName(file)}: {one.GetProperty("id").GetString()}";
                Value variables = Variables(root, one);
                string Render() => template.Render(variables, new TemplateOptions { Clock = () => now });
                if (one.TryGetProperty("expected", out JsonElement expected)) Render().ShouldBe(expected.GetString(), name);
                else
                {
                    ChatTemplateException e = Should.Throw<ChatTemplateException>(Render, name);
                    e.RaisedByTemplate.ShouldBeTrue(name);
                    e.Problem.ShouldContain(one.GetProperty("expected_error").GetString()!, Case.Sensitive, name);
                }
                cases++;
            }
        }
        cases.ShouldBeGreaterThan(180);
    }

    [Fact]
    public void The_templates_of_the_reference_set_always_end_whatever_is_changed_in_them()
    {
        string[] files = [.. Directory.GetFiles(SharedData.At("conformance/chat-templates"), "*.json").Order(StringComparer.Ordinal)];
        var random = new Random(20260131);
        foreach (string file in files)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            Value variables = Variables(root, root.GetProperty("cases")[2]);
            string text = root.GetProperty("template").GetString()!;
            for (int i = 0; i < 60; i++) HostileTests.Try(HostileTests.Mutate(text, random), variables);
        }
    }

    private static Value Variables(JsonElement root, JsonElement one)
    {
        var variables = new Dictionary<string, Value> { ["tools"] = Value.None, ["documents"] = Value.None };
        foreach (string key in (string[])["bos_token", "eos_token"]) variables[key] = Value.FromJson(root.GetProperty(key), "case");
        foreach (string key in (string[])["messages", "tools", "add_generation_prompt"])
        {
            if (one.TryGetProperty(key, out JsonElement value)) variables[key] = Value.FromJson(value, "case");
        }
        if (one.TryGetProperty("extra", out JsonElement extra))
        {
            foreach (JsonProperty property in extra.EnumerateObject()) variables[property.Name] = Value.FromJson(property.Value, "case");
        }
        return Value.Dict(variables);
    }
}
