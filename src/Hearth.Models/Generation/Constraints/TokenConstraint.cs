namespace Hearth.Models.Generation.Constraints;

/// <summary>
/// A grammar over the tokens of a vocabulary. The tokens that may come next are found by walking the vocabulary's tree together with the
/// grammar, and remembered for every reading of a text met before. One can serve many answers, and several threads.
/// </summary>
public sealed class TokenConstraint
{
    private const int MostMaskBytes = 1 << 26;
    private const long MostWork = 5_000_000;

    private readonly GrammarParser _parser;
    private readonly TokenVocabulary _vocabulary;
    private readonly string _name;
    private readonly Lock _gate = new();
    private int _masks;

    /// <summary>A constraint.</summary>
    /// <param name="grammar">What the text must be like.</param>
    /// <param name="vocabulary">The tokens it is written with.</param>
    public TokenConstraint(Grammar grammar, TokenVocabulary vocabulary)
    {
        _parser = new GrammarParser(grammar.Program, grammar.Name);
        _name = grammar.Name;
        _vocabulary = vocabulary;
    }

    /// <summary>An answer at its beginning.</summary>
    public ConstraintState Begin()
    {
        lock (_gate) return new ConstraintState(this, _parser.Start);
    }

    internal TokenMask Mask(Reading reading, bool first)
    {
        lock (_gate)
        {
            bool special = first && _vocabulary.DropsFirstSpace;                 // remembered masks are those of later places
            ulong[]? tokens = special ? null : reading.Tokens;
            if (tokens is null)
            {
                tokens = _vocabulary.Allowed(_parser, reading, first, MostWork)
                    ?? throw new ConstraintException(_name, "the tokens that may follow take too long to find. Make the grammar less ambiguous.");
                if (!special)
                {
                    if (((long)++_masks * tokens.Length * sizeof(ulong)) > MostMaskBytes)
                    {
                        _masks = 0;
                        _parser.Forget();
                    }
                    reading.Tokens = tokens;
                }
            }
            if (!reading.Accepts && !tokens.AsSpan().ContainsAnyExcept(0UL))
                throw new ConstraintException(_name, "no token of the vocabulary can go on here. The grammar asks for characters that the vocabulary can not write.");
            return new TokenMask(tokens, reading.Accepts);
        }
    }

    internal Reading Accept(Reading reading, int token, bool first)
    {
        ReadOnlySpan<byte> bytes = _vocabulary.Bytes(token);
        if (first && _vocabulary.DropsFirstSpace && bytes.Length > 0 && bytes[0] == ' ') bytes = bytes[1..];
        lock (_gate)
        {
            foreach (byte b in bytes) reading = _parser.Advance(reading, b);
        }
        return reading;
    }
}

/// <summary>How far an answer has come in its grammar. For one answer.</summary>
public sealed class ConstraintState
{
    private readonly TokenConstraint _constraint;
    private Reading _reading;
    private bool _first = true;

    internal ConstraintState(TokenConstraint constraint, Reading reading) => (_constraint, _reading) = (constraint, reading);

    /// <summary>Whether the answer may end here.</summary>
    public bool MayEnd => _reading.Accepts;

    /// <summary>Whether the answer must end here: nothing can follow.</summary>
    public bool IsComplete => _reading is { Accepts: true, Positions.Length: 0 };

    /// <summary>The tokens that may come next.</summary>
    /// <exception cref="ConstraintException">The vocabulary has no token that can, or there are too many ways to read the text.</exception>
    public TokenMask Mask() => _constraint.Mask(_reading, _first);

    /// <summary>Takes a token.</summary>
    /// <param name="token">The token; whether the mask allows it is not asked.</param>
    /// <returns>Whether the text still fits.</returns>
    public bool Accept(int token)
    {
        _reading = _constraint.Accept(_reading, token, _first);
        _first = false;
        return !_reading.IsDead;
    }
}
