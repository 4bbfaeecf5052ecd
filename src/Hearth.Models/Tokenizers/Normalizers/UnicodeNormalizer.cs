using System.Text;

namespace Hearth.Models.Tokenizers.Normalizers;

/// <summary>The four normalisation forms of Unicode Standard Annex 15.</summary>
/// <param name="composes">Composes again after decomposing (the forms whose name ends in C).</param>
/// <param name="compatibility">Also replaces characters by compatible ones (the forms with a K).</param>
internal sealed class UnicodeNormalizer(bool composes, bool compatibility) : Normalizer
{
    public static UnicodeNormalizer Nfc { get; } = new(composes: true, compatibility: false);

    public override string Apply(string text, bool atStart)
    {
        int first = FirstActive(text);
        if (first == text.Length) return text;
        var codes = new List<int>(text.Length - first + 16);
        for (int i = first; i < text.Length;) Decompose(CodePoints.Read(text, i, out i), codes);
        Reorder(codes);
        if (composes) Compose(codes);
        var result = new StringBuilder(text.Length + 16).Append(text.AsSpan(0, first));
        Span<char> pair = stackalloc char[2];
        foreach (int code in codes)
        {
            if (code <= char.MaxValue) result.Append((char)code);
            else result.Append(pair[..new Rune(code).EncodeToUtf16(pair)]);
        }
        return result.ToString();
    }

    /// <summary>Where work begins: one character before the first that is not inert, for it may compose with that.</summary>
    private static int FirstActive(string text)
    {
        int before = 0;
        for (int i = 0; i < text.Length;)
        {
            int at = i;
            if (NormalizationData.IsActive(CodePoints.Read(text, i, out i))) return before;
            before = at;
        }
        return text.Length;
    }

    private void Decompose(int code, List<int> into)
    {
        if (!NormalizationData.IsActive(code) || Hangul.Decompose(code, into))
        {
            if (!NormalizationData.IsActive(code)) into.Add(code);
            return;
        }
        if (NormalizationData.Decompose(code, compatibility) is not { } parts) into.Add(code);
        else foreach (int part in parts) Decompose(part, into);
    }

    /// <summary>Sorts each run of combining marks by class, equal classes as they stood.</summary>
    private static void Reorder(List<int> codes)
    {
        for (int i = 0; i < codes.Count; i++)
        {
            int start = i;
            while (i < codes.Count && NormalizationData.IsActive(codes[i]) && NormalizationData.Class(codes[i]) > 0) i++;
            if (i - start < 2) continue;
            int[] sorted = [.. codes[start..i].OrderBy(NormalizationData.Class)];
            for (int k = start; k < i; k++) codes[k] = sorted[k - start];
        }
    }

    /// <summary>Each character joins the last starter unless one between them blocks it (definition D115).</summary>
    private static void Compose(List<int> codes)
    {
        int count = 0, starter = -1, lastClass = 0;
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i];
            int itsClass = NormalizationData.IsActive(code) ? NormalizationData.Class(code) : 0;
            bool adjacent = starter == count - 1;
            if (starter >= 0 && (adjacent || (lastClass < itsClass && lastClass != 0)))
            {
                int whole = Hangul.Compose(codes[starter], code);
                if (whole < 0) whole = NormalizationData.Compose(codes[starter], code);
                if (whole >= 0)
                {
                    codes[starter] = whole;
                    continue;
                }
            }
            if (itsClass == 0) starter = count;
            lastClass = itsClass;
            codes[count++] = code;
        }
        codes.RemoveRange(count, codes.Count - count);
    }
}
