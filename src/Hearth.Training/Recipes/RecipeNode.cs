namespace Hearth.Training.Recipes;

/// <summary>What a piece of YAML is.</summary>
internal enum RecipeNodeKind
{
    /// <summary>Text, a number, a flag, or nothing at all.</summary>
    Scalar,

    /// <summary>A list.</summary>
    List,

    /// <summary>Keys with values.</summary>
    Map,

    /// <summary>Something that was reported already and that nothing more is said about.</summary>
    Refused,
}

/// <summary>A piece of YAML that knows where it stands.</summary>
/// <param name="problems">Where its problems go.</param>
/// <param name="kind">What it is.</param>
/// <param name="line">Where it begins, from 1.</param>
/// <param name="column">Where it begins, from 1.</param>
/// <param name="parent">What it is in; null for the whole recipe.</param>
/// <param name="name">Its key in a map, or "[0]" and so on in a list.</param>
internal sealed class RecipeNode(RecipeProblems problems, RecipeNodeKind kind, long line, long column, RecipeNode? parent, string name)
{
    public RecipeNodeKind Kind => kind;

    public long Line => line;

    public long Column => column;

    /// <summary>The text of a scalar.</summary>
    public string Text { get; init; } = "";

    /// <summary>Whether a scalar stands without quotes, and so may be a number, a flag or nothing.</summary>
    public bool IsPlain { get; init; }

    /// <summary>What a list holds.</summary>
    public List<RecipeNode> Items { get; } = [];

    /// <summary>What a map holds, in the order of the file; <c>At</c> is where the key stands.</summary>
    public List<(string Key, (long Line, long Column) At, RecipeNode Value)> Entries { get; } = [];

    /// <summary>The keys that lead here, as in <c>corpora[0].path</c>; put together only when asked for: keys can be many.</summary>
    public string KeyPath => parent is null ? "" : Below(parent.KeyPath, name);

    public bool IsNothing => kind == RecipeNodeKind.Scalar && IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>What it is, as a message says it.</summary>
    public string Found => kind switch
    {
        RecipeNodeKind.List => $"a list of {Items.Count}",
        RecipeNodeKind.Map => "a map of keys",
        _ => IsNothing ? "nothing" : RecipeProblems.Quote(Text),
    };

    /// <summary>A node that the file does not hold, below this one.</summary>
    public RecipeNode Child(RecipeNodeKind childKind, string key, (long Line, long Column) at) =>
        new(problems, childKind, at.Line, at.Column, this, key);

    /// <summary>Reports this node, unless that was done already.</summary>
    /// <param name="expected">What it should be.</param>
    public void Refuse(string expected)
    {
        if (kind != RecipeNodeKind.Refused) Report($"found {Found}, expected {expected}");
    }

    /// <summary>Reports a problem at this node.</summary>
    /// <param name="text">The whole problem.</param>
    public void Report(string text) => problems.Add(line, column, problems.Full ? "" : KeyPath, text);

    /// <summary>Reports a problem with a key of this map.</summary>
    /// <param name="key">The key.</param>
    /// <param name="at">Where to look.</param>
    /// <param name="text">The whole problem.</param>
    public void Report(string key, (long Line, long Column) at, string text) =>
        problems.Add(at.Line, at.Column, problems.Full ? "" : Below(KeyPath, key), text);

    private static string Below(string path, string name)
    {
        if (name.StartsWith('[')) return path + name;
        string shown = name.Length is > 0 and <= 100 && name.All(char.IsAsciiLetterOrDigit) ? name : RecipeProblems.Quote(name);
        return path.Length == 0 ? shown : path + "." + shown;
    }
}
