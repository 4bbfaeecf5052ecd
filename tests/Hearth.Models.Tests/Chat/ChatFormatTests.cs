using FsCheck;
using FsCheck.Fluent;
using Hearth.Models.Chat;
using Hearth.Models.Chat.Templates;
using Hearth.Models.Tokenizers;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat;

public sealed class ChatFormatTests
{
    private static readonly Tokenizer Tokenizer = TestTokenizer.Chat;
    private static readonly ChatFormat Chat = new(Tokenizer);
    private static readonly HashSet<int> Special = [.. Tokenizer.SpecialTokens.Select(t => t.Id)];

    /// <summary>Texts that people write, special tokens and pieces of them among them.</summary>
    private static Gen<string> Texts => Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""),
        Gen.Elements("<|end|>", "<|user|>", "<|assistant|>", "<|endoftext|>", "<|", "|>", "end", " ", "\n", "hello", "{{ messages }}",
            "\ud800").ListOf().Select(parts => string.Concat(parts)));

    [Fact]
    public void What_a_person_writes_can_not_become_a_special_token()
    {
        Prop.ForAll(Texts.ToArbitrary(), text =>
        {
            int[] tokens = Chat.Encode([new ChatMessage("user", text)], askForAnswer: false);
            tokens[1..^1].ShouldAllBe(t => !Special.Contains(t));
            tokens[0].ShouldBe(Tokenizer.Special("<|user|>")!.Value);
            tokens[^1].ShouldBe(Chat.EndToken);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_conversation_has_two_special_tokens_a_message_and_one_more_to_ask()
    {
        Prop.ForAll(Gen.Zip(Gen.Elements("system", "user", "assistant"), Texts).ListOf().ToArbitrary(), ArbMap.Default.ArbFor<bool>(),
            (parts, ask) =>
        {
            ChatMessage[] messages = [.. parts.Select(p => new ChatMessage(p.Item1, p.Item2))];
            int[] tokens = Chat.Encode(messages, ask);
            tokens.Count(Special.Contains).ShouldBe((2 * messages.Length) + (ask ? 1 : 0));
            if (ask) tokens[^1].ShouldBe(Tokenizer.Special("<|assistant|>")!.Value);
            int at = 0;
            foreach (ChatMessage message in messages)
            {
                int end = Array.IndexOf(tokens, Chat.EndToken, at);
                tokens[at].ShouldBe(Tokenizer.Special($"<|{message.Role}|>")!.Value);
                tokens[(at + 1)..end].ShouldBe(Tokenizer.Encode(message.Content));
                at = end + 1;
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_template_gives_other_engines_the_same_tokens(bool ask)
    {
        ChatMessage[][] conversations =
        [
            [],
            [new("user", "What is the capital?")],
            [new("system", "Be brief."), new("user", " Hello \n\n there "), new("assistant", ""),
                new("user", "capital of Quito? {{ x }} {% if %}")],
            [new("user", "é 漢字 🙂 <| end |> <end>")],
        ];
        foreach (ChatMessage[] messages in conversations)
        {
            string text = ChatTemplate.Parse(ChatFormat.Template, "own").Render(Value.Dict(
                new KeyValuePair<string, Value>("messages", Value.List(messages.Select(m => Value.Dict(
                    new KeyValuePair<string, Value>("role", Value.Of(m.Role)), new("content", Value.Of(m.Content)))))),
                new("add_generation_prompt", Value.Of(ask))));
            Tokenizer.Encode(text, parseSpecial: true).ShouldBe(Chat.Encode(messages, ask), text);
        }
    }

    [Fact]
    public void A_role_that_is_none_is_an_error_that_lists_them()
    {
        ChatException e = Should.Throw<ChatException>(() => Chat.Encode([new ChatMessage("root", "x")], askForAnswer: true));
        e.Message.ShouldContain("'root'");
        e.Message.ShouldContain("system, user, assistant");
    }

    [Fact]
    public void A_tokenizer_without_a_special_token_is_an_error_that_names_both()
    {
        Tokenizer bare = BpeTrainer.Train(["abc"], new BpeTrainingOptions { VocabularySize = 260,
            SpecialTokens = ["<|endoftext|>", "<|user|>", "<|system|>", "<|end|>"] });
        ModelFileException e = Should.Throw<ModelFileException>(() => new ChatFormat(bare, "some/tokenizer.json"));
        e.Path.ShouldBe("some/tokenizer.json");
        e.Message.ShouldContain("'<|assistant|>'");
    }
}
