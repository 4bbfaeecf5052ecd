using System.Text;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;
using Hearth.Numerics;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation;

public sealed class TextStreamTests
{
    private static readonly Tokenizer Bytes = ByteTokenizer.Create();

    [Theory]
    [InlineData("hello world", "", "hello world", null)]
    [InlineData("hello world", "wor", "hello ", "wor")]
    [InlineData("aaab", "aab", "a", "aab")]
    [InlineData("abcd", "c|bcd", "ab", "c")]
    [InlineData("xabcx", "c|abc", "x", "abc")]
    [InlineData("héllo·世界🙂 end", "🙂", "héllo·世界", "🙂")]
    [InlineData("no stop at all <|en", "<|end|>", "no stop at all <|en", null)]
    [InlineData("stop", "stop", "", "stop")]
    public void Text_comes_up_to_the_first_stop_string(string text, string stops, string expected, string? stop)
    {
        var stream = new TextStream(Bytes, stops.Split('|').Length > 1 && !stops.Contains("<|") ? stops.Split('|') : [stops]);
        var said = new StringBuilder();
        foreach (int token in Bytes.Encode(text)) said.Append(stream.Push(token));
        said.Append(stream.Flush());
        said.ToString().ShouldBe(expected);
        stream.Stop.ShouldBe(stop);
    }

    [Fact]
    public void What_came_out_is_never_taken_back_however_the_text_is_cut()
    {
        var random = new Philox(5, "test");
        for (int round = 0; round < 500; round++)
        {
            string Draw(int from, int length) => new([.. Enumerable.Range(0, length).Select(i => "ab"[(int)(random.Uniform((round * 1000) + from + i) * 2)])]);
            string text = Draw(0, 30);
            string[] stops = [Draw(100, 4), Draw(200, 5), Draw(300, 3) + "a"];
            string whole = "", pieces = "";
            var one = new StopStrings(stops);
            whole = one.Push(text) + (one.Found is null ? one.Flush() : "");
            var cut = new StopStrings(stops);
            for (int at = 0, size; at < text.Length && cut.Found is null; at += size)
            {
                size = Math.Min(1 + (int)(random.Uniform((round * 1000) + 400 + at) * 4), text.Length - at);
                pieces += cut.Push(text.Substring(at, size));
                text.ShouldStartWith(pieces);
                if (cut.Found is null) stops.ShouldAllBe(s => !pieces.Contains(s));
            }
            if (cut.Found is null) pieces += cut.Flush();
            pieces.ShouldBe(whole);
            cut.Found.ShouldBe(one.Found);
            int end = Enumerable.Range(1, text.Length).FirstOrDefault(e => stops.Any(s => text[..e].EndsWith(s, StringComparison.Ordinal)), -1);
            string longest = end < 0 ? "" : stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).MaxBy(s => s.Length)!;
            whole.ShouldBe(end < 0 ? text : text[..(end - longest.Length)]);
        }
    }

    [Fact]
    public void Thinking_is_separated_by_text_and_by_tokens()
    {
        Read(Bytes, ReasoningFormat.Think, "<think>a < b</think>so <thin", false).ShouldBe([("Reasoning", "a < b"), ("Answer", "so <thin")]);
        Read(Bytes, ReasoningFormat.Think, "a\n</think>\nb", true).ShouldBe([("Reasoning", "a\n"), ("Answer", "\nb")]);
        Tokenizer special = ByteTokenizer.Create("<think>", "</think>");
        ReasoningReader.Detect(special).ShouldBe(ReasoningFormat.Think);
        Read(special, ReasoningFormat.Think, "<think>é</think>ok", false).ShouldBe([("Reasoning", "é"), ("Answer", "ok")]);
        var reader = new ReasoningReader(special, ReasoningFormat.Think);
        special.Encode("<think>").SelectMany(reader.Push).Select(t => (t.Part, t.Text)).ShouldAllBe(t => t.Part == AnswerPart.Answer);      // only looks like a mark
        Read(Bytes, ReasoningFormat.None, "<think>a</think>", false).ShouldBe([("Answer", "<think>a</think>")]);
    }

    [Fact]
    public void Harmony_channels_are_separated()
    {
        Tokenizer harmony = ByteTokenizer.Create("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|call|>", "<|return|>");
        ReasoningReader.Detect(harmony).ShouldBe(ReasoningFormat.Harmony);
        const string Text = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.find <|message|>{}<|call|>"
            + "<|start|>assistant<|channel|>final<|message|>yes<|return|>";
        Read(harmony, ReasoningFormat.Harmony, Text, false).ShouldBe([("Reasoning", "hm"), ("Commentary", "{}"), ("Answer", "yes")]);
        var reader = new ReasoningReader(harmony, ReasoningFormat.Harmony);
        harmony.Encode(Text, parseSpecial: true).SelectMany(reader.Push).Select(t => t.Header).Distinct()
            .ShouldBe(["analysis", "commentary to=functions.find", "final"]);
    }

    private static List<(string Part, string Text)> Read(Tokenizer tokenizer, ReasoningFormat format, string text, bool began)
    {
        var reader = new ReasoningReader(tokenizer, format, began);
        var parts = new List<(string Part, string Text)>();
        AnswerText[] pushed = [.. tokenizer.Encode(text, parseSpecial: true).SelectMany(reader.Push)];
        foreach (AnswerText t in pushed.Concat(reader.Flush()))
        {
            if (parts.Count > 0 && parts[^1].Part == t.Part.ToString()) parts[^1] = (parts[^1].Part, parts[^1].Text + t.Text);
            else parts.Add((t.Part.ToString(), t.Text));
        }
        return parts;
    }
}

/// <summary>A tokenizer whose tokens are bytes, and some special tokens after them.</summary>
internal static class ByteTokenizer
{
    public static Tokenizer Create(params string[] special) => new(
        [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })], [], [.. special.Select((s, i) => new SpecialToken(256 + i, s))], PreTokenizer.Gpt2);
}
