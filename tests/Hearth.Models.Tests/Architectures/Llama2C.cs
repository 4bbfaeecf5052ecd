using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hearth.Models.Architectures;
using Shouldly;

namespace Hearth.Models.Tests.Architectures;

/// <summary>
/// Reads a model in the first format of karpathy/llama2.c: seven 32-bit sizes, then float32 tensors, each for all layers together. Its
/// rotary positions turn neighbours (2i, 2i + 1) where Hugging Face's order, which Hearth keeps, turns (i, i + D/2); so the rows of the
/// query and key matrices change places.
/// </summary>
internal static class Llama2C
{
    public static LanguageModel Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int[] sizes = [.. Enumerable.Range(0, 7).Select(i => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4 * i)))];
        (int c, int f, int layers, int heads, int keyValueHeads, int vocabulary, int context) =
            (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], Math.Abs(sizes[5]), sizes[6]);
        int d = c / heads, keys = keyValueHeads * d;
        LanguageModel model = new LlamaConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = c,
            IntermediateSize = f,
            NumHiddenLayers = layers,
            NumAttentionHeads = heads,
            NumKeyValueHeads = keyValueHeads,
            HeadDim = d,
            MaxPositionEmbeddings = context,
            NormEpsilon = 1e-5f,
            RopeTheta = 10000,
            TieWordEmbeddings = sizes[5] > 0,                                    // a negative vocabulary says that the head is its own
            QkNorm = false,
        }.Create();
        var parameters = model.Parameters.All.ToDictionary(p => p.Tensor.Name, StringComparer.Ordinal);
        int at = 28;

        ReadOnlySpan<float> Take(int count)
        {
            at += 4 * count;
            return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(at - (4 * count), 4 * count));
        }

        void Fill(string name, int rows, int columns, bool permute = false)
        {
            ReadOnlySpan<float> from = Take(rows * columns);
            Span<float> into = parameters[name].Tensor.Data;
            into.Length.ShouldBe(from.Length);
            for (int row = 0; row < rows; row++)
            {
                int inHead = row % d;
                int source = permute ? row - inHead + (2 * (inHead % (d / 2))) + (inHead / (d / 2)) : row;
                from.Slice(source * columns, columns).CopyTo(into[(row * columns)..]);
            }
            parameters[name].Tensor.Changed();
        }

        void Each(string name, int rows, int columns, bool permute = false)
        {
            for (int layer = 0; layer < layers; layer++) Fill($"model.layers.{layer}.{name}.weight", rows, columns, permute);
        }

        Fill("model.embed_tokens.weight", vocabulary, c);
        Each("input_layernorm", 1, c);
        Each("self_attn.q_proj", c, c, permute: true);
        Each("self_attn.k_proj", keys, c, permute: true);
        Each("self_attn.v_proj", keys, c);
        Each("self_attn.o_proj", c, c);
        Each("post_attention_layernorm", 1, c);
        Each("mlp.gate_proj", f, c);
        Each("mlp.down_proj", c, f);
        Each("mlp.up_proj", f, c);
        Fill("model.norm.weight", 1, c);
        Take(context * d);                                                       // cosines and sines, which run.c does not read either
        if (sizes[5] < 0) Fill("lm_head.weight", vocabulary, c);
        at.ShouldBe(bytes.Length);
        return model;
    }
}
