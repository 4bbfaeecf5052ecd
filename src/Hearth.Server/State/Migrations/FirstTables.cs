using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Hearth.Server.State.Migrations;

/// <summary>The first tables. Types of columns are the database's own for the types given here, so that one migration serves both databases.</summary>
[DbContext(typeof(ServerDatabase))]
[Migration("0001_first_tables")]
internal sealed class FirstTables : Migration
{
    private const int Id = 64, Hash = 64, Name = 200;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable("keys", t => new
        {
            id = t.Column<string>(maxLength: Id),
            name = t.Column<string>(maxLength: Name),
            role = t.Column<string>(),
            salt = t.Column<string>(),
            hash = t.Column<string>(),
            requests_per_minute = t.Column<int>(nullable: true),
            tokens_per_minute = t.Column<int>(nullable: true),
            tokens_per_day = t.Column<long>(nullable: true),
            models = t.Column<string>(nullable: true),
            created = t.Column<DateTime>(),
            expires = t.Column<DateTime>(nullable: true),
            revoked = t.Column<DateTime>(nullable: true),
        }, constraints: t => t.PrimaryKey("pk_keys", k => k.id));

        migrationBuilder.CreateTable("usage", t => new
        {
            key_id = t.Column<string>(maxLength: Id),
            day = t.Column<string>(maxLength: 10),
            requests = t.Column<long>(),
            tokens = t.Column<long>(),
        }, constraints: t => t.PrimaryKey("pk_usage", u => new { u.key_id, u.day }));

        migrationBuilder.CreateTable("conversations", t => new
        {
            id = t.Column<string>(maxLength: Id),
            owner = t.Column<string>(maxLength: Id),
            title = t.Column<string>(),
            model = t.Column<string>(nullable: true),
            settings = t.Column<string>(nullable: true),
            leaf = t.Column<string>(nullable: true),
            created = t.Column<DateTime>(),
            updated = t.Column<DateTime>(),
        }, constraints: t => t.PrimaryKey("pk_conversations", c => c.id));
        migrationBuilder.CreateIndex("ix_conversations_owner_updated", "conversations", ["owner", "updated"]);

        migrationBuilder.CreateTable("messages", t => new
        {
            id = t.Column<string>(maxLength: Id),
            conversation_id = t.Column<string>(maxLength: Id),
            parent_id = t.Column<string>(nullable: true),
            number = t.Column<int>(),
            role = t.Column<string>(),
            content = t.Column<string>(),
            reasoning = t.Column<string>(nullable: true),
            extra = t.Column<string>(nullable: true),
            model = t.Column<string>(nullable: true),
            model_digest = t.Column<string>(nullable: true),
            settings = t.Column<string>(nullable: true),
            seed = t.Column<long>(nullable: true),
            prompt_tokens = t.Column<int>(nullable: true),
            answer_tokens = t.Column<int>(nullable: true),
            first_token_milliseconds = t.Column<double>(nullable: true),
            total_milliseconds = t.Column<double>(nullable: true),
            finish = t.Column<string>(nullable: true),
            audit_sequence = t.Column<long>(nullable: true),
            created = t.Column<DateTime>(),
        }, constraints: t =>
        {
            t.PrimaryKey("pk_messages", m => m.id);
            t.ForeignKey("fk_messages_conversation_id", m => m.conversation_id, "conversations", "id", onDelete: ReferentialAction.Cascade);
        });
        migrationBuilder.CreateIndex("ix_messages_conversation_id_number", "messages", ["conversation_id", "number"], unique: true);

        migrationBuilder.CreateTable("responses", t => new
        {
            id = t.Column<string>(maxLength: Id),
            owner = t.Column<string>(maxLength: Id),
            previous_id = t.Column<string>(nullable: true),
            input = t.Column<string>(),
            body = t.Column<string>(),
            created = t.Column<DateTime>(),
        }, constraints: t => t.PrimaryKey("pk_responses", r => r.id));

        migrationBuilder.CreateTable("audit", t => new
        {
            sequence = t.Column<long>(),
            hash = t.Column<string>(maxLength: Hash),
            line = t.Column<string>(nullable: true),
            time = t.Column<DateTime>(nullable: true),
            key_id = t.Column<string>(nullable: true),
            model = t.Column<string>(nullable: true),
            salt = t.Column<string>(nullable: true),
            prompt = t.Column<string>(nullable: true),
            answer = t.Column<string>(nullable: true),
        }, constraints: t => t.PrimaryKey("pk_audit", a => a.sequence));
        migrationBuilder.CreateIndex("ix_audit_time", "audit", "time");

        migrationBuilder.CreateTable("protection", t => new
        {
            id = t.Column<string>(maxLength: Name),
            xml = t.Column<string>(),
        }, constraints: t => t.PrimaryKey("pk_protection", p => p.id));
    }
}
