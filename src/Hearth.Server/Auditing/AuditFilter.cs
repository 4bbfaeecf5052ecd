using Hearth.Server.State;

namespace Hearth.Server.Auditing;

/// <summary>Which entries of the audit log are meant; null for all.</summary>
/// <param name="Key">Of this key's id.</param>
/// <param name="Model">Of this model.</param>
/// <param name="Day">Of this day, UTC.</param>
public sealed record AuditFilter(string? Key = null, string? Model = null, DateOnly? Day = null)
{
    internal IQueryable<AuditRow> Of(IQueryable<AuditRow> rows)
    {
        if (Key is not null) rows = rows.Where(a => a.KeyId == Key);
        if (Model is not null) rows = rows.Where(a => a.Model == Model);
        if (Day is { } day)
        {
            DateTime from = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), to = from.AddDays(1);
            rows = rows.Where(a => a.Time >= from && a.Time < to);
        }
        return rows;
    }
}
