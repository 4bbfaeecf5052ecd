using System.Collections.Frozen;
using System.Globalization;

namespace Hearth.Models.Tokenizers.Normalizers;

/// <summary>
/// Decompositions, compositions and combining classes of the Unicode Character Database (version in the first lines of
/// normalization.txt). .NET's own normalisation depends on a system library that need not be there.
/// </summary>
internal static class NormalizationData
{
    private static readonly Tables Loaded = Load();

    /// <summary>Whether a code point may be changed by some form, may combine with what stands before it, or may be moved.</summary>
    public static bool IsActive(int codePoint) => codePoint > char.MaxValue
        ? Loaded.ActiveAbove.Contains(codePoint)
        : (Loaded.ActiveBasic[codePoint >> 6] & (1UL << (codePoint & 63))) != 0;

    /// <summary>Canonical combining class; 0 for a starter.</summary>
    public static int Class(int codePoint) => Loaded.Classes.GetValueOrDefault(codePoint);

    /// <summary>One step of decomposition, or null.</summary>
    public static int[]? Decompose(int codePoint, bool compatibility)
    {
        if (Loaded.Canonical.TryGetValue(codePoint, out int[]? parts)) return parts;
        return compatibility ? Loaded.Compatibility.GetValueOrDefault(codePoint) : null;
    }

    /// <summary>What two code points compose to, or -1.</summary>
    public static int Compose(int first, int second) => Loaded.Compositions.GetValueOrDefault(Pair(first, second), -1);

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private static Tables Load()
    {
        var canonical = new Dictionary<int, int[]>();
        var compatibility = new Dictionary<int, int[]>();
        var classes = new Dictionary<int, byte>();
        var compositions = new Dictionary<long, int>();
        var active = new HashSet<int>();
        using Stream resource = typeof(NormalizationData).Assembly.GetManifestResourceStream("normalization.txt")!;
        using var lines = new StreamReader(resource);
        while (lines.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] == '@')
            {
                string[] fields = line[1..].Split(' ');
                foreach (string code in fields[1..]) classes[Code(code)] = byte.Parse(fields[0], CultureInfo.InvariantCulture);
                continue;
            }
            int sign = line.AsSpan().IndexOfAny('=', '!', '~');
            int whole = Code(line[..sign]);
            int[] parts = [.. line[(sign + 1)..].Split(' ').Select(Code)];
            (line[sign] == '~' ? compatibility : canonical).Add(whole, parts);
            active.Add(whole);
            if (line[sign] != '=') continue;
            compositions.Add(Pair(parts[0], parts[1]), whole);
            active.Add(parts[1]);
        }
        active.UnionWith(classes.Keys);
        active.UnionWith(Enumerable.Range(Hangul.FirstVowel, Hangul.Vowels));
        active.UnionWith(Enumerable.Range(Hangul.FirstTrail, Hangul.Trails));
        active.UnionWith(Enumerable.Range(Hangul.FirstSyllable, Hangul.Syllables));
        var basic = new ulong[(char.MaxValue + 1) / 64];
        foreach (int code in active.Where(c => c <= char.MaxValue)) basic[code >> 6] |= 1UL << (code & 63);
        return new Tables(canonical.ToFrozenDictionary(), compatibility.ToFrozenDictionary(), classes.ToFrozenDictionary(),
            compositions.ToFrozenDictionary(), basic, active.Where(c => c > char.MaxValue).ToFrozenSet());
    }

    private static int Code(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private sealed record Tables(FrozenDictionary<int, int[]> Canonical, FrozenDictionary<int, int[]> Compatibility,
        FrozenDictionary<int, byte> Classes, FrozenDictionary<long, int> Compositions, ulong[] ActiveBasic, FrozenSet<int> ActiveAbove);
}

/// <summary>Korean syllables compose by arithmetic (Unicode Standard, section 3.12).</summary>
internal static class Hangul
{
    public const int FirstSyllable = 0xAC00, FirstLead = 0x1100, FirstVowel = 0x1161, FirstTrail = 0x11A8;
    public const int Leads = 19, Vowels = 21, Trails = 27, Syllables = Leads * Vowels * (Trails + 1);

    /// <summary>Appends the two or three parts of a syllable; false for any other code point.</summary>
    public static bool Decompose(int codePoint, List<int> into)
    {
        int index = codePoint - FirstSyllable;
        if ((uint)index >= Syllables) return false;
        int trail = index % (Trails + 1);
        into.Add(FirstLead + (index / (Vowels * (Trails + 1))));
        into.Add(FirstVowel + (index / (Trails + 1) % Vowels));
        if (trail > 0) into.Add(FirstTrail + trail - 1);
        return true;
    }

    /// <summary>A syllable of lead and vowel, or of an open syllable and trail; -1 otherwise.</summary>
    public static int Compose(int first, int second)
    {
        if ((uint)(first - FirstLead) < Leads && (uint)(second - FirstVowel) < Vowels)
            return FirstSyllable + ((((first - FirstLead) * Vowels) + (second - FirstVowel)) * (Trails + 1));
        bool open = (uint)(first - FirstSyllable) < Syllables && (first - FirstSyllable) % (Trails + 1) == 0;
        return open && (uint)(second - FirstTrail) < Trails ? first + second - FirstTrail + 1 : -1;
    }
}
