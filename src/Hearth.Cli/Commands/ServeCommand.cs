using System.CommandLine;
using Hearth.Server.Auditing;
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
        var certificate = new Option<string?>("--tls-cert") { Description = "A certificate in PEM, with its chain.", HelpName = "FILE" };
        var certificateKey = new Option<string?>("--tls-key") { Description = "The certificate's private key in PEM.", HelpName = "FILE" };
        var hosts = Several("--host", "NAME", "A name that this server is asked for by, such as chat.example.org.");
        var origins = Several("--cors-origin", "ORIGIN", "Another site whose pages may use the server, such as https://intranet.example.");
        var proxies = Several("--proxy", "ADDRESS", "A proxy in front, whose X-Forwarded-For and X-Forwarded-Proto are believed.");
        var imports = Several("--import-from", "DIR", "A folder of this machine that admins may import models from.");
        var requireKeys = new Option<bool>("--require-keys") { Description = "Ask for a key on loopback as well. For a server behind a proxy." };
        var body = new Option<int>("--max-body-mb") { Description = "The most megabytes of a request.", DefaultValueFactory = _ => 32, HelpName = "N" };
        var drain = new Option<int>("--drain-seconds") { Description = "How long answers may go on after SIGTERM.", DefaultValueFactory = _ => 30, HelpName = "N" };
        var texts = new Option<string>("--audit-texts") { Description = "What the audit log keeps of texts: stored, or digests alone.", DefaultValueFactory = _ => "stored", HelpName = "WHAT" };
        texts.AcceptOnlyFromAmong("stored", "digests");
        var retention = new Option<int?>("--audit-days") { Description = "After how many days entries of the audit log are cut down to their hashes. Default: never.", HelpName = "N" };
        var log = new Option<string>("--log") { Description = "How lines on standard error look: text, or json.", DefaultValueFactory = _ => "text", HelpName = "FORM" };
        log.AcceptOnlyFromAmong("text", "json");
        Option<int> threads = Common.Threads();
        var command = new Command("serve", "Serve models to programs and people.")
        {
            models, address, port, certificate, certificateKey, hosts, origins, proxies, imports, requireKeys, body, drain, texts, retention, log, threads,
        };
        Between(port, 0, 65_535);
        Between(body, 1, 1024);
        Between(drain, 0, 3600);
        command.Example("hearth serve", "hearth serve --address 0.0.0.0 --port 8443 --tls-cert server.pem --tls-key server.key", "hearth serve --require-keys --host chat.example.org --proxy 127.0.0.1");
        command.SetAction((parsed, _) => Serve(new ServerOptions
        {
            Home = Places.Home,
            Database = ServerState.Database,
            ModelsFolder = parsed.GetValue(models),
            Address = parsed.GetValue(address)!,
            Port = parsed.GetValue(port),
            Certificate = parsed.GetValue(certificate),
            CertificateKey = parsed.GetValue(certificateKey),
            Hosts = parsed.GetValue(hosts) ?? [],
            CorsOrigins = parsed.GetValue(origins) ?? [],
            Proxies = parsed.GetValue(proxies) ?? [],
            ImportFolders = [.. (parsed.GetValue(imports) ?? []).Select(f => Directory.Exists(f) ? Path.GetFullPath(f) : throw new UsageException($"--import-from {f}: there is no such folder."))],
            RequireKeys = parsed.GetValue(requireKeys),
            MostBodyBytes = (long)parsed.GetValue(body) << 20,
            Drain = TimeSpan.FromSeconds(parsed.GetValue(drain)),
            AuditTexts = parsed.GetValue(texts) == "digests" ? AuditTexts.Digests : AuditTexts.Stored,
            AuditRetention = parsed.GetValue(retention) is { } days ? TimeSpan.FromDays(days) : null,
            JsonLogs = parsed.GetValue(log) == "json",
            Threads = parsed.GetValue(threads),
        }));
        return command;
    }

    private static Option<string[]> Several(string name, string value, string description) => new(name) { Description = description + " May be given more than once.", HelpName = value };

    private static void Between(Option<int> option, int least, int most) => option.Validators.Add(r =>
    {
        if (r.Tokens is [{ Value: var text }, ..] && int.TryParse(text, out int n) && (n < least || n > most)) r.AddError($"{option.Name} is {text}, expected {least} to {most}.");
    });

    /// <summary>Serves until asked to stop; then takes no more requests, and gives those that run time to end.</summary>
    /// <param name="options">Where and what.</param>
    /// <param name="invitation">What to say of the address once it listens; null for the address alone.</param>
    public static async Task<int> Serve(ServerOptions options, Func<string, string>? invitation = null)
    {
        await using WebApplication app = HearthServer.Build(options);
        try
        {
            await app.StartAsync(Common.Stopping);
        }
        catch (IOException e)
        {
            throw new ServerStartException($"The server can not listen on {options.Address} port {options.Port}: {e.Message.TrimEnd('.')}. Give another with --port.", e);
        }
        Console.WriteLine(invitation?.Invoke(app.Urls.First()) ?? $"Listening on {string.Join(", ", app.Urls)}");
        var asked = new TaskCompletionSource();
        using (Common.Stopping.Register(asked.SetResult)) await asked.Task;
        Console.WriteLine($"Stopping: no more requests are taken, and answers have {options.Drain.TotalSeconds:0} s to end.");
        await app.StopAsync(CancellationToken.None);
        return Common.Done;
    }
}
