using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Tokenizers;
using Hearth.Server.Models;
using Hearth.Server.Pages.Chat;
using Hearth.Server.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.Pages.Tests;

/// <summary>A server whose model says what tests need.</summary>
internal static class Scripts
{
    public static readonly Dictionary<string, string[]> Texts = new(StringComparer.Ordinal)
    {
        ["capital"] = ["The capital is **Quito**.", "It is Quito, at 2,850 metres.", "Quito."],
        ["maths"] =
        [
            """
            # The normal distribution

            With mean $\mu$ and variance $\sigma^2$ it is

            $$
            f(x) = \frac{1}{\sqrt{2\pi\sigma^2}} \exp\left(-\frac{(x-\mu)^2}{2\sigma^2}\right)
            $$

            and \(\int_{-\infty}^{\infty} f(x)\,dx = 1\). A rotation:

            $$
            R = \begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}
            $$

            Not known: $\foobar{x}$. It costs $5 and $10.
            """,
        ],
        ["table"] =
        [
            """
            | Country | Capital | Population | Counted |
            |---|:---:|---:|---|
            | Ecuador | Quito | 1,763,275 | 2022 census, the canton's urban part |
            | Peru | Lima | 10,004,141 | 2022 estimate |

            ```csharp
            public static IEnumerable<City> Largest(this IEnumerable<City> cities) => cities.OrderByDescending(c => c.Population).Take(3); // a long line
            ```

            1. *Read* the [census](https://example.org/census).
            2. Then compare.

            > A number without a year is a rumour.

            ![a map](https://example.org/map.png) <b onclick="x()">raw</b>
            """,
        ],
        ["reason"] = ["<think>The user wants a reason.\n\nI should give one.</think>\n\nBecause water boils at a lower temperature there."],
        ["long"] = [string.Join("\n\n", Enumerable.Range(1, 60).Select(i => $"Paragraph {i} of an answer that takes its time, so that somebody can stop it by hand."))],
    };

    /// <summary>A tokenizer, a template and a context long enough for all texts; its weights are never asked.</summary>
    private static readonly Lazy<ModelBundle> Bundle = new(() =>
    {
        Tokenizer tokenizer = BpeTrainer.Train([.. Texts.Values.SelectMany(t => t)], new BpeTrainingOptions { VocabularySize = 600, SpecialTokens = ChatFormat.SpecialTokens });
        var format = new ChatFormat(tokenizer);
        LanguageModel model = new LlamaConfig
        {
            VocabularySize = tokenizer.VocabularySize, HiddenSize = 8, IntermediateSize = 8, NumHiddenLayers = 1, NumAttentionHeads = 1, NumKeyValueHeads = 1, HeadDim = 8,
            MaxPositionEmbeddings = 65_536, NormEpsilon = 1e-5f, TieWordEmbeddings = true, RopeTheta = 10_000, QkNorm = true,
        }.Create();
        return new ModelBundle("", model, tokenizer) { Chat = format, EndTokens = [format.EndToken] };
    });

    /// <summary>Starts it.</summary>
    /// <param name="pause">How long each token takes, in milliseconds.</param>
    /// <param name="patience">How long an answer goes on while nobody looks.</param>
    public static async Task<TestServer> Start(int pause, TimeSpan? patience = null)
    {
        TestServer server = await TestServer.Start(configure: services => services.AddSingleton<IModelHost>(new ScriptedModel(Bundle.Value, Texts, TimeSpan.FromMilliseconds(pause))));
        if (patience is { } time) server.Services.GetRequiredService<ChatTurns>().Patience = time;
        return server;
    }
}
