#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property NoWarn=$(NoWarn);MA0047

// Writes invented.txt, names of countries that do not exist, for recipes/factbook and recipes/tiny.
//
//   dotnet run recipes/factbook/make-names.cs
//
// The names take every shape that real ones have, some begin or end like a real one and some are a real one with a letter
// changed, so that a model which refuses them has learnt "is this one of the names I know" and not "does it look odd".
// Part of the names that want an article carry it ("the Velmar Islands"), part do not: the article must not tell either.
// No such name is that of a country, capital or people in countries.csv, nor one of the other real places listed below.
// After them come real names that the table only mentions (capitals, peaks, neighbours without a row) and those other places: to be
// asked about Nairobi as if it were a country, or about a country that has no row, must be refused as well.

using System.Globalization;
using System.Text;

const int Count = 1500;

var here = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
var known = Known.Read(Path.Combine(here, "countries.csv"));
var names = new List<string>();
var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
for (ulong index = 0; names.Count < Count; index++)
{
    var name = new Inventor(new Draws(index), known).Name();
    var bare = name.StartsWith("the ", StringComparison.Ordinal) ? name[4..] : name;
    if (bare.Length is >= 4 and <= 34 && !known.IsReal(bare) && taken.Add(bare))
    {
        names.Add(name);
    }
}

var text = new StringBuilder()
    .Append("# Names that no document is about, one a line. Made by make-names.cs; edit that, not this.\n")
    .Append("# Used to teach a model to say that a name is not in its documents, and to test whether it does.\n")
    .Append("# First come names of countries that do not exist, then real names that are no row of the table.\n")
    .AppendJoin('\n', names)
    .Append('\n')
    .AppendJoin('\n', known.NotRows())
    .Append('\n');
File.WriteAllText(Path.Combine(here, "invented.txt"), text.ToString(), new UTF8Encoding(false));
Console.WriteLine($"{names.Count} names.");

/// <summary>Draws number 0, 1, 2 ... of one name: a function of (name index, draw), with no state but the draw's number.</summary>
internal sealed class Draws(ulong index)
{
    private ulong _draw;

    /// <summary>A whole number from 0 to bound - 1.</summary>
    public int Below(int bound)
    {
        // The finalizer of SplitMix64 (Steele, Lea and Flood 2014), twice: over the index, then over the draw.
        var mixed = Mix(Mix((index + 1) * 0x9E3779B97F4A7C15) + (++_draw * 0x9E3779B97F4A7C15));
        return (int)(((mixed >> 32) * (ulong)bound) >> 32);
    }

    public bool Chance(int percent) => Below(100) < percent;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>Makes one name out of draws.</summary>
internal sealed class Inventor(Draws draws, Known known)
{
    // A part that stands more than once is drawn more often.
    private static readonly string[] Onsets =
    [
        "b", "b", "b", "br", "c", "c", "ch", "d", "d", "d", "dr", "f", "f", "g", "g", "gr", "h", "h", "j", "k", "k", "kr", "kh", "l", "l",
        "l", "l", "m", "m", "m", "m", "m", "n", "n", "n", "n", "p", "p", "pr", "qu", "r", "r", "r", "r", "s", "s", "s", "s", "sh", "st",
        "t", "t", "t", "t", "th", "tr", "v", "v", "v", "w", "y", "z", "z", "zh", "gh", "ts", "sv", "gl",
    ];

    private static readonly string[] Vowels =
    [
        "a", "a", "a", "a", "a", "a", "a", "e", "e", "e", "e", "e", "i", "i", "i", "i", "o", "o", "o", "o", "u", "u", "u", "ai", "au",
        "ei", "ou",
    ];

    private static readonly string[] Codas =
    [
        "", "", "", "", "", "", "", "", "", "", "n", "n", "n", "r", "r", "r", "l", "l", "m", "s", "nd", "rn", "st",
    ];

    private static readonly string[] Endings =
    [
        "ia", "ia", "ia", "ia", "ia", "ia", "nia", "ria", "lia", "bia", "land", "land", "land", "land", "stan", "stan", "istan", "istan",
        "a", "a", "ana", "ara", "ona", "ova", "uay", "o", "ico", "ado", "ador", "ique", "esh", "eria", "ania", "avia", "on", "an", "en",
        "ar", "or", "ur", "i", "ati", "u", "au", "alu", "atu", "ein", "burg", "mark", "gal", "key", "way", "way", "dan", "bar", "rea",
        "pan", "nei", "cia", "tia",
    ];

    private static readonly string[] GivenNames =
    [
        "Alban", "Aldric", "Amalia", "Ansel", "Ambrose", "Aurelia", "Basil", "Benedict", "Bertrand", "Brigid", "Cecilia", "Clement",
        "Columba", "Corentin", "Cyprian", "Dorothea", "Edmund", "Elmo", "Emeric", "Eustace", "Fabian", "Felicia", "Ferdinand", "Florian",
        "Gervase", "Gregory", "Hilda", "Hubert", "Ignace", "Isidore", "Julian", "Lambert", "Leander", "Leonard", "Ludmila", "Magnus",
        "Malachi", "Marcel", "Matilda", "Maurice", "Melania", "Nestor", "Odile", "Olaf", "Osric", "Pascal", "Petra", "Philomena",
        "Quentin", "Radek", "Raphael", "Roland", "Romuald", "Rosalie", "Rupert", "Sabina", "Severin", "Sylvester", "Tarquin", "Thaddeus",
        "Theodora", "Ursula", "Valentin", "Vincenta", "Walburga", "Wilfred", "Wenceslas", "Xenia", "Zita",
    ];

    private static readonly string[] Qualifiers =
    [
        "North", "North", "South", "South", "East", "West", "New", "New", "Upper", "Lower", "Central", "Greater", "Outer", "Northern",
        "Southern", "Eastern", "Western", "British", "French", "American", "Equatorial",
    ];

    private static readonly string[] SpanishHeads = ["Costa", "Puerto", "San", "Santa", "El", "Port", "Monte", "Terra", "Cabo", "Sierra"];

    public string Name() => draws.Below(100) switch
    {
        < 30 => Word(),
        < 40 => LikeReal(),
        < 47 => OneLetterOff(),
        < 56 => Article() + Island(),
        < 63 => Article() + State(),
        < 70 => Saint(),
        < 79 => draws.Of(Qualifiers) + " " + Word(),
        < 84 => draws.Of(["North", "South", "East", "West", "Upper", "Lower"]) + " " + draws.Of(known.OneWordNames),
        < 90 => Pair(),
        < 95 => draws.Of(SpanishHeads) + " " + Word(),
        < 97 => Word() + "-" + Word(),
        _ => Article() + Word() + draws.Of([" Coast", " Territory", " Strip", " Federation", " Emirates", " Union"]),
    };

    /// <summary>One word of two to four syllables, the last of them an ending that real names have.</summary>
    private string Word()
    {
        var word = Syllable();
        if (draws.Chance(45))
        {
            word = Join(word, Syllable());
        }

        return Capital(Join(word, draws.Of(Endings)));
    }

    private string Syllable() => (draws.Chance(85) ? draws.Of(Onsets) : "") + draws.Of(Vowels) + draws.Of(Codas);

    /// <summary>A word that begins as a real name does, or ends so.</summary>
    private string LikeReal()
    {
        var real = draws.Of(known.OneWordNames);
        var length = Math.Min(real.Length - 2, 3 + draws.Below(2));
        return draws.Chance(60)
            ? Capital(Join(real[..length], draws.Of(Endings)))
            : Capital(Join(Syllable(), real[^length..].ToLowerInvariant()));
    }

    /// <summary>A real name with one letter changed, added, left out or moved, not the first one.</summary>
    private string OneLetterOff()
    {
        const string VowelLetters = "aeiou";
        const string Consonants = "bdfgklmnprstvz";
        var letters = new StringBuilder(draws.Of(known.OneWordNames));
        var at = 1 + draws.Below(letters.Length - 2);
        var other = VowelLetters.Contains(letters[at], StringComparison.Ordinal) ? VowelLetters : Consonants;
        switch (draws.Below(5))
        {
            case 0:
                letters.Remove(at, 1);
                break;
            case 1:
                letters.Insert(at + 1, letters[at]);
                break;
            case 2:
                (letters[at], letters[at + 1]) = (letters[at + 1], letters[at]);
                break;
            default:
                letters[at] = other[draws.Below(other.Length)];
                break;
        }

        return letters.ToString();
    }

    private string Island() => draws.Below(4) switch
    {
        0 => draws.Of(GivenNames) + " Islands",
        1 => draws.Of(["North ", "South ", "Northern ", "Outer ", "New "]) + Word() + " Islands",
        _ => Word() + " Islands",
    };

    private string State() => draws.Below(8) switch
    {
        0 or 1 => "Republic of " + Word(),
        2 => "Democratic Republic of " + Word(),
        3 => "Kingdom of " + Word(),
        4 => "United " + draws.Of(["Kingdom of ", "Republic of ", "States of ", "Emirates of "]) + Word(),
        5 => "Isle of " + Word(),
        6 => "Central " + Word() + " Republic",
        _ => Word() + " Republic",
    };

    private string Saint() => draws.Below(6) switch
    {
        0 => "Saint " + draws.Of(GivenNames) + " and " + draws.Of(GivenNames),
        1 => "Saint " + draws.Of(GivenNames) + " and the " + Word() + "s",
        2 => "Saint " + Word(),
        _ => "Saint " + draws.Of(GivenNames),
    };

    private string Pair() => draws.Chance(80) ? Word() + " and " + Word() : Word() + " and the " + Word() + " Islands";

    private string Article() => draws.Chance(65) ? "the " : "";

    /// <summary>Puts two parts together so that the seam can be said: no three vowels or four consonants in a row.</summary>
    private static string Join(string head, string tail)
    {
        while (head.Length > 2 && IsVowel(head[^1]) && IsVowel(tail[0]))
        {
            head = head[..^1];
        }

        if (head.Length > 2 && !IsVowel(head[^1]) && !IsVowel(tail[0]) && (!IsVowel(head[^2]) || (tail.Length > 1 && !IsVowel(tail[1]))))
        {
            head = head[..^1];
        }

        return head + tail;
    }

    private static bool IsVowel(char c) => "aeiouy".Contains(char.ToLowerInvariant(c), StringComparison.Ordinal);

    private static string Capital(string word) => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..].ToLowerInvariant();
}

/// <summary>Real names: those of the table, and those that an invented name must not hit by chance.</summary>
internal sealed class Known
{
    private static readonly string[] OtherRealPlaces =
    [
        // Countries and territories without a record in the table.
        "Albania", "Armenia", "Bahamas", "Bhutan", "Bolivia", "Bosnia", "Bosnia and Herzegovina", "Burundi", "Cambodia", "Cape Verde",
        "Clipperton", "Cocos Islands", "Comoros", "Cuba", "Curacao", "East Timor", "England", "Equatorial Guinea", "Falkland Islands",
        "Finland", "French Guiana", "Germany", "Ghana", "Guadeloupe", "Guatemala", "Holland", "Isle of Man", "Israel", "Latvia",
        "Lesotho", "Malaysia", "Martinique", "Mayotte", "Micronesia", "Moldova", "Morocco", "Nepal", "Netherlands", "New Caledonia",
        "New Zealand", "Nigeria", "North Korea", "Oman", "Palestine", "Reunion", "Romania", "Saint Kitts and Nevis", "Samoa", "Scotland",
        "Singapore", "Sint Maarten", "South Africa", "Sudan", "Swaziland", "Sweden", "Tajikistan", "Tonga", "Uganda", "Wales",
        "West Bank", "Zambia",

        // Regions, islands, former states and places in books, and real names that one letter makes.
        "Abyssinia", "Aland", "Albany", "Anatolia", "Anbar", "Andalusia", "Arabia", "Aragon", "Arcadia", "Armorica", "Assyria",
        "Austrasia", "Bavaria", "Bermudas", "Bohemia", "Burma", "Caledonia", "California", "Cantabria", "Carinthia", "Carolina",
        "Castile", "Catalonia", "Ceylon", "Chechnya", "Columbia", "Corsica", "Crete", "Crimea", "Czechoslovakia", "Dagestan", "Dalmatia",
        "Dominicana", "East Germany", "East Pakistan", "Estland", "Florida", "Galicia", "Gascony", "Gaul", "Gotland", "Greenland",
        "Hindustan", "Iberia", "Illyria", "Ingria", "Istria", "Italia", "Jutland", "Kashmir", "Kenia", "Kurdistan", "Kurland",
        "Kyrgystan", "Lapland", "Latium", "Livonia", "Lombardia", "Londan", "Lower Austria", "Lydia", "Malaya", "Manchuria", "Marocco",
        "Mesopotamia", "Moldavia", "Montana", "Moravia", "Namibie", "Nasi", "New Guinea", "New Ireland", "New Jersey", "New Mexico",
        "Norland", "Normandy", "North Cyprus", "North Vietnam", "North Yemen", "Northern Ireland", "Nubia", "Numidia", "Ossetia",
        "Pannonia", "Parthia", "Persia", "Phrygia", "Polynesia", "Pomerania", "Prussia", "Queensland", "Rajasthan", "Rhodesia",
        "Ruritania", "Ruthenia", "Saarland", "Sardinia", "Sarnia", "Saxony", "Scandinavia", "Serbia and Montenegro", "Siam", "Siberia",
        "Sicilia", "Sicily", "Silesia", "Slavonia", "Slur", "Somaliland", "South Korea", "South Vietnam", "South Yemen", "Styria",
        "Sumatra", "Tanganyika", "Tasmania", "Tatarstan", "Thrace", "Tibet", "Transnistria", "Transylvania", "Turkestan", "Turkiye",
        "Umbria", "Upper Austria", "Upper Volta", "Utopia", "Venetia", "Virginia", "Wallachia", "West Germany", "West Pakistan",
        "Western Samoa", "Westphalia", "Yugoslavia", "Zaire", "Zanzibar", "Zeeland",
    ];

    private readonly HashSet<string> _real = new(OtherRealPlaces, StringComparer.OrdinalIgnoreCase);

    public List<string> OneWordNames { get; } = [];

    private readonly SortedSet<string> _mentioned = new(OtherRealPlaces, StringComparer.Ordinal);
    private readonly HashSet<string> _rows = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Real names that are not the name of a row.</summary>
    public IEnumerable<string> NotRows() => _mentioned.Where(n => n.Length >= 3 && !_rows.Contains(n) && !_rows.Contains("the " + n));

    public static Known Read(string path)
    {
        var known = new Known();
        var lines = File.ReadAllLines(path);
        var header = lines[0].Split(',');
        string[] columns = ["name", "the_name", "capital", "nationality", "people"];
        foreach (var line in lines.Skip(1))
        {
            var cells = Cells(line);
            foreach (var column in columns)
            {
                known._real.Add(cells[Array.IndexOf(header, column)]);
            }

            known._rows.Add(cells[Array.IndexOf(header, "name")]);
            known._rows.Add(cells[Array.IndexOf(header, "the_name")]);
            foreach (var column in (string[])["capital", "highest_point", "neighbours"])
            {
                known._mentioned.UnionWith(cells[Array.IndexOf(header, column)].Split([", ", " and "], StringSplitOptions.RemoveEmptyEntries));
            }

            var name = cells[0];
            if (name.All(char.IsAsciiLetter))
            {
                known.OneWordNames.Add(name);
            }
        }

        return known;
    }

    public bool IsReal(string name) => _real.Contains(name);

    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString());
        return cells;
    }
}
