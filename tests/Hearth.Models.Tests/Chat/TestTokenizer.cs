using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Tests.Chat;

/// <summary>Tokenizers small enough for a test, with the conversation's tokens.</summary>
internal static class TestTokenizer
{
    /// <summary>Trained on texts that spell the special tokens out again, so that merges come as near to them as they can.</summary>
    public static Tokenizer Chat { get; } = Train(330);

    public static Tokenizer Train(int size) => BpeTrainer.Train(
        [.. Enumerable.Repeat("<|user|>What is the capital?<|end|><|assistant|>The capital is Quito.<|end|><|system|><|endoftext|>", 20)],
        new BpeTrainingOptions { VocabularySize = size, SpecialTokens = ChatFormat.SpecialTokens });
}
