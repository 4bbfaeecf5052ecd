#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property NoWarn=$(NoWarn);MA0047

// Draws up countries.csv, the table of facts that recipes/factbook and recipes/tiny are trained on.
//
//   dotnet run recipes/factbook/make-table.cs -- FOLDER_OF_FACTBOOK_JSON --keep-back 5
//
// FOLDER is a checkout of github factbook/factbook.json at the commit below: one JSON record per country, the CIA World
// Factbook, public domain. `--keep-back 5` passes over every fifth file in path order, as was done for the countries.csv
// that stands here: the places left out are kept for tests that need real countries a model has never seen.
//
// Facts and figures are taken, texts are not: a value here is a number, a name or a word or two. What the rules below can
// not clean is either set by hand in overrides.csv, with the reason, or left empty.

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

const string Commit = "8662a8b17a784841ab4528631b04090eb2f183eb";
const string CommitDate = "2026-05-17";

if (args.Length is not (1 or 3) || !Directory.Exists(args[0]) || (args.Length == 3 && args[1] != "--keep-back"))
{
    Console.Error.WriteLine("Use: dotnet run recipes/factbook/make-table.cs -- FOLDER_OF_FACTBOOK_JSON [--keep-back N]");
    Console.Error.WriteLine($"The folder is a checkout of github factbook/factbook.json at commit {Commit}.");
    return 2;
}

var keepBackEvery = args.Length == 3 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 0;
var here = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
var overrides = Overrides.Read(Path.Combine(here, "overrides.csv"));

var rows = new List<Row>();
foreach (var path in Records(args[0], keepBackEvery))
{
    var code = Path.GetFileNameWithoutExtension(path);
    if (overrides.LeavesOut(code))
    {
        continue;
    }

    using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(args[0], path)));
    var row = Country.Draw(new Record(json.RootElement), code, path.Split('/')[0]);
    overrides.Apply(code, row);
    Country.Speak(row);
    row["source"] = $"CIA World Factbook, factbook.json {path}, {CommitDate}";
    rows.Add(row);
}

rows.Sort((a, b) => string.CompareOrdinal(a["name"], b["name"]));
File.WriteAllText(Path.Combine(here, "countries.csv"), Table(rows), new UTF8Encoding(false));

Console.WriteLine($"{rows.Count} rows. Empty cells:");
foreach (var column in Row.Columns)
{
    Console.WriteLine($"  {column,-18}{rows.Count(row => row[column].Length == 0),4}");
}

foreach (var unused in overrides.Unused())
{
    Console.WriteLine($"Override not used (the record is not in this folder): {unused}");
}

return 0;

static IEnumerable<string> Records(string folder, int keepBackEvery)
{
    // meta/ holds no country, but it has its place in the path order that the keeping back counts in.
    var paths = Directory.GetDirectories(folder)
        .SelectMany(region => Directory.GetFiles(region, "*.json"))
        .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)
        .ToList();
    string[] notPlaces = ["meta", "oceans", "world"];
    return paths
        .Where((_, index) => keepBackEvery == 0 || (index + 1) % keepBackEvery != 0)
        .Where(path => !notPlaces.Contains(path.Split('/')[0]));
}

static string Table(List<Row> rows)
{
    var text = new StringBuilder();
    text.AppendJoin(',', Row.Columns).Append('\n');
    foreach (var row in rows)
    {
        text.AppendJoin(',', Row.Columns.Select(column => Csv.Quote(row[column]))).Append('\n');
    }

    return text.ToString();
}

/// <summary>One line of the table: a value per column, empty where there is no clean one.</summary>
internal sealed class Row
{
    public static readonly string[] Columns =
    [
        "name", "the_name", "The_name", "is", "code", "region", "the_region", "capital", "population", "population_text",
        "area_km2", "area_text", "languages", "currency", "government", "government_text", "neighbours", "land_neighbours", "highest_point",
        "highest_point_m", "height_text", "nationality", "people", "independence_year", "internet_code", "source",
    ];

    private readonly Dictionary<string, string> _values = Columns.ToDictionary(column => column, _ => "", StringComparer.Ordinal);

    public string this[string column]
    {
        get => _values[column];
        set => _values[column] = _values.ContainsKey(column) ? value : throw new ArgumentException($"No column '{column}'.");
    }
}

/// <summary>A Factbook record, read by a path of keys; the text comes without markup, entities or odd spaces.</summary>
internal sealed class Record(JsonElement root)
{
    public string FirstText(string[] keys, string[] otherKeys) => Text(keys) is { Length: > 0 } text ? text : Text(otherKeys);

    public string Text(params ReadOnlySpan<string> keys)
    {
        var element = root;
        foreach (var key in keys)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(key, out element))
            {
                return "";
            }
        }

        if (element.ValueKind == JsonValueKind.Object && !element.TryGetProperty("text", out element))
        {
            return "";
        }

        return element.ValueKind == JsonValueKind.String ? Clean.Markup(element.GetString()!) : "";
    }
}

/// <summary>The rules, one method per column.</summary>
internal static class Country
{
    // Used where the Factbook's own map reference is only "Asia".
    private static readonly Dictionary<string, string> RegionOfFolder = new(StringComparer.Ordinal)
    {
        ["central-asia"] = "Central Asia",
        ["east-n-southeast-asia"] = "East Asia",
        ["south-asia"] = "South Asia",
    };

    private static readonly string[] RegionsWithArticle = ["Middle East", "Caribbean", "Caucasus", "South Atlantic"];

    private static readonly string[] NamesWithArticle =
    [
        "Bahamas", "Comoros", "Gambia", "Gaza Strip", "Isle of Man", "Maldives", "Netherlands", "Philippines", "Seychelles", "West Bank",
    ];

    // Other forms of a name that border lists use.
    private static readonly Dictionary<string, string> UsualName = new(StringComparer.Ordinal)
    {
        ["US"] = "United States",
        ["UK"] = "United Kingdom",
        ["UAE"] = "United Arab Emirates",
        ["Burma"] = "Myanmar",
        ["Czech Republic"] = "Czechia",
        ["Cote d'Ivoire"] = "Ivory Coast",
        ["Holy See"] = "Vatican City",
        ["Macedonia"] = "North Macedonia",
        ["The Gambia"] = "Gambia",
    };

    // The first line found in the text of the "Dependency status" names the government of a place that is not a state.
    private static readonly (string Found, string Government)[] DependencyRules =
    [
        ("territory of the uk", "British overseas territory"),
        ("crown dependency", "British Crown dependency"),
        ("collectivity of france", "overseas collectivity of France"),
        ("country of france", "overseas country of France"),
        ("territory of the us", "territory of the United States"),
        ("sovereignty of the us", "territory of the United States"),
        ("territory of australia", "territory of Australia"),
        ("territory of new zealand", "territory of New Zealand"),
        ("territory of norway", "territory of Norway"),
        ("kingdom of denmark", "territory of Denmark"),
        ("kingdom of the netherlands", "constituent country of the Netherlands"),
        ("free association with new zealand", "state in free association with New Zealand"),
        ("administrative region", "special administrative region of China"),
    ];

    // The first line found in the text of the "Government type"; a longer name stands before the shorter one inside it.
    private static readonly (string Found, string Government)[] GovernmentRules =
    [
        ("formerly", ""),
        ("transition", ""),
        ("absolute monarchy", "absolute monarchy"),
        ("constitutional monarchy", "constitutional monarchy"),
        ("federation of monarchies", "federation of monarchies"),
        ("communist", "communist state"),
        ("military", "military regime"),
        ("elective monarchy", "elective monarchy"),
        ("theocratic republic", "theocratic republic"),
        ("theocratic", "theocratic state"),
        ("semi-presidential federation", "semi-presidential federation"),
        ("semi-presidential republic", "semi-presidential republic"),
        ("federal presidential republic", "federal presidential republic"),
        ("federal parliamentary republic", "federal parliamentary republic"),
        ("federal republic", "federal republic"),
        ("presidential republic", "presidential republic"),
        ("parliamentary republic", "parliamentary republic"),
        ("parliamentary democratic republic", "parliamentary republic"),
        ("authoritarian", "authoritarian state"),
        ("parliamentary democracy", "parliamentary democracy"),
    ];

    private static readonly (string Found, string Currency)[] CurrencyRules =
    [
        ("US dollar is used", "United States dollar"),
        ("US dollar became", "United States dollar"),
        ("Communaute Financiere Africaine", "West African CFA franc"),
        ("Financiere en Afrique Centrale", "Central African CFA franc"),
        ("Financière en Afrique Centrale", "Central African CFA franc"),
        ("Comptoirs Francais du Pacifique", "CFP franc"),
    ];

    // Plurals that are not the singular with an s.
    private static readonly Dictionary<string, string> CurrencySingular = new(StringComparer.Ordinal)
    {
        ["colones"] = "colon",
        ["emalangeni"] = "lilangeni",
        ["koruny"] = "koruna",
        ["kroner"] = "krone",
        ["kronur"] = "krona",
        ["leva"] = "lev",
        ["meticais"] = "metical",
        ["zlotych"] = "zloty",
    };

    private static readonly Dictionary<string, string> UsualLanguage = new(StringComparer.Ordinal)
    {
        ["Afghan Persian"] = "Dari",
        ["Bahasa Indonesia"] = "Indonesian",
        ["Bangla"] = "Bengali",
        ["Castilian"] = "Spanish",
        ["Castilian Spanish"] = "Spanish",
        ["Kiswahili"] = "Swahili",
        ["Persian Farsi"] = "Persian",
        ["Putonghua"] = "Mandarin",
        ["Standard Chinese"] = "Mandarin",
    };

    // "(official)", "(official, Khalkha dialect ...)" and "(Castilian; official)", but neither "(official in Burgenland)" nor
    // "(official, but locally used)".
    private static readonly Regex Official = Clean.Rule(@"\(([^()]*; )?official(?! in\b|, but|, only)");

    private static readonly Regex NotALanguage = Clean.Rule(
        @"\d|^[a-z]+( |$)|\b(other|languages?|dialects?|unspecified|indigenous|various|widely|spoken|speaking|unknown|none|variants)\b");

    // "unnamed elevation", "3.6 km W of ...", "8th tee, golf course" are not names.
    private static readonly Regex NotAPeak = Clean.Rule(@"^\d|^unnamed|^[A-Z][a-z]+-central|\blocation\b");

    private static readonly string[] SmallNumbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"];

    public static Row Draw(Record record, string code, string folder)
    {
        var row = new Row { ["code"] = code };
        row["name"] = Clean.Notes(record.Text("Government", "Country name", "conventional short form"));
        row["region"] = Region(record.Text("Geography", "Map references"), folder);
        row["capital"] = Clean.Notes(record.Text("Government", "Capital", "name")).Split(", ")[0];
        row["population"] = Clean.WholeNumber(
            record.FirstText(["People and Society", "Population", "total"], ["People and Society", "Population"]));
        row["area_km2"] = Clean.WholeNumber(record.FirstText(["Geography", "Area", "total "], ["Geography", "Area", "total"]));
        row["languages"] = Languages(record);
        row["currency"] = Currency(record);
        row["government"] = Government(record);
        SetNeighbours(row, record);
        SetHighestPoint(row, record.Text("Geography", "Elevation", "highest point"));
        row["nationality"] = Clean.FirstOf(record.Text("People and Society", "Nationality", "adjective"));
        row["people"] = People(record.Text("People and Society", "Nationality", "noun"));
        row["independence_year"] = IndependenceYear(record.Text("Government", "Independence"));
        row["internet_code"] = Clean.Match(record.Text("Communications", "Internet country code"), @"^(?<value>\.[a-z]{2})$");
        return row;
    }

    /// <summary>Fills the columns that say in words what other columns hold: made last, so that they follow the overrides.</summary>
    public static void Speak(Row row)
    {
        var the = WithArticle(row["name"]);
        row["the_name"] = the;
        row["is"] = row["name"].EndsWith(" Islands", StringComparison.Ordinal) ? "are" : "is";
        row["The_name"] = char.ToUpperInvariant(the[0]) + the[1..];
        row["the_region"] = RegionsWithArticle.Contains(row["region"]) ? "the " + row["region"] : row["region"];
        row["population_text"] = Clean.TwoFigures(row["population"]);
        row["area_text"] = row["area_km2"].Length == 0 ? "" : Clean.TwoFigures(row["area_km2"]) + " square kilometres";
        row["height_text"] = row["highest_point_m"].Length == 0
            ? ""
            : long.Parse(row["highest_point_m"], CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture) + " metres";
        row["government_text"] = row["government"].Length == 0
            ? ""
            : ("aeio".Contains(row["government"][0], StringComparison.Ordinal) ? "an " : "a ") + row["government"];
    }

    private static string WithArticle(string name) =>
        NamesWithArticle.Contains(name) || name.EndsWith(" Islands", StringComparison.Ordinal)
            || name.Contains("Republic", StringComparison.Ordinal) || name.StartsWith("United ", StringComparison.Ordinal)
            ? "the " + name
            : name;

    private static string Region(string map, string folder) =>
        map is "Asia" ? RegionOfFolder[folder] : map is "Central America and the Caribbean" ? "Caribbean" : map;

    /// <summary>
    /// The official languages and those of at least four people in ten; where the record calls none official, those of at
    /// least one in ten. Three at most.
    /// </summary>
    private static string Languages(Record record)
    {
        var items = new List<(string Name, bool Official, double? Percent)>();
        var text = record.FirstText(["People and Society", "Languages", "Languages"], ["People and Society", "Languages"]);
        foreach (var item in Clean.SplitOutsideParentheses(text))
        {
            var percent = Clean.Match(item, @"(?<value>[\d.]+)%");
            var name = Clean.FirstOf(Clean.Match(Clean.Notes(item), @"^(?<value>.*?)( only)?(( less than)? <?[\d.]+%.*)?$"));
            if (name.Length > 0 && !NotALanguage.IsMatch(name))
            {
                items.Add((UsualLanguage.GetValueOrDefault(name, name), Official.IsMatch(item),
                    percent.Length == 0 ? null : double.Parse(percent, CultureInfo.InvariantCulture)));
            }
        }

        var chosen = items.Exists(item => item.Official)
            ? items.Where(item => item.Official || item.Percent >= 40)
            : items.Where(item => item.Percent is null or >= 10);
        return Clean.List(chosen.Select(item => item.Name).Distinct(StringComparer.Ordinal).Take(3).ToList());
    }

    private static string Currency(Record record)
    {
        var text = record.FirstText(["Economy", "Exchange rates", "Currency"], ["Economy", "Exchange rates"]);
        foreach (var (found, currency) in CurrencyRules)
        {
            if (text.Contains(found, StringComparison.Ordinal))
            {
                return currency;
            }
        }

        var words = Clean.Match(text, @"^(?<value>.+?)( \([A-Z/]+\))? per US dollar").Split(' ');
        var last = words[^1];
        words[^1] = CurrencySingular.TryGetValue(last, out var singular) ? singular : last.EndsWith('s') ? last[..^1] : last;
        return string.Join(' ', words);
    }

    private static string Government(Record record)
    {
        var dependency = record.Text("Government", "Dependency status").ToLowerInvariant();
        foreach (var (found, government) in DependencyRules)
        {
            if (dependency.Contains(found, StringComparison.Ordinal))
            {
                return government;
            }
        }

        var type = Clean.Notes(record.Text("Government", "Government type")).ToLowerInvariant();
        foreach (var (found, government) in GovernmentRules)
        {
            if (type.Contains(found, StringComparison.Ordinal))
            {
                return government;
            }
        }

        return "";
    }

    /// <summary>Names of the neighbours when there are one to six, their number in words always.</summary>
    private static void SetNeighbours(Row row, Record record)
    {
        var border = record.FirstText(
            ["Geography", "Land boundaries", "border countries"], ["Geography", "Land boundaries", "regional borders"]);
        var names = Clean.Matches(Clean.WithoutParentheses(border), @"(?<value>[A-Z][^\d;,]*?) [\d.,]+ km")
            .Select(name => UsualName.GetValueOrDefault(name, name))
            .Select(name => name.EndsWith("of the Congo", StringComparison.Ordinal) ? "the " + name : WithArticle(name))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (names.Count == 0 && Clean.WholeNumber(record.Text("Geography", "Land boundaries", "total")) != "0")
        {
            return;
        }

        row["neighbours"] = names.Count <= 6 ? Clean.List(names) : "";
        row["land_neighbours"] = SmallNumbers[names.Count] + (names.Count == 1 ? " land neighbour" : " land neighbours");
    }

    private static void SetHighestPoint(Row row, string text)
    {
        const string Peak = @"^(?<name>.*?)[ ,]+(?<height>\d[\d,]*)( m)?([ ;]|$)";
        var plain = Clean.WithoutParentheses(text);
        row["highest_point_m"] = Clean.WholeNumber(Clean.Match(plain, Peak, "height"));
        var name = Clean.Match(Clean.FirstOf(Clean.Match(plain, Peak, "name")), @"^(?<value>.*?)( on .*)?$");
        row["highest_point"] = NotAPeak.IsMatch(name) ? "" : name;
    }

    private static string People(string noun)
    {
        var first = noun.Split(" or ")[0].Split(',')[0].Split('/')[0];
        return first.EndsWith("(s)", StringComparison.Ordinal) || first.Contains("(s) ", StringComparison.Ordinal)
            ? first.Split("(s)")[0] + "s"
            : first.StartsWith("Frenchman", StringComparison.Ordinal) ? "French" : Clean.FirstOf(first);
    }

    /// <summary>The year of "5 July 1962 (from France)", only where the record gives no second year.</summary>
    private static string IndependenceYear(string text)
    {
        var year = Clean.Match(text, @"^\d{1,2} [A-Z][a-z]+ (?<value>\d{4}) \((declared )?(independence )?from [^()]*\)");
        var other = Clean.Matches(text, @"\b(?<value>1[0-9]{3}|20[0-9]{2})\b").Any(found => found != year);
        return other ? "" : year;
    }
}

/// <summary>Small cleaning steps shared by the rules.</summary>
internal static class Clean
{
    public static Regex Rule(string pattern) =>
        new(pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

    public static string Match(string text, string pattern, string group = "value") => Rule(pattern).Match(text).Groups[group].Value;

    public static IEnumerable<string> Matches(string text, string pattern) =>
        Rule(pattern).Matches(text).Select(match => match.Groups["value"].Value);

    public static string Markup(string text) => Rule(@"\s+")
        .Replace(WebUtility.HtmlDecode(Rule("<[^>]*>").Replace(text, " ")).Replace('\u2019', '\''), " ").Trim();

    public static string WithoutParentheses(string text)
    {
        var kept = new StringBuilder();
        var depth = 0;
        foreach (var c in text)
        {
            depth += c == '(' ? 1 : 0;
            if (depth == 0)
            {
                kept.Append(c);
            }

            depth -= c == ')' && depth > 0 ? 1 : 0;
        }

        return Rule(" +").Replace(kept.ToString(), " ").Replace(" ,", ",", StringComparison.Ordinal).Trim();
    }

    /// <summary>What stands before the first semicolon, without parentheses; "none" is nothing.</summary>
    public static string Notes(string text)
    {
        var plain = WithoutParentheses(text).Split(';')[0].Trim();
        return plain is "none" or "NA" ? "" : plain;
    }

    /// <summary>The first of several forms: "Lao or Laotian", "Gjeravica/Deravica", "Norfolk Islander(s)".</summary>
    public static string FirstOf(string text) => Notes(text).Split(" or ")[0].Split(',')[0].Split('/')[0].Trim();

    /// <summary>The number a text begins with, as digits: "2,381,740 sq km" and "1.284 million sq km"; else empty.</summary>
    public static string WholeNumber(string text)
    {
        var digits = Match(text, @"^(?<value>[\d,]+(\.\d+)?)").Replace(",", "", StringComparison.Ordinal);
        if (digits.Length == 0)
        {
            return "";
        }

        var scale = Rule(@"^[\d,.]+ million").IsMatch(text) ? 1_000_000m : 1m;
        return decimal.Round(decimal.Parse(digits, CultureInfo.InvariantCulture) * scale).ToString("0", CultureInfo.InvariantCulture);
    }

    /// <summary>A count to two figures in words a person would say: 68,512,806 is "69 million", 98,187 is "98,000".</summary>
    public static string TwoFigures(string number)
    {
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return number;
        }

        var step = 1L;
        while (value / step >= 100)
        {
            step *= 10;
        }

        var rounded = (value + (step / 2)) / step * step;
        return rounded switch
        {
            >= 1_000_000_000 => Scaled(rounded, 1_000_000_000m) + " billion",
            >= 1_000_000 => Scaled(rounded, 1_000_000m) + " million",
            _ => rounded.ToString("N0", CultureInfo.InvariantCulture),
        };
    }

    private static string Scaled(long value, decimal unit) => (value / unit).ToString("0.#", CultureInfo.InvariantCulture);

    public static List<string> SplitOutsideParentheses(string text)
    {
        var parts = new List<string>();
        var start = 0;
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (depth == 0 && text[i] is ',' or ';')
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
        }

        parts.Add(text[start..].Trim());
        return parts;
    }

    public static string List(List<string> names) =>
        names.Count <= 1 ? string.Concat(names) : string.Join(", ", names.SkipLast(1)) + " and " + names[^1];
}

/// <summary>overrides.csv: what the rules can not know, each line with its reason.</summary>
internal sealed class Overrides
{
    private const string LeaveOut = "leave out";

    private readonly List<(string Code, string Column, string Value)> _lines = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    public static Overrides Read(string path)
    {
        var overrides = new Overrides();
        foreach (var line in File.ReadLines(path).Skip(1))
        {
            var cells = Csv.Split(line);
            overrides._lines.Add(cells.Count == 4
                ? (cells[0], cells[1], cells[2])
                : throw new InvalidDataException($"{path}: expected code,column,value,reason, found: {line}"));
        }

        return overrides;
    }

    public bool LeavesOut(string code)
    {
        _seen.Add(code);
        return _lines.Exists(line => line.Code == code && line.Column == LeaveOut);
    }

    public void Apply(string code, Row row)
    {
        foreach (var line in _lines.Where(line => line.Code == code))
        {
            row[line.Column] = line.Value;
        }
    }

    public IEnumerable<string> Unused() =>
        _lines.Select(line => line.Code).Distinct(StringComparer.Ordinal).Where(code => !_seen.Contains(code));
}

internal static class Csv
{
    public static string Quote(string value) =>
        value.AsSpan().IndexOfAny(",\"\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static List<string> Split(string line) =>
        Clean.Rule("(^|,)(\"(?<quoted>([^\"]|\"\")*)\"|(?<plain>[^,\"]*))").Matches(line)
            .Select(match => match.Groups["quoted"].Success
                ? match.Groups["quoted"].Value.Replace("\"\"", "\"", StringComparison.Ordinal)
                : match.Groups["plain"].Value)
            .ToList();
}
