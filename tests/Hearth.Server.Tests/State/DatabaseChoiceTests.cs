using Hearth.Server.Hosting;
using Hearth.Server.State;
using Npgsql;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.State;

public sealed class DatabaseChoiceTests
{
    [Fact]
    public void Without_HEARTH_DB_state_is_a_file_in_the_home() => DatabaseChoice.Parse(null, "/home/me/.hearth").Place.ShouldBe("/home/me/.hearth/server.db");

    [Fact]
    public void A_url_is_read_in_all_its_parts()
    {
        var builder = new NpgsqlConnectionStringBuilder(DatabaseChoice.Parse("postgres://me:p%40ss@db.example:5433/hearth?sslmode=require", "/").Place);
        builder.Host.ShouldBe("db.example");
        builder.Port.ShouldBe(5433);
        builder.Username.ShouldBe("me");
        builder.Password.ShouldBe("p@ss");
        builder.Database.ShouldBe("hearth");
        builder.SslMode.ShouldBe(SslMode.Require);
    }

    [Fact]
    public void A_url_may_name_the_folder_of_a_socket() =>
        new NpgsqlConnectionStringBuilder(DatabaseChoice.Parse("postgresql:///hearth?host=/run/postgresql", "/").Place).Host.ShouldBe("/run/postgresql");

    [Theory]
    [InlineData("mysql://me:geheim@db.example/hearth")]
    [InlineData("postgres://me:geheim@db.example/hearth?nonsense=1")]
    [InlineData("Hosst=db.example;Password=geheim")]
    [InlineData("Password=geheim")]
    public void What_is_not_understood_is_refused_without_showing_it(string text) =>
        Should.Throw<ServerStartException>(() => DatabaseChoice.Parse(text, "/")).Message.ShouldNotContain("geheim");

    [Fact]
    public void It_is_shown_without_its_password() => DatabaseChoice.Parse("postgres://me:geheim@db.example/hearth", "/").ToString().ShouldBe("PostgreSQL, database hearth at db.example:5432");
}
