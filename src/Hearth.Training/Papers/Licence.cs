namespace Hearth.Training.Papers;

/// <summary>A licence as somebody stated it, and what registries call it.</summary>
/// <param name="Stated">The words it was stated in; empty when nothing was stated.</param>
/// <param name="Spdx">Its identifier in the SPDX licence list; null when it is none of the well-known ones.</param>
/// <param name="IsOpen">Whether it lets anyone use, study, change and share: an open-source, open-data or open-content licence, or the
/// public domain.</param>
public sealed record Licence(string Stated, string? Spdx, bool IsOpen)
{
    private static readonly string[] Open =
    [
        "0BSD", "AGPL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0",
        "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "DL-DE-BY-2.0",
        "DL-DE-ZERO-2.0", "ECL-2.0", "EPL-2.0", "EUPL-1.2", "GPL-2.0", "GPL-3.0", "ISC", "LGPL-3.0", "MIT", "MIT-0", "MPL-2.0",
        "NLOD-2.0", "ODC-By-1.0", "ODbL-1.0", "OGL-UK-3.0", "OpenMDW-1.0", "PDDL-1.0", "Unlicense", "Zlib", "etalab-2.0",
    ];

    private static readonly string[] Restricted = ["CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0"];

    /// <summary>Identifiers of Hugging Face that are not the SPDX one in small letters.</summary>
    private static readonly Dictionary<string, string> HuggingFaceNames = new(StringComparer.Ordinal)
    {
        ["ODC-By-1.0"] = "odc-by",
        ["ODbL-1.0"] = "odbl",
        ["PDDL-1.0"] = "pddl",
    };

    /// <summary>Licences that Hugging Face has no identifier for.</summary>
    private static readonly string[] NotOnHuggingFace =
        ["0BSD", "DL-DE-BY-2.0", "DL-DE-ZERO-2.0", "MIT-0", "NLOD-2.0", "OGL-UK-3.0", "OpenMDW-1.0"];

    private static readonly (string Name, string Id)[] OtherNames =
    [
        ("Apache 2", "Apache-2.0"), ("Apache License 2.0", "Apache-2.0"), ("Apache License, Version 2.0", "Apache-2.0"), ("CC0", "CC0-1.0"),
        ("Creative Commons Zero", "CC0-1.0"), ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"), ("MIT License", "MIT"), ("GPLv3", "GPL-3.0"),
        ("ODbL", "ODbL-1.0"), ("ODC-By", "ODC-By-1.0"), ("PDDL", "PDDL-1.0"), ("Open Government Licence v3.0", "OGL-UK-3.0"),
        ("Licence Ouverte 2.0", "etalab-2.0"),
    ];

    private static readonly Dictionary<string, string> Known = Names();

    /// <summary>Identifiers of the licences that are known.</summary>
    public static IReadOnlyList<string> Identifiers => [.. Open, .. Restricted];

    /// <summary>Whether a licence was stated.</summary>
    public bool IsStated => Stated.Length > 0;

    /// <summary>Its name for people.</summary>
    public string Name => Spdx ?? (IsStated ? Stated : "not stated");

    /// <summary>Its identifier on Hugging Face (hub documentation, "Licenses"); <c>other</c> and <c>unknown</c> are two of them.</summary>
    public string HuggingFace => !IsStated ? "unknown"
        : Spdx is null || NotOnHuggingFace.Contains(Spdx) ? "other"
        : HuggingFaceNames.TryGetValue(Spdx, out string? own) ? own : Spdx.ToLowerInvariant();

    /// <summary>Finds a licence by its SPDX identifier or a usual way to write its name.</summary>
    /// <param name="stated">The words; empty when nothing was stated.</param>
    public static Licence Of(string stated)
    {
        string key = Key(stated);
        if (Known.TryGetValue(key, out string? spdx)) return new Licence(stated, spdx, Open.Contains(spdx));
        return new Licence(stated, null, key == "publicdomain");
    }

    private static Dictionary<string, string> Names()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string id in Open.Concat(Restricted)) names[Key(id)] = id;
        foreach ((string name, string id) in OtherNames) names[Key(name)] = id;
        return names;
    }

    /// <summary>What is left of a name when letters' case, spaces and signs do not count.</summary>
    private static string Key(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
