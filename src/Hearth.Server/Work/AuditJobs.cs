using Hearth.Server.Auditing;
using Hearth.Server.Security;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Work;

/// <summary>What admins do with the audit log: read it, check its chain, run an entry again, take texts out. Others are refused.</summary>
internal sealed class AuditJobs(JobRunner jobs, AuditLog log, AuditKeeping keeping, AuditReplay replay, IDbContextFactory<ServerDatabase> contexts)
{
    private const string Subject = "audit log";

    /// <summary>The checks of the chain, newest first.</summary>
    public IReadOnlyList<Job> List() => jobs.List(JobKinds.VerifyLog);

    /// <summary>The newest entries first.</summary>
    public Task<IReadOnlyList<AuditRecord>> EntriesAsync(Caller by, AuditFilter filter, long? before, int count, CancellationToken cancel)
    {
        by.RequireAdmin();
        return log.ListAsync(before, count, filter, cancel);
    }

    /// <summary>An entry; null when there is none.</summary>
    public Task<AuditRecord?> FindAsync(Caller by, long sequence, CancellationToken cancel)
    {
        by.RequireAdmin();
        return log.FindAsync(sequence, cancel);
    }

    /// <summary>Checks every link and every digest.</summary>
    /// <param name="by">Who asks.</param>
    /// <param name="contains">A hash that was noted earlier and must be in the chain; empty for none.</param>
    public Job Verify(Caller by, string? contains)
    {
        by.RequireAdmin();
        string? noted = string.IsNullOrWhiteSpace(contains) ? null : contains.Trim();
        return jobs.Start(by, new JobOrder(JobKinds.VerifyLog, Subject, "Check the chain of the audit log", IsHeavy: false), (report, cancel) =>
        {
            AuditVerification found = AuditVerification.RunAsync(contexts, noted, report.Count, cancel).GetAwaiter().GetResult();
            string sentence = found.Holds ? "The chain holds." : found.BadEntry is { } bad ? $"Entry {bad:N0} {found.Problem}." : $"The chain does not hold: {found.Problem}.";
            List<JobFact> facts = [new("entries", $"{found.Entries:N0}, {found.Pruned:N0} of them cut down to their hashes, {found.Redacted:N0} with their texts taken out"), new("head", found.Head)];
            if (noted is not null && found.Holds) facts.Add(new JobFact("noted hash", $"{noted} is in the chain", true));
            return new JobResult(sentence, found.Holds, facts);
        });
    }

    /// <summary>Runs an entry's request again.</summary>
    public Task<ReplayedAnswer> ReplayAsync(Caller by, long sequence, CancellationToken cancel)
    {
        by.RequireAdmin();
        return replay.RunAsync(sequence, cancel);
    }

    /// <summary>Takes the texts of an entry out.</summary>
    public Task<AuditReceipt> RedactAsync(Caller by, long sequence, string reason, CancellationToken cancel)
    {
        by.RequireAdmin();
        if (string.IsNullOrWhiteSpace(reason)) throw new AuditException("Say why, without the text itself: the reason stays in the log.");
        return keeping.RedactAsync(sequence, reason.Trim(), by.Name, cancel);
    }
}
