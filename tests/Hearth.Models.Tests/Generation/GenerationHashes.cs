using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Hearth.Models.Architectures;
using Hearth.Models.Architectures.Files;
using Hearth.Models.Formats.Gguf;
using Hearth.Models.Generation;
using Hearth.Models.Tests.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;

namespace Hearth.Models.Tests.Generation;

/// <summary>
/// Answers of a model in every way of computing them, as digests of tokens and bits of log-probabilities; and the lines that child processes print
/// of them under other instruction sets.
/// </summary>
internal static class GenerationHashes
{
    public const string Argument = "--generation-hashes";

    private static readonly GenerationOptions Options = new() { MaxTokens = 12, Temperature = 0.7, TopP = 0.95, RepetitionPenalty = 1.1, Seed = 6, Alternatives = 2 };

    /// <summary>Writes the vector widths this process has, then a line "cache way digest" for every way.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="path">A .gguf file, or <c>tiny</c> for a model of random weights.</param>
    /// <param name="all">False for one way of each cache.</param>
    public static void Print(TextWriter writer, string path, bool all)
    {
        writer.WriteLine($"Vector128 {Vector128.IsHardwareAccelerated}");
        writer.WriteLine($"Vector256 {Vector256.IsHardwareAccelerated}");
        writer.WriteLine($"Vector512 {Vector512.IsHardwareAccelerated}");
        foreach ((TensorType cache, string way, string digest) in Compute(path, all)) writer.WriteLine($"{cache} {way} {digest}");
    }

    /// <summary>The digests: threads 1, 2, 3; batches of 1, 3, 8; prompts whole, in pieces, and from a cache that has most of them; with guesses and without.</summary>
    public static IEnumerable<(TensorType Cache, string Way, string Digest)> Compute(string path, bool all)
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        using var three = new WorkerPool(3);
        using GgufModel? file = path == "tiny" ? null : GgufModel.Open(path);
        LanguageModel model;
        if (file is null)
        {
            model = TinyModels.Create(((LlamaConfig)TinyModels.All["llama, grouped heads, qk norm, tied"]) with { HeadDim = 32, SlidingWindow = 20 });
        }
        else
        {
            ModelConfig config = GgufConfig.Read(file, 256);
            model = config.Create(new GgufParameters(file, config, one));
        }
        int[][] prompts = [.. Enumerable.Range(0, all ? 8 : 2).Select(i => Enumerable.Range(0, 3 + (10 * i)).Select(t => (((t % (5 + i)) * 7) + i) % 29).ToArray())];
        foreach (TensorType cache in (TensorType[])[TensorType.F32, TensorType.F16, TensorType.Q8_0])
        {
            if (!Fits(model, cache)) continue;
            yield return (cache, "alone", Digest(prompts.Select(p => new Generator(model, one) { CacheType = cache }.Stream(p, Options))));
            if (!all) continue;
            foreach (WorkerPool pool in (WorkerPool[])[one, two, three])
            {
                foreach (int batch in (int[])[1, 3, 8])
                {
                    if (cache != TensorType.F32 && (pool, batch) != (two, 3) && (pool, batch) != (three, 8)) continue;
                    Speculation? guesses = batch == 3 ? new PromptLookup { ShortestEnding = 1 } : null;
                    var generator = new Generator(model, pool) { CacheType = cache, PrefillRows = batch == 8 ? 512 : 13, Speculation = guesses };
                    yield return (cache, $"{pool.Threads} threads, batch of {batch}", Digest(generator.Complete(prompts, Options, batch)));
                }
            }
            yield return (cache, "from a cache", Digest(prompts.Select(p => FromCache(new Generator(model, two) { CacheType = cache }, p))));
            var drafted = new Generator(model, two) { CacheType = cache, Speculation = new DraftModel(model) { MaxTokens = 3 } };
            yield return (cache, "with a draft", Digest(prompts.Select(p => drafted.Stream(p, Options))));
        }
    }

    /// <summary>The answer of a cache that has read the prompt and another answer, and of its fork.</summary>
    private static GeneratedToken[] FromCache(Generator generator, int[] prompt)
    {
        KeyValueCache cache = generator.NewCache();
        _ = generator.Stream(prompt, Options with { Seed = 99, MaxTokens = 9 }, cache).Count();
        KeyValueCache fork = cache.Fork();
        GeneratedToken[] again = [.. generator.Stream(prompt, Options, cache)], forked = [.. generator.Stream(prompt, Options, fork)];
        return Digest([again]) == Digest([forked]) ? again : [];
    }

    private static bool Fits(LanguageModel model, TensorType cache)
    {
        try
        {
            return model.NewCache(cache).Length == 0;
        }
        catch (ArgumentException)
        {
            return false;                                                        // heads are no multiple of what the type groups
        }
    }

    private static string Digest(IEnumerable<IEnumerable<GeneratedToken>> answers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[8];
        foreach (IEnumerable<GeneratedToken> answer in answers)
        {
            foreach (GeneratedToken token in answer)
            {
                Add(token.Id, token.LogProbability, bytes);
                foreach (TokenProbability other in token.Alternatives!) Add(other.Id, other.LogProbability, bytes);
            }
            Add(-1, 0, bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(int id, float logProbability, Span<byte> bytes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, id);
            BinaryPrimitives.WriteSingleLittleEndian(bytes[4..], logProbability);
            hash.AppendData(bytes);
        }
    }
}
