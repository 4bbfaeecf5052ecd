namespace Hearth.Training.Auditing;

/// <summary>What checks found, as they go: problems, what was checked, and what could not be.</summary>
internal sealed class Findings
{
    private const int MostShown = 20;

    private readonly List<string> _problems = [];
    private int _more;

    public List<string> Checked { get; } = [];

    public List<string> NotChecked { get; } = [];

    /// <summary>The problems; of very many, the first ones and the number of the rest.</summary>
    public IReadOnlyList<string> Problems => _more == 0 ? _problems : [.. _problems, $"{_more:N0} more problems"];

    /// <summary>Problems so far, also those that are not shown.</summary>
    public int Count => _problems.Count + _more;

    public void Problem(string text)
    {
        if (_problems.Count < MostShown) _problems.Add(text);
        else _more++;
    }

    /// <summary>Runs checks; what they were about counts as checked when they found nothing.</summary>
    public bool Pass(string what, Action checks)
    {
        int before = Count;
        checks();
        if (Count == before) Checked.Add(what);
        return Count == before;
    }

    /// <summary>The beginning of a digest, whatever a file has in its place.</summary>
    public static string Short(string? digest) => digest is null ? "nothing" : digest.Length > 12 ? digest[..12] : digest;
}
