using System.Text.Json.Serialization;

namespace Hearth.Server.Work;

/// <summary>How a job stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobState>))]
public enum JobState
{
    /// <summary>It waits for another to end.</summary>
    Waiting,

    /// <summary>It works.</summary>
    Running,

    /// <summary>It did what it was to do.</summary>
    Done,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It was asked to stop.</summary>
    Cancelled,
}

/// <summary>What a job is to do.</summary>
/// <param name="Kind">A word of <see cref="JobKinds"/>.</param>
/// <param name="Subject">What it is about, such as the name of a model or run.</param>
/// <param name="Title">It in words.</param>
/// <param name="IsHeavy">Whether it takes the processors, so that one at a time is enough.</param>
public sealed record JobOrder(string Kind, string Subject, string Title, bool IsHeavy);

/// <summary>What can be asked of a server as a job.</summary>
public static class JobKinds
{
    /// <summary>Work on models.</summary>
    public const string Pull = "pull", Import = "import", Quantize = "quantize", Digest = "digest", Verify = "verify";

    /// <summary>Work on runs.</summary>
    public const string Audit = "audit", Preview = "preview", Forget = "forget";

    /// <summary>Work on the audit log.</summary>
    public const string VerifyLog = "verify-log";
}

/// <summary>A line of a result.</summary>
/// <param name="Name">What it is about; may be empty.</param>
/// <param name="Text">What was found.</param>
/// <param name="Holds">Whether that is as it should be; null when it is neither good nor bad.</param>
public sealed record JobFact(string Name, string Text, bool? Holds = null);

/// <summary>What came of a job.</summary>
/// <param name="Sentence">It in a sentence.</param>
/// <param name="Holds">What a check said; null for work that checks nothing.</param>
/// <param name="Facts">More of it.</param>
public sealed record JobResult(string Sentence, bool? Holds = null, IReadOnlyList<JobFact>? Facts = null)
{
    /// <summary>More of it.</summary>
    public IReadOnlyList<JobFact> Facts { get; init; } = Facts ?? [];
}

/// <summary>A job as it stands at a moment.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Order">What it is to do.</param>
/// <param name="By">Who began it.</param>
/// <param name="State">How it stands.</param>
/// <param name="Created">When it was asked for, UTC.</param>
/// <param name="Ended">When it ended, UTC.</param>
/// <param name="Fraction">The share done, 0 to 1; null when that is not known.</param>
/// <param name="Text">What it does, or why it ended without a result, in a sentence.</param>
/// <param name="Notes">What a person should know of it, in the order in which it was said.</param>
/// <param name="Result">What came of it.</param>
public sealed record Job(
    string Id, JobOrder Order, string By, JobState State, DateTime Created, DateTime? Ended, double? Fraction, string Text, IReadOnlyList<string> Notes, JobResult? Result)
{
    /// <summary>Whether it ended.</summary>
    [JsonIgnore]
    public bool IsEnded => State is not (JobState.Waiting or JobState.Running);
}
