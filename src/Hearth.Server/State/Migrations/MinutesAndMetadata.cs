using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Hearth.Server.State.Migrations;

/// <summary>Limits by the minute that all servers count together, and what programs note with conversations.</summary>
[DbContext(typeof(ServerDatabase))]
[Migration("0002_minutes_and_metadata")]
internal sealed class MinutesAndMetadata : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable("minutes", t => new
        {
            key_id = t.Column<string>(maxLength: 64),
            kind = t.Column<string>(maxLength: 10),
            used = t.Column<double>(),
            at = t.Column<double>(),
        }, constraints: t => t.PrimaryKey("pk_minutes", m => new { m.key_id, m.kind }));
        migrationBuilder.AddColumn<string>("metadata", "conversations", nullable: true);
    }
}
