using System.Text;
using Hearth.Data.Corpora;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;
using Hearth.Numerics.Operations;
using Hearth.Training.Loading;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Loading;

public sealed class TokenDocumentTests
{
    private const string Question = "What is the capital of Perú?", Answer = "Lima <|end|> is.";

    private static readonly Tokenizer Tokenizer = BpeTrainer.Train([Question, Answer],
        new BpeTrainingOptions { VocabularySize = 270, SpecialTokens = ChatFormat.SpecialTokens });
    private static readonly ChatFormat Chat = new(Tokenizer);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_plain_text_stands_between_two_end_of_text_tokens_and_all_of_it_is_asked_for(bool answersOnly)
    {
        var text = new DerivedDocument("id", "from", DerivedKind.Plain, "c", "n", "Hello, Perú.", "", "");
        TokenDocument d = TokenDocument.Encode(text, Tokenizer, Chat, answersOnly);
        d.Tokens.ShouldBe([Chat.EndOfTextToken, .. Tokenizer.Encode("Hello, Perú."), Chat.EndOfTextToken]);
        (d.Id, d.From, d.FirstTarget, d.Rows).ShouldBe(("id", "from", 1, d.Tokens.Length - 1));
        d.TargetBytes.ShouldBe(AskedBytes(d));
    }

    [Fact]
    public void A_pair_is_the_conversation_that_generation_will_see()
    {
        TokenDocument d = TokenDocument.Encode(Pair(), Tokenizer, Chat, answersOnly: false);
        d.Tokens.ShouldBe(Chat.Encode([new ChatMessage("user", Question), new ChatMessage("assistant", Answer)], askForAnswer: false));
        (d.FirstTarget, d.IsConversation, d.Rows).ShouldBe((1, true, d.Tokens.Length));
        Enumerable.Range(0, d.Rows).Select(d.Target).ShouldBe([.. d.Tokens[1..], LossOperations.Ignored]);
        d.TargetBytes.ShouldBe(AskedBytes(d));
        d.TargetBytes.ShouldBe(Encoding.UTF8.GetByteCount(Question + Answer));
    }

    [Fact]
    public void With_answers_only_the_first_target_is_the_first_token_of_the_answer_and_the_last_its_end()
    {
        TokenDocument d = TokenDocument.Encode(Pair(), Tokenizer, Chat, answersOnly: true);
        d.Tokens[..d.FirstTarget].ShouldBe(Chat.Encode([new ChatMessage("user", Question)], askForAnswer: true));
        d.Tokens[d.FirstTarget..].ShouldBe([.. Tokenizer.Encode(Answer), Chat.EndToken]);
        d.TargetBytes.ShouldBe(Encoding.UTF8.GetByteCount(Answer));
        d.TargetBytes.ShouldBe(AskedBytes(d));
    }

    private static DerivedDocument Pair() => new("id", "from", DerivedKind.QuestionAnswer, "c", "n", "", Question, Answer);

    /// <summary>Bytes of the tokens that are targets, special ones standing for none.</summary>
    private static int AskedBytes(TokenDocument d) =>
        d.Tokens[d.FirstTarget..].Where(t => Tokenizer.SpecialTokens.All(s => s.Id != t)).Sum(t => Tokenizer.Bytes(t).Length);
}
