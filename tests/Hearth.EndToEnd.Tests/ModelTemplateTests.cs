using System.Text;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary><c>hearth model template</c>: the text and nothing else on standard output, errors with name and line.</summary>
public sealed class ModelTemplateTests(TinyRun tiny) : IDisposable
{
    private static readonly byte[] Conversation = Encoding.UTF8.GetBytes("""{"messages": [{"role": "user", "content": "Hé?"}], "add_generation_prompt": true}""");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_models_own_template_is_rendered_from_its_name_its_file_and_a_template_file()
    {
        const string Expected = "<|user|>Hé?<|end|><|assistant|>";
        string input = _folder.At("input.json"), file = _folder.At("own.jinja");
        File.WriteAllBytes(input, Conversation);
        File.WriteAllText(file, "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>\n");
        foreach (string given in (string[])["tiny", Path.Combine(tiny.Run, "model", "tokenizer_config.json"), file])
        {
            tiny.Hearth("model", "template", given, "--input", input).ShouldExitWith(0).Output.ShouldBe(Expected);
        }
        tiny.Hearth(["model", "template", file, "--input", "-"], Conversation).ShouldExitWith(0).Output.ShouldBe(Expected);
    }

    [Fact]
    public void A_mistake_in_a_template_or_its_input_is_told_with_its_place()
    {
        string file = _folder.At("bad.jinja");
        File.WriteAllText(file, "a\n{{ messages|uper }}");
        tiny.Hearth(["model", "template", file, "--input", "-"], Conversation).ShouldExitWith(3).Error.ShouldBe($"hearth: {file}:2: filter 'uper' is not known (Did you mean 'upper'?)\n");
        File.WriteAllText(file, "{{ raise_exception('no system role') }}");
        tiny.Hearth(["model", "template", file, "--input", "-"], Conversation).ShouldExitWith(3).Error.ShouldContain("no system role");
        tiny.Hearth(["model", "template", file, "--input", "-"], "[1"u8.ToArray()).ShouldExitWith(3).Error.ShouldContain("standard input: is not JSON");
        tiny.Hearth(["model", "template", file, "--input", "-"], "[1]"u8.ToArray()).ShouldExitWith(3).Error.ShouldContain("standard input: holds no JSON object");
        tiny.Hearth("model", "template", file).ShouldExitWith(2);
    }
}
