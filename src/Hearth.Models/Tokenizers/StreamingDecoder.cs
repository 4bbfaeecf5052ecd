using System.Text;

namespace Hearth.Models.Tokenizers;

/// <summary>
/// Turns tokens into text one by one. A character whose bytes are spread over several tokens comes out with the last of them, so what is
/// returned never ends in half a character, and all of it together equals <see cref="Tokenizer.Decode"/> of all the tokens.
/// </summary>
/// <param name="tokenizer">Whose tokens they are.</param>
/// <param name="showSpecial">Writes hidden special tokens out too.</param>
public sealed class StreamingDecoder(Tokenizer tokenizer, bool showSpecial = false)
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private bool _began;

    /// <summary>The text that has become certain with one more token; empty while a character is unfinished.</summary>
    /// <param name="token">The next token's id.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Push(int token)
    {
        ReadOnlySpan<byte> bytes = tokenizer.Shown(token, showSpecial);
        if (_began || bytes.IsEmpty) return Read(bytes, flush: false);
        _began = true;
        return Read(tokenizer.WithoutFirstSpace(bytes), flush: false);
    }

    /// <summary>Ends the text: what is left of an unfinished character comes out as U+FFFD. The decoder can then be used again.</summary>
    public string Flush()
    {
        _began = false;
        return Read([], flush: true);
    }

    private string Read(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_utf8.GetCharCount(bytes, flush)];
        _utf8.GetChars(bytes, characters, flush);
        return new string(characters);
    }
}
