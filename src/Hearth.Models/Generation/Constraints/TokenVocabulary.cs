using System.Text;
using Hearth.Models.Tokenizers;

namespace Hearth.Models.Generation.Constraints;

/// <summary>
/// The bytes of a vocabulary's tokens as a tree, in which tokens that begin alike share a path. Special tokens that text becomes only on request are
/// spelled with a byte before them that no text has: they come where a grammar asks for them, and never in place of text. Made once for a tokenizer;
/// safe for use by several threads.
/// </summary>
public sealed class TokenVocabulary
{
    private const byte MarkByte = 0xFF;          // UTF-8 never has it

    private readonly byte[] _bytes;              // each node's byte, in the order of a walk, parents first
    private readonly ushort[] _depths;           // from 1
    private readonly int[] _ends;                // the node after a node's last descendant
    private readonly int[] _firstToken;          // by node; its tokens in _tokens go up to the next node's
    private readonly int[] _tokens;
    private readonly byte[]?[] _spelled;

    /// <summary>Lays out the tree.</summary>
    /// <param name="tokenizer">Whose tokens.</param>
    public TokenVocabulary(Tokenizer tokenizer)
        : this(Spell(tokenizer), tokenizer.Parts.DropsFirstSpace)
    {
    }

    /// <summary>Lays out the tree of given bytes.</summary>
    /// <param name="tokens">Each token's bytes, by id; null or empty for one that is never text.</param>
    /// <param name="dropsFirstSpace">Decoding drops a space that an answer begins with.</param>
    public TokenVocabulary(IReadOnlyList<byte[]?> tokens, bool dropsFirstSpace = false)
    {
        _spelled = [.. tokens];
        DropsFirstSpace = dropsFirstSpace;
        int[] order = [.. Enumerable.Range(0, tokens.Count).Where(i => tokens[i]?.Length is > 0 and <= ushort.MaxValue)];
        Array.Sort(order, (a, b) =>
        {
            int difference = tokens[a].AsSpan().SequenceCompareTo(tokens[b]);
            return difference != 0 ? difference : a.CompareTo(b);
        });
        _tokens = order;
        var bytes = new List<byte>();
        var depths = new List<ushort>();
        var firsts = new List<int>();
        byte[] before = [];
        for (int i = 0; i < order.Length; i++)
        {
            byte[] token = tokens[order[i]]!;
            for (int depth = token.AsSpan().CommonPrefixLength(before); depth < token.Length; depth++)
            {
                bytes.Add(token[depth]);
                depths.Add((ushort)(depth + 1));
                firsts.Add(i);
            }
            before = token;
        }
        (_bytes, _depths, _firstToken) = ([.. bytes], [.. depths], [.. firsts, order.Length]);
        _ends = new int[_bytes.Length];
        var open = new Stack<int>();
        for (int i = 0; i <= _bytes.Length; i++)
        {
            while (open.TryPeek(out int last) && (i == _bytes.Length || _depths[last] >= _depths[i])) _ends[open.Pop()] = i;
            open.Push(i);
        }
        Deepest = _depths.Length == 0 ? 0 : _depths.Max();
    }

    /// <summary>How many tokens there are, those that are never text among them.</summary>
    public int Count => _spelled.Length;

    internal bool DropsFirstSpace { get; }

    private int Deepest { get; }

    /// <summary>A token's bytes; none for one that is never text.</summary>
    internal ReadOnlySpan<byte> Bytes(int token) => (uint)token < (uint)_spelled.Length ? _spelled[token] : [];

    /// <summary>The tokens that may follow a reading, a bit for each.</summary>
    /// <param name="parser">The grammar.</param>
    /// <param name="reading">The text so far.</param>
    /// <param name="first">No token was read yet.</param>
    /// <param name="mostWork">Steps of the parser that this may take.</param>
    internal ulong[]? Allowed(GrammarParser parser, Reading reading, bool first, long mostWork)
    {
        ulong[] allowed = new ulong[(Count + 63) / 64];
        var readings = new Reading[Deepest + 1];
        readings[0] = reading;
        long work = parser.Work;
        for (int node = 0; node < _bytes.Length;)
        {
            int depth = _depths[node];
            Reading next = first && DropsFirstSpace && depth == 1 && _bytes[node] == ' ' ? reading : parser.Advance(readings[depth - 1], _bytes[node]);
            if (next.IsDead)
            {
                node = _ends[node];
                continue;
            }
            readings[depth] = next;
            for (int i = _firstToken[node]; i < _firstToken[node + 1]; i++) allowed[_tokens[i] >> 6] |= 1UL << (_tokens[i] & 63);
            node++;
            if (parser.Work - work > mostWork) return null;
        }
        return allowed;
    }

    /// <summary>The bytes that a special token has in a grammar.</summary>
    internal static byte[] Spell(Mark mark) => [MarkByte, .. Encoding.UTF8.GetBytes(mark.Content)];

    private static byte[]?[] Spell(Tokenizer tokenizer)
    {
        var spelled = new byte[]?[tokenizer.VocabularySize];
        for (int id = 0; id < spelled.Length; id++)
        {
            ReadOnlySpan<byte> bytes = tokenizer.Shown(id, showSpecial: false);
            spelled[id] = bytes.Contains(MarkByte) ? [MarkByte, .. bytes] : bytes.ToArray();        // and so it is no mark
        }
        foreach (SpecialToken token in tokenizer.SpecialTokens.Where(t => t.OnRequest)) spelled[token.Id] = Spell(new Mark(token.Content));
        return spelled;
    }
}
