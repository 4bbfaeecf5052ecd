using FsCheck;
using FsCheck.Fluent;
using Hearth.Training.Loading;

namespace Hearth.Training.Tests.Loading;

/// <summary>Documents whose every token is different, so that each can be told wherever it turns up.</summary>
internal static class Documents
{
    /// <summary>A document of some rows, one token more.</summary>
    public static TokenDocument Of(int number, int rows, int firstTarget = 1) =>
        new($"id{number}", $"from{number}", [.. Enumerable.Range(0, rows + 1).Select(i => (number * 1000) + i)], firstTarget, rows);

    /// <summary>One to twelve documents of 1 to 40 rows.</summary>
    public static Gen<TokenDocument[]> Any => Gen.Choose(1, 40).ListOf().Where(l => l.Count is > 0 and <= 12)
        .Select(rows => rows.Select((r, i) => Of(i, r)).ToArray());
}
