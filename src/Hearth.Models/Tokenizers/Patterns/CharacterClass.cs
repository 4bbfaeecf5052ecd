using System.Globalization;

namespace Hearth.Models.Tokenizers.Patterns;

/// <summary>A set of code points: general categories, ranges and other sets; perhaps cut down to another set; perhaps all the others.</summary>
internal sealed class CharacterClass
{
    private uint _categories;
    private readonly List<(int Low, int High)> _ranges = [];
    private readonly List<CharacterClass> _parts = [];
    private CharacterClass? _within;
    private bool _negated;
    private readonly ulong[] _ascii = new ulong[2];

    /// <summary>Adds general categories by their first letter or both, as in <c>L</c> or <c>Lu</c>; false when there is none of that name.</summary>
    public bool AddCategory(string name)
    {
        uint found = 0;
        for (int i = 0; i < Categories.Length; i++)
            if (Categories[i] == name || (name.Length == 1 && Categories[i][0] == name[0])) found |= 1u << i;
        _categories |= found;
        return found != 0;
    }

    public void AddRange(int low, int high) => _ranges.Add((low, high));

    public void Add(CharacterClass part) => _parts.Add(part);

    /// <summary>Keeps only what is also in another set.</summary>
    public void Intersect(CharacterClass other) => _within = other;

    /// <summary>The letter's other case too, and what folds to it: U+017F for s, U+212A for k.</summary>
    public void AddFolded(int codePoint)
    {
        AddRange(codePoint, codePoint);
        if (codePoint > char.MaxValue) return;
        char lower = char.ToLowerInvariant((char)codePoint), upper = char.ToUpperInvariant((char)codePoint);
        AddRange(lower, lower);
        AddRange(upper, upper);
        if (lower == 's') AddRange(0x17F, 0x17F);
        if (lower == 'k') AddRange(0x212A, 0x212A);
    }

    /// <summary>Ends the building of the set.</summary>
    public CharacterClass Done(bool negated = false)
    {
        _negated = negated;
        for (int c = 0; c < 128; c++)
            if (Look(c)) _ascii[c >> 6] |= 1UL << (c & 63);
        return this;
    }

    public bool Contains(int codePoint) =>
        codePoint < 128 ? (_ascii[codePoint >> 6] & (1UL << (codePoint & 63))) != 0 : Look(codePoint);

    /// <summary>Whether some code point is in both sets.</summary>
    public bool Overlaps(CharacterClass other)
    {
        for (int c = 0; c <= 0x10FFFF; c++)
            if (Contains(c) && other.Contains(c)) return true;
        return false;
    }

    private bool Look(int codePoint)
    {
        bool inside = _categories != 0 && (_categories & (1u << (int)CharUnicodeInfo.GetUnicodeCategory(codePoint))) != 0;
        for (int i = 0; i < _ranges.Count && !inside; i++) inside = codePoint >= _ranges[i].Low && codePoint <= _ranges[i].High;
        for (int i = 0; i < _parts.Count && !inside; i++) inside = _parts[i].Contains(codePoint);
        return (inside && _within?.Contains(codePoint) != false) != _negated;
    }

    /// <summary>In the order of <see cref="UnicodeCategory"/>.</summary>
    private static readonly string[] Categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];
}
