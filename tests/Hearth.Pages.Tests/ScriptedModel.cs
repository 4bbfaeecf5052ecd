using System.Runtime.CompilerServices;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Generation;
using Hearth.Models.Tokenizers;
using Hearth.Server.Models;

namespace Hearth.Pages.Tests;

/// <summary>A host with one model that says what it is given to say: words in the question choose the text, the seed one of its versions.</summary>
/// <param name="bundle">A tokenizer and a template.</param>
/// <param name="scripts">Texts by the word that asks for them.</param>
/// <param name="pause">How long each token takes.</param>
internal sealed class ScriptedModel(ModelBundle bundle, IReadOnlyDictionary<string, string[]> scripts, TimeSpan pause) : IModelHost
{
    public const string Name = "scripted";

    public IReadOnlyList<ServedModel> List() => [new ServedModel(Name, 0)];

    public string? TemplateOf(string name) => "{% if enable_thinking %}{{ reasoning_effort }}{% endif %}";

    public Task<LoadedModel> GetAsync(string name, string owner, CancellationToken cancel)
    {
        var generator = new Script(bundle.Tokenizer, scripts, pause);
        return Task.FromResult(new LoadedModel(Name, new string('5', 64), bundle, new ChatEngine(bundle, generator), generator, new Nothing()));
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }

    private sealed class Script(Tokenizer tokenizer, IReadOnlyDictionary<string, string[]> scripts, TimeSpan pause) : ITokenGenerator
    {
        public async IAsyncEnumerable<GeneratedToken> GenerateAsync(int[] prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancel = default)
        {
            string asked = tokenizer.Decode(prompt, showSpecial: true);
            int last = asked.LastIndexOf("<|user|>", StringComparison.Ordinal);
            string question = asked[last..];
            string[] versions = scripts.FirstOrDefault(s => question.Contains(s.Key, StringComparison.OrdinalIgnoreCase)).Value ?? ["I have nothing to say about that."];
            string text = versions[(int)(options.Seed % versions.Length)];
            int count = 0;
            foreach (int token in tokenizer.Encode(text, parseSpecial: true))
            {
                if (count++ >= options.MaxTokens) yield break;
                if (pause > TimeSpan.Zero) await Task.Delay(pause, cancel);
                cancel.ThrowIfCancellationRequested();
                yield return new GeneratedToken(token, 0);
            }
        }

        public Task<GeneratedToken[]> ScoreAsync(int[] tokens, int alternatives = 0, CancellationToken cancel = default) => throw new NotSupportedException();

        public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancel = default) => throw new NotSupportedException();
    }
}
