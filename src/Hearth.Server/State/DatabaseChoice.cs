using Hearth.Server.Hosting;
using Npgsql;

namespace Hearth.Server.State;

/// <summary>Which database keeps the server's state: a SQLite file for one machine, PostgreSQL for several servers.</summary>
/// <param name="IsPostgres">Whether it is PostgreSQL.</param>
/// <param name="Place">The SQLite file, or PostgreSQL's connection string, which may hold a password.</param>
public sealed record DatabaseChoice(bool IsPostgres, string Place)
{
    /// <summary>The SQLite file's name in HEARTH_HOME.</summary>
    public const string FileName = "server.db";

    /// <summary>Reads HEARTH_DB.</summary>
    /// <param name="text">
    /// Nothing for a SQLite file in the home; a URL such as <c>postgres://hearth:secret@db.example:5432/hearth?sslmode=require</c>
    /// (<c>?host=/run/postgresql</c> for a socket); or a connection string of Npgsql such as <c>Host=db.example;Database=hearth</c>.
    /// </param>
    /// <param name="home">HEARTH_HOME.</param>
    /// <exception cref="ServerStartException">It is none of these.</exception>
    public static DatabaseChoice Parse(string? text, string home)
    {
        if (string.IsNullOrWhiteSpace(text)) return new DatabaseChoice(false, Path.Combine(home, FileName));
        try
        {
            bool isUrl = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal);
            NpgsqlConnectionStringBuilder builder = isUrl ? OfUrl(new Uri(text)) : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(builder.Host)) throw new FormatException("it names no host.");
            builder.ApplicationName ??= "hearth";
            return new DatabaseChoice(true, builder.ConnectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or KeyNotFoundException)
        {
            // The text may hold a password: it is not shown.
            throw new ServerStartException("HEARTH_DB is not understood. Give postgres://USER:PASSWORD@HOST:PORT/DATABASE, or Host=...;Database=...;Username=..., or nothing for a file in HEARTH_HOME.", e);
        }
    }

    /// <summary>Where it is, without a password.</summary>
    public override string ToString()
    {
        if (!IsPostgres) return Place;
        var builder = new NpgsqlConnectionStringBuilder(Place);
        return $"PostgreSQL, database {builder.Database ?? builder.Username} at {builder.Host}:{builder.Port}";
    }

    private static NpgsqlConnectionStringBuilder OfUrl(Uri url)
    {
        string[] user = url.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(url.Host) };
        if (url.Port > 0) builder.Port = url.Port;
        if (user[0].Length > 0) builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) builder.Password = Uri.UnescapeDataString(user[1]);
        if (url.AbsolutePath.Length > 1) builder.Database = Uri.UnescapeDataString(url.AbsolutePath[1..]);
        foreach (string pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string name = parts[0] switch { "sslmode" => "SSL Mode", "sslrootcert" => "Root Certificate", "application_name" => "Application Name", var other => other };
            builder[name] = Uri.UnescapeDataString(parts.Length > 1 ? parts[1].Replace("verify-full", "VerifyFull", StringComparison.Ordinal) : "");
        }
        return builder;
    }
}
