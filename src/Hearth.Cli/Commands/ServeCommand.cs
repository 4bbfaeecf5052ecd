using System.CommandLine;
using Hearth.Server.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Hearth.Cli.Commands;

/// <summary><c>hearth serve</c>: puts models behind the interfaces that people's tools speak.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var models = new Option<string?>("--models") { Description = "The folder of models. Default: models in HEARTH_HOME.", HelpName = "DIR" };
        var address = new Option<string>("--address") { Description = "The address to listen on; anything but loopback needs keys.", DefaultValueFactory = _ => "127.0.0.1", HelpName = "ADDRESS" };
        var port = new Option<int>("--port") { Description = "The port to listen on; 0 for any that is free.", DefaultValueFactory = _ => 8321, HelpName = "N" };
        Option<int> threads = Common.Threads();
        var command = new Command("serve", "Serve models to programs and people.") { models, address, port, threads };
        command.Example("hearth serve", "hearth serve --address 0.0.0.0 --port 443 --tls-cert server.pem --tls-key server.key");
        command.SetAction((parsed, cancel) => Serve(new ServerOptions
        {
            Home = Places.Home,
            ModelsFolder = parsed.GetValue(models),
            Address = parsed.GetValue(address)!,
            Port = parsed.GetValue(port),
            Threads = parsed.GetValue(threads),
        }));
        return command;
    }

    private static async Task<int> Serve(ServerOptions options)
    {
        await using WebApplication app = HearthServer.Build(options);
        await app.StartAsync();
        Console.WriteLine($"Listening on {string.Join(", ", app.Urls)}");
        try
        {
            await Task.Delay(Timeout.Infinite, Common.Stopping);
        }
        catch (OperationCanceledException)
        {
            await app.StopAsync();
        }
        return Common.Done;
    }
}
