using System.Text;
using System.Text.Json.Nodes;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Tests.Generation;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat.Tools;

/// <summary>Calls of tools are read in each family's form, however the text is cut into tokens.</summary>
public sealed class ToolFormatTests
{
    private static readonly Tool[] Offered =
    [
        new("get_weather", "Weather of a place.", """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}"""),
        new("search.docs", null, null),
    ];

    /// <summary>An answer, its text, and its calls; forms as the families' model cards and templates describe them.</summary>
    public static TheoryData<string, string, string, string[]> Answers => new()
    {
        { "<tool_call>", "Let me look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln {}\", \"days\": 2}}\n</tool_call>\n<tool_call>\n{\"name\": \"search.docs\", \"arguments\": {}}\n</tool_call>", "Let me look.\n", ["get_weather {\"city\": \"Köln {}\", \"days\": 2}", "search.docs {}"] },
        { "<tool_call>", "<tool_call>{\"arguments\": {\"a\": \"</tool_call>\\\"\"}, \"name\": \"f\"}</tool_call>after", "after", ["f {\"a\": \"</tool_call>\\\"\"}"] },
        { "<tool_call>", "no call: <tool_cal", "no call: <tool_cal", [] },
        { "<tool_call>", "<tool_call>nothing of the kind", "<tool_call>nothing of the kind", [] },
        { "[TOOL_CALLS]", "[TOOL_CALLS][{\"name\": \"a\", \"arguments\": {\"x\": [1, 2]}}, {\"name\": \"b\", \"arguments\": {}}]", "", ["a {\"x\": [1, 2]}", "b {}"] },
        { "[TOOL_CALLS] [ARGS]", "Well.[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Bonn\"}[TOOL_CALLS]b[ARGS]{}", "Well.", ["get_weather {\"city\": \"Bonn\"}", "b {}"] },
        { "<｜tool▁calls▁begin｜>", "I see<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>a<｜tool▁sep｜>{\"x\": 1}<｜tool▁call▁end｜><｜tool▁call▁begin｜>b<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "I see", ["a {\"x\": 1}", "b {}"] },
        { "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>a\n```json\n{\"x\": 1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>b\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", "", ["a {\"x\": 1}", "b {}"] },
        { "\"parameters\": ipython", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Bonn\"}}", "", ["get_weather {\"city\": \"Bonn\"}"] },
        { "\"parameters\": ipython", "<|python_tag|>{\"name\": \"a\", \"parameters\": {}}; {\"name\": \"b\", \"parameters\": {\"y\": null}}", "", ["a {}", "b {\"y\": null}"] },
        { "\"parameters\": ipython", "{\"temperature\": 41}", "{\"temperature\": 41}", [] },
        { "<|tool_call|>", "<|tool_call|>[{\"name\": \"a\", \"arguments\": {\"x\": 1}}]", "", ["a {\"x\": 1}"] },
        { "<function=", "Hm.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nBonn \"am\" Rhein\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>", "Hm.\n", ["get_weather {\"city\": \"Bonn \\\"am\\\" Rhein\", \"days\": 3}"] },
        { "<minimax:tool_call>", "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">1999</parameter>\n</invoke>\n<invoke name=\"b\">\n<parameter name=\"tags\">[\"x\"]</parameter>\n</invoke>\n</minimax:tool_call>", "", ["get_weather {\"city\": \"1999\"}", "b {\"tags\": [\"x\"]}"] },
        { "<tool_call>", "<think>\nfirst <tool\n</think>\n\nthen", "then|first <tool\n", [] },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Calls_text_and_reasoning_are_the_same_for_every_cut(string template, string answer, string text, string[] calls)
    {
        var special = ByteTokenizer.Create("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "<|python_tag|>");
        string[] parts = text.Split('|', 2);
        if (answer.Contains("<|", StringComparison.Ordinal) || !answer.Contains("<think>", StringComparison.Ordinal)) parts = [text];
        foreach (Tokenizer tokenizer in (Tokenizer[])[ByteTokenizer.Create(), special])
        {
            int[] tokens = tokenizer.Encode(answer, parseSpecial: true);
            var reader = AnswerReader.Create(tokenizer, "tools" + template, Offered, began: false);
            var updates = new List<ChatUpdate>();
            foreach (int token in tokens) reader.Push(token, updates);
            reader.Flush(updates);
            Text(updates).ShouldBe(parts[0], $"{tokenizer.SpecialTokens.Count} special tokens");
            Reasoning(updates).ShouldBe(parts.Length > 1 ? parts[1] : "");
            Calls(updates).ShouldBe(calls);
        }
    }

    [Fact]
    public void Pieces_of_several_characters_give_what_single_ones_give()
    {
        foreach (TheoryDataRow<string, string, string, string[]> row in Answers.Cast<TheoryDataRow<string, string, string, string[]>>())
        {
            (string template, string answer, _, string[] calls) = row.Data;
            for (int size = 1; size < 24; size += 3)
            {
                string[] pieces = [.. answer.Chunk(size).Select(c => new string(c))];
                var tokenizer = new Tokenizer([.. pieces.Select(Encoding.UTF8.GetBytes)], [], [], PreTokenizer.Gpt2);
                var reader = AnswerReader.Create(tokenizer, "tools" + template, Offered, began: false);
                var updates = new List<ChatUpdate>();
                for (int i = 0; i < pieces.Length; i++) reader.Push(i, updates);
                reader.Flush(updates);
                Calls(updates).ShouldBe(calls, $"{size}: {answer}");
            }
        }
    }

    [Fact]
    public void What_templates_write_for_a_call_is_read_back_as_that_call()
    {
        int seen = 0;
        foreach (string file in Directory.GetFiles(SharedData.At("conformance/chat-templates"), "*.json").Order(StringComparer.Ordinal))
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
            string template = json["template"]!.GetValue<string>();
                        if (template.Contains("<|tool_call|>", StringComparison.Ordinal)) continue;                          // granite's does not write them
            string eos = json["eos_token"]!.GetValue<string>();
            var call = new ToolCall("call00001", "get_weather", """{"city": "Boston \"north\"", "days": 3}""");
            ChatMessage[] said = [new("user", "Weather?"), new("assistant", "") { ToolCalls = [call] }];
            KeyValuePair<string, Value>[] tokens = [new("bos_token", Value.Of(json["bos_token"]?.GetValue<string>() ?? "")), new("eos_token", Value.Of(eos))];
            Tokenizer tokenizer = ByteTokenizer.Create("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|call|>", "<|return|>");
            if (!template.Contains("<|channel|>", StringComparison.Ordinal)) tokenizer = ByteTokenizer.Create();
            var format = new TemplateFormat(tokenizer, new TemplateFile(file, template, tokens), () => new DateTime(2025, 7, 4));
            string prompt = format.Render(new ChatPrompt(said[..1]) { Tools = Offered, AskForAnswer = true });
            string whole = format.Render(new ChatPrompt(said) { Tools = Offered, AskForAnswer = false });
            if (!whole[Math.Min(whole.Length, prompt.Length - 20)..].Contains("get_weather", StringComparison.Ordinal)) continue;     // it leaves calls out
            seen++;
            int common = prompt.AsSpan().CommonPrefixLength(whole);
            if (whole[..common].EndsWith("<t", StringComparison.Ordinal)) common -= 2;                           // <think> and <tool_call>
            var reader = AnswerReader.Create(tokenizer, template, Offered, began: false);
            var updates = new List<ChatUpdate>();
            foreach (int token in tokenizer.Encode(whole[common..], parseSpecial: true)) reader.Push(token, updates);
            reader.Flush(updates);
            ToolCallUpdate read = updates.OfType<ToolCallUpdate>().ShouldHaveSingleItem(file);
            read.Name.ShouldBe("get_weather");
            string arguments = string.Concat(updates.OfType<ToolArgumentsUpdate>().Select(u => u.Text));
            JsonNode.DeepEquals(JsonNode.Parse(arguments), JsonNode.Parse(call.Arguments)).ShouldBeTrue($"{file}: {arguments}");
        }
        seen.ShouldBeGreaterThan(6);
    }

    [Fact]
    public void Any_text_is_read_without_an_error_and_plain_text_is_not_lost()
    {
        var random = new Random(5);
        string[] bits = ["<tool_call>", "</tool_call>", "{", "}", "\"name\"", ":", "\"f\"", "\"arguments\"", ",", "[", "]", "<think>", "</think>", "x", "\\", "\"", "[TOOL_CALLS]", "[ARGS]",
            "<function=", "</function>", "<parameter=", ">", "</parameter>", "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "```json", "\n", "é"];
        string[] templates = ["<tool_call>", "[TOOL_CALLS]", "[TOOL_CALLS] [ARGS]", "<function=", "<｜tool▁calls▁begin｜>", "\"parameters\": ipython", "<minimax:tool_call>"];
        Tokenizer tokenizer = ByteTokenizer.Create();
        for (int round = 0; round < 3000; round++)
        {
            string answer = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => bits[random.Next(bits.Length)]));
            var reader = AnswerReader.Create(tokenizer, "tools" + templates[round % templates.Length], Offered, began: false);
            var updates = new List<ChatUpdate>();
            foreach (int token in tokenizer.Encode(answer)) reader.Push(token, updates);
            reader.Flush(updates);
            if (!answer.AsSpan().ContainsAny("<[{")) Text(updates).Trim('\n').ShouldBe(answer.Trim('\n'));
        }
    }

    private static string Text(List<ChatUpdate> updates) => string.Concat(updates.OfType<TextUpdate>().Select(u => u.Text));

    private static string Reasoning(List<ChatUpdate> updates) => string.Concat(updates.OfType<ReasoningUpdate>().Select(u => u.Text));

    private static string[] Calls(List<ChatUpdate> updates) => [.. updates.OfType<ToolCallUpdate>().Select(c =>
        $"{c.Name} {string.Concat(updates.OfType<ToolArgumentsUpdate>().Where(a => a.Index == c.Index).Select(a => a.Text))}")];
}
