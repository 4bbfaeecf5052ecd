using System.CommandLine;
using Hearth.Server.Hosting;
using Hearth.Server.Mcp;
using Hearth.Server.Tools;
using Microsoft.AspNetCore.Builder;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth mcp</c>: tools of other programs for models here, and models here for other programs, by the Model Context Protocol.</summary>
internal static class McpCommand
{
    public static Command Create() => new("mcp", "Tools for models from servers of the Model Context Protocol, and Hearth as such a server.") { Add(), List(), Remove(), Tools(), Serve() };

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "What the server is called here." };
        var program = new Argument<string[]>("PROGRAM") { Description = "The program and its arguments, after --.", Arity = ArgumentArity.ZeroOrMore };
        var url = new Option<string?>("--url") { Description = "The address of a server that is not a program of this machine.", HelpName = "URL" };
        var tools = new Option<string[]>("--tool") { Description = "A tool that models may call; others are not offered. May be given more than once.", HelpName = "TOOL" };
        var env = new Option<string[]>("--env") { Description = "An environment variable that the program gets. Its value is not kept. May be given more than once.", HelpName = "VARIABLE" };
        var key = new Option<string?>("--key-env") { Description = "The environment variable that holds the address's key. The key itself is not kept.", HelpName = "VARIABLE" };
        var users = new Option<bool>("--for-users") { Description = "Offer the tools to everybody with a key in the browser, not to admins alone." };
        var timeout = new Option<int>("--timeout") { Description = "The most seconds of a call.", DefaultValueFactory = _ => 60, HelpName = "SECONDS" };
        var command = new Command("add", "Add a server of tools, or add it anew.") { name, program, url, tools, env, key, users, timeout };
        command.Example("hearth mcp add files --tool read_file -- npx -y @modelcontextprotocol/server-filesystem /srv/documents",
            "hearth mcp add search --url https://tools.example.org/mcp --key-env SEARCH_KEY --tool search");
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetValue(program) ?? [];
            ToolServerSpec server = Checked(new ToolServerSpec
            {
                Name = parsed.GetValue(name)!,
                Command = given.FirstOrDefault(),
                Args = given.Length > 1 ? given[1..] : [],
                Url = parsed.GetValue(url),
                Tools = parsed.GetValue(tools) ?? [],
                Env = parsed.GetValue(env) ?? [],
                KeyVariable = parsed.GetValue(key),
                ForUsers = parsed.GetValue(users),
                TimeoutSeconds = parsed.GetValue(timeout),
            });
            new ToolServers(Places.Home).Add(server);
            Console.WriteLine($"{server.Name,-14} {server.Place}");
            Console.WriteLine(server.Tools.Count > 0 ? $"{"tools",-14} {string.Join(", ", server.Tools)}"
                : $"{"tools",-14} none is allowed yet: see what there is with `hearth mcp tools {server.Name}`, then add the server again with --tool");
            return Common.Done;
        });
        return command;
    }

    private static Command List()
    {
        Option<bool> json = Common.Json();
        var command = new Command("list", "Show the servers of tools.") { json };
        command.Example("hearth mcp list");
        command.SetAction(parsed =>
        {
            IReadOnlyList<ToolServerSpec> all = new ToolServers(Places.Home).List();
            if (parsed.GetValue(json)) Common.PrintJson(new { servers = all });
            else if (all.Count == 0) Console.WriteLine("No servers of tools. Add one with `hearth mcp add NAME --tool TOOL -- PROGRAM`.");
            else foreach (ToolServerSpec s in all) Console.WriteLine($"{s.Name,-20} {s.Place}  allowed: {(s.Tools.Count > 0 ? string.Join(", ", s.Tools) : "none")}{(s.ForUsers ? "; for users" : "")}");
            return Common.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "The server." };
        var command = new Command("remove", "Take a server of tools from the list.") { name };
        command.Example("hearth mcp remove files");
        command.SetAction(parsed =>
        {
            var servers = new ToolServers(Places.Home);
            string given = parsed.GetValue(name)!;
            if (!servers.Remove(given)) throw Unknown(given, servers);
            Console.WriteLine($"{given} is no longer in the list.");
            return Common.Done;
        });
        return command;
    }

    private static Command Tools()
    {
        var name = new Argument<string?>("NAME") { Description = "The server; all when left out.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = Common.Json();
        var command = new Command("tools", "Ask servers for their tools, and show which are allowed. Exit code 1 when one does not answer.") { name, json };
        command.Example("hearth mcp tools", "hearth mcp tools files --json");
        command.SetAction(async (parsed, cancel) =>
        {
            await using var service = new ToolService(Places.Home);
            string? given = parsed.GetValue(name);
            ToolServerSpec[] servers = [.. service.Servers.List().Where(s => given is null || s.Name == given)];
            if (servers.Length == 0) throw Unknown(given ?? "", service.Servers);
            var found = new List<ServerTool>();
            var problems = new List<string>();
            foreach (ToolServerSpec server in servers)
            {
                try
                {
                    found.AddRange(await service.ToolsAsync(server, Common.Stopping));
                }
                catch (ToolException e)
                {
                    problems.Add(e.Message);
                }
            }
            if (parsed.GetValue(json)) Common.PrintJson(new { tools = found.Select(t => new { t.Server, t.Name, t.FullName, t.Description, t.IsAllowed }), problems });
            else foreach (ServerTool t in found) Console.WriteLine($"{(t.IsAllowed ? "allowed" : ""),-8} {t.FullName,-32} {t.Description.Split('\n')[0]}");
            foreach (string problem in problems) Console.Error.WriteLine($"hearth: {problem}");
            return problems.Count > 0 ? Common.No : Common.Done;
        });
        return command;
    }

    private static Command Serve()
    {
        Option<int> threads = Common.Threads();
        var command = new Command("serve", "Serve models, facts about them and their documents to the program that started this one, over its standard streams.") { threads };
        command.Example("hearth mcp serve");
        command.SetAction(async (parsed, cancel) =>
        {
            var options = new ServerOptions { Home = Places.Home, Database = ServerState.Database, Threads = parsed.GetValue(threads) };
            await ServerState.OpenAsync(cancel);                                 // its tables are there before anything is written down
            using Stream input = Console.OpenStandardInput(), output = Console.OpenStandardOutput();
            Console.SetOut(Console.Error);                                       // the protocol has the standard output to itself
            await using WebApplication app = HearthServer.Build(options);        // everything but the listening
            await McpSetup.ServeAsync(app.Services, input, output, Common.Stopping);
            return Common.Done;
        });
        return command;
    }

    /// <summary>What a person gave; what is wrong with it is wrong use.</summary>
    private static ToolServerSpec Checked(ToolServerSpec given)
    {
        try
        {
            return given.Checked();
        }
        catch (ToolException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static UsageException Unknown(string name, ToolServers servers) => new(servers.List() is [_, ..] all
        ? $"{name}: there is no such server of tools. There are: {string.Join(", ", all.Select(s => s.Name))}."
        : "There are no servers of tools. Add one with `hearth mcp add NAME --tool TOOL -- PROGRAM`.");
}
