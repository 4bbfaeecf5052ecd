namespace Hearth.Models.Chat.Templates;

/// <summary>What a template may use. Steps and bytes also grow with the variables it is given, so that a long conversation has room.</summary>
public sealed record TemplateOptions
{
    /// <summary>The time that <c>strftime_now</c> shows. The caller's, so that a rendering can be repeated.</summary>
    public Func<DateTime>? Clock { get; init; }

    /// <summary>Evaluated constructs and visited elements.</summary>
    public long MaxSteps { get; init; } = 3_000_000;

    /// <summary>Further steps for every value among the variables.</summary>
    public long StepsPerInputValue { get; init; } = 1_000;

    /// <summary>Bytes of all the texts and lists a rendering makes, counted as they are made.</summary>
    public long MaxBytes { get; init; } = 24 << 20;

    /// <summary>Further bytes for every byte of the variables.</summary>
    public long BytesPerInputByte { get; init; } = 32;

    /// <summary>Characters of the result.</summary>
    public int MaxOutput { get; init; } = 16 << 20;

    /// <summary>Macros and loops that call each other.</summary>
    public int MaxCalls { get; init; } = 200;
}
