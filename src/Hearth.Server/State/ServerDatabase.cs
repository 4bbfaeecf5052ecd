using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Hearth.Server.State;

/// <summary>The server's state: one model for SQLite and PostgreSQL. Names in the database are the properties' in snake case; times are UTC.</summary>
/// <param name="options">Which database.</param>
public sealed class ServerDatabase(DbContextOptions<ServerDatabase> options) : DbContext(options)
{
    private const int IdLength = 64, HashLength = 64, NameLength = 200, KindLength = 10;

    /// <summary>Keys.</summary>
    public DbSet<KeyRow> Keys => Set<KeyRow>();

    /// <summary>What keys have used.</summary>
    public DbSet<UsageRow> Usage => Set<UsageRow>();

    /// <summary>What keys have used of limits by the minute.</summary>
    public DbSet<MinuteRow> Minutes => Set<MinuteRow>();

    /// <summary>Conversations.</summary>
    public DbSet<ConversationRow> Conversations => Set<ConversationRow>();

    /// <summary>Messages of conversations.</summary>
    public DbSet<MessageRow> Messages => Set<MessageRow>();

    /// <summary>Stored responses.</summary>
    public DbSet<ResponseRow> Responses => Set<ResponseRow>();

    /// <summary>The audit log.</summary>
    public DbSet<AuditRow> Audit => Set<AuditRow>();

    /// <summary>Keys of cookies and forms.</summary>
    public DbSet<ProtectionRow> Protection => Set<ProtectionRow>();

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTime>().HaveConversion<Utc>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<KeyRow>(e =>
        {
            e.ToTable("keys").HasKey(k => k.Id);
            e.Property(k => k.Id).HasMaxLength(IdLength);
            e.Property(k => k.Name).HasMaxLength(NameLength);
        });
        modelBuilder.Entity<UsageRow>(e =>
        {
            e.ToTable("usage").HasKey(u => new { u.KeyId, u.Day });
            e.Property(u => u.KeyId).HasMaxLength(IdLength);
            e.Property(u => u.Day).HasMaxLength(10);
        });
        modelBuilder.Entity<MinuteRow>(e =>
        {
            e.ToTable("minutes").HasKey(m => new { m.KeyId, m.Kind });
            e.Property(m => m.KeyId).HasMaxLength(IdLength);
            e.Property(m => m.Kind).HasMaxLength(KindLength);
        });
        modelBuilder.Entity<ConversationRow>(e =>
        {
            e.ToTable("conversations").HasKey(c => c.Id);
            e.Property(c => c.Id).HasMaxLength(IdLength);
            e.Property(c => c.Owner).HasMaxLength(IdLength);
            e.HasIndex(c => new { c.Owner, c.Updated });
        });
        modelBuilder.Entity<MessageRow>(e =>
        {
            e.ToTable("messages").HasKey(m => m.Id);
            e.Property(m => m.Id).HasMaxLength(IdLength);
            e.Property(m => m.ConversationId).HasMaxLength(IdLength);
            e.HasIndex(m => new { m.ConversationId, m.Number }).IsUnique();
            e.HasOne<ConversationRow>().WithMany().HasForeignKey(m => m.ConversationId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<ResponseRow>(e =>
        {
            e.ToTable("responses").HasKey(r => r.Id);
            e.Property(r => r.Id).HasMaxLength(IdLength);
            e.Property(r => r.Owner).HasMaxLength(IdLength);
        });
        modelBuilder.Entity<AuditRow>(e =>
        {
            e.ToTable("audit").HasKey(a => a.Sequence);
            e.Property(a => a.Sequence).ValueGeneratedNever();
            e.Property(a => a.Hash).HasMaxLength(HashLength);
            e.HasIndex(a => a.Time);
        });
        modelBuilder.Entity<ProtectionRow>(e =>
        {
            e.ToTable("protection").HasKey(p => p.Id);
            e.Property(p => p.Id).HasMaxLength(NameLength);
        });
        foreach (IMutableEntityType type in modelBuilder.Model.GetEntityTypes())
        {
            string table = type.GetTableName()!;
            foreach (IMutableProperty property in type.GetProperties()) property.SetColumnName(SnakeCase(property.Name));
            foreach (IMutableKey key in type.GetKeys()) key.SetName($"pk_{table}");
            foreach (IMutableForeignKey key in type.GetForeignKeys()) key.SetConstraintName($"fk_{table}_{SnakeCase(key.Properties[0].Name)}");
            foreach (IMutableIndex index in type.GetIndexes()) index.SetDatabaseName($"ix_{table}_{string.Join('_', index.Properties.Select(p => SnakeCase(p.Name)))}");
        }
    }

    private static string SnakeCase(string name) => string.Concat(name.Select((c, i) =>
        char.IsAsciiLetterUpper(c) ? (i > 0 ? "_" : "") + char.ToLower(c, CultureInfo.InvariantCulture) : c.ToString()));

    /// <summary>Times come out as what they went in as: UTC.</summary>
    private sealed class Utc() : ValueConverter<DateTime, DateTime>(t => t.ToUniversalTime(), t => DateTime.SpecifyKind(t, DateTimeKind.Utc));
}
