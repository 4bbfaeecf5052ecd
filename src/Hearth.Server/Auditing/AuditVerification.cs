using Hearth.Models.Formats;
using Hearth.Server.State;
using Microsoft.EntityFrameworkCore;

namespace Hearth.Server.Auditing;

/// <summary>What a check of the audit log found.</summary>
/// <param name="Entries">Entries in the chain.</param>
/// <param name="Pruned">Of these, cut down to their hashes.</param>
/// <param name="Redacted">Of these, with their texts taken out.</param>
/// <param name="Head">Hash of the last. Note it elsewhere: whoever holds an earlier one can show that nothing before it was changed or left out.</param>
/// <param name="BadEntry">The first entry that does not hold; null when all do.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record AuditVerification(long Entries, long Pruned, long Redacted, string Head, long? BadEntry, string? Problem)
{
    private const int Page = 500;

    /// <summary>Whether all of it holds.</summary>
    public bool Holds => Problem is null;

    /// <summary>Checks every link, every digest of a text that is there, and that whatever is missing was taken out by an entry that says so.</summary>
    /// <param name="contexts">The database.</param>
    /// <param name="contains">A hash that was noted earlier and must be in the chain; null for none.</param>
    /// <param name="progress">Is told the entries checked and the entries there are; null for nobody.</param>
    /// <param name="cancel">Ends the work early.</param>
    public static async Task<AuditVerification> RunAsync(
        IDbContextFactory<ServerDatabase> contexts, string? contains = null, Action<long, long>? progress = null, CancellationToken cancel = default)
    {
        await using ServerDatabase database = await contexts.CreateDbContextAsync(cancel).ConfigureAwait(false);
        var walk = new Walk { Contains = contains };
        long all = progress is null ? 0 : (await AuditChain.HeadAsync(database, cancel).ConfigureAwait(false)).Sequence;
        while (true)
        {
            long after = walk.Sequence;
            List<AuditRow> rows = await database.Audit.AsNoTracking().Where(a => a.Sequence > after).OrderBy(a => a.Sequence).Take(Page).ToListAsync(cancel).ConfigureAwait(false);
            foreach (AuditRow row in rows)
            {
                if (walk.Check(row) is { } problem) return walk.Result(row.Sequence, problem);
            }
            progress?.Invoke(walk.Sequence, all);
            if (rows.Count < Page) return walk.Finish();
        }
    }

    private sealed class Walk
    {
        private readonly SortedSet<long> _withoutTexts = [];
        private string _head = AuditLine.Beginning;
        private long _pruned, _prunedThrough, _redacted;
        private bool _found;

        public string? Contains { get; init; }

        public long Sequence { get; private set; }

        /// <summary>What is wrong with the next entry; null when nothing is.</summary>
        public string? Check(AuditRow row)
        {
            if (row.Sequence != Sequence + 1) return $"comes after entry {Sequence:N0}: those between are missing";
            string previous = _head;
            bool isFirstWhole = Sequence == _pruned;
            (Sequence, _head) = (row.Sequence, row.Hash);
            _found |= row.Hash == Contains;
            if (row.Line is null)
            {
                if (!isFirstWhole) return "is cut down to its hash, though an older one is not";
                _pruned++;
                return null;
            }
            if (Digest.Of(row.Line) != row.Hash) return "does not have the hash that stands beside it: it was altered";
            if (AuditLine.Parse(row.Line) is not { } line) return "can not be read";
            if (line.Previous != previous) return $"names another entry before it than entry {row.Sequence - 1:N0}: one of the two was replaced";
            if (line.Sequence != row.Sequence || line.Time != row.Time || AuditChain.KeyOf(line) != row.KeyId || AuditChain.ModelOf(line) != row.Model)
            {
                return "stands beside a place, time, key or model that is not its own";
            }
            return line switch
            {
                AnswerLine answer => CheckTexts(row, answer),
                RedactionLine redaction => CheckRedaction(redaction),
                RetentionLine retention => CheckRetention(retention),
                _ => null,
            };
        }

        public AuditVerification Finish()
        {
            if (_withoutTexts.Count > 0) return Result(_withoutTexts.Min, "lacks its texts, and no entry says that they were taken out");
            if (_pruned > _prunedThrough) return Result(_prunedThrough + 1, "is cut down to its hash, and no entry says so");
            if (Contains is not null && !_found) return Result(null, $"the hash {Contains} is not in the chain: entries were replaced or left out since it was noted");
            return Result(null, null);
        }

        public AuditVerification Result(long? bad, string? problem) => new(Sequence, _pruned, _redacted, _head, bad, problem);

        private string? CheckTexts(AuditRow row, AnswerLine answer)
        {
            if (row.Salt is null)
            {
                if (row.Prompt is not null || row.Answer is not null) return "has texts without the salt of their digests";
                _withoutTexts.Add(row.Sequence);
                return null;
            }
            if (answer.Texts == AuditTexts.Digests) return row.Prompt is null && row.Answer is null ? null : "has texts where digests alone were kept";
            if (row.Prompt is null || AuditTextDigest.Of(row.Salt, row.Prompt) != answer.Prompt) return "has another prompt than its digest says";
            return row.Answer is null || AuditTextDigest.Of(row.Salt, row.Answer) != answer.Answer ? "has another answer than its digest says" : null;
        }

        private string? CheckRedaction(RedactionLine redaction)
        {
            if (redaction.Entry >= Sequence) return $"says that the texts of entry {redaction.Entry:N0} were taken out, which comes later";
            if (_withoutTexts.Remove(redaction.Entry)) _redacted++;
            else if (redaction.Entry > _pruned) return $"says that the texts of entry {redaction.Entry:N0} were taken out, but they are there";
            return null;
        }

        private string? CheckRetention(RetentionLine retention)
        {
            if (retention.Through >= Sequence || retention.Through > _pruned) return $"says that entries up to {retention.Through:N0} were cut down, but they are there";
            _prunedThrough = Math.Max(_prunedThrough, retention.Through);
            return null;
        }
    }
}
