using System.Globalization;
using Hearth.Data;
using Hearth.Data.Corpora;

namespace Hearth.Training.Recipes;

/// <summary>The part of the schema that only the papers are made from. No key is required.</summary>
internal static class DescriptionBinder
{
    private const int MostDomains = 1000;
    private const string DateForm = "a date such as 2026, 2026-01 or 2026-01-31";
    private const string UrlForm = "an address that begins with https:// or http://";

    public static CardSpec Card(RecipeMap map)
    {
        var card = new CardSpec(
            map.Line("provider", ""), map.Line("contact", ""), map.Line("licence", ""), Stated(map, "released", DateForm, IsDate),
            map.Line("intendedUse", ""), map.Line("limitations", ""), map.Line("rightsReservation", ""), map.Line("illegalContent", ""));
        map.Close();
        return card;
    }

    public static CorpusOrigin Origin(RecipeMap map)
    {
        OriginKind kind = map.Choice("kind", RecipeNames.Origins, OriginKind.NotStated);
        string url = Stated(map, "url", UrlForm, IsUrl);
        ValueList<string> languages = Each(map, "languages", 100, "a language code such as en or pt-BR", IsLanguage);
        string from = Stated(map, "collectedFrom", DateForm, IsDate);
        string to = Stated(map, "collectedTo", DateForm, IsDate);
        map.Check(from.Length == 0 || to.Length == 0 || string.CompareOrdinal(from[..Math.Min(from.Length, to.Length)], to) <= 0,
            "collectedTo", $"no date before {from}", "collectedFrom");
        ValueList<string> domains = Each(map, "domains", MostDomains, "a domain name such as example.org", IsDomain);
        map.Check(domains.Count == 0 || kind == OriginKind.Crawled, "domains", "no such key: it is for kind crawled", "kind");
        string about = map.Line("about", "");
        map.Close();
        return new CorpusOrigin(kind, url, languages, from, to, domains, about);
    }

    private static string Stated(RecipeMap map, string key, string expected, Func<string, bool> fits) =>
        map.Has(key) ? map.Line(key, expected, fits) : "";

    private static ValueList<string> Each(RecipeMap map, string key, int most, string expected, Func<string, bool> fits)
    {
        ValueList<string> texts = map.Lines(key, 0, most);
        for (int i = 0; i < texts.Count && map.IsSound(key); i++)
        {
            if (!fits(texts[i])) map.Value(key).Items[i].Refuse(expected);
        }
        return texts;
    }

    private static bool IsDate(string text) => text.Length is 4 or 7 or 10
        && DateOnly.TryParseExact(
            text + "0001-01-01"[text.Length..], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsUrl(string text) => text.Length <= 2000 && !text.Any(c => c is ' ' or '<' or '>' or '"' or '\\' or '`')
        && Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "https" or "http";

    private static bool IsLanguage(string text)
    {
        string[] tags = text.Split('-');
        return tags[0].Length is 2 or 3 && tags[0].All(char.IsAsciiLetterLower)
            && tags.Skip(1).All(t => t.Length is >= 2 and <= 8 && t.All(char.IsAsciiLetterOrDigit));
    }

    private static bool IsDomain(string text) => text.Length <= 253 && text.Contains('.', StringComparison.Ordinal)
        && text.Split('.').All(label => label.Length is >= 1 and <= 63 && label.All(c => char.IsLetterOrDigit(c) || c == '-'));
}
