using System.Net;

namespace Hearth.Server.Hosting;

/// <summary>Where a server listens, what it serves, and its limits.</summary>
public sealed record ServerOptions
{
    /// <summary>HEARTH_HOME: models, runs, and the server's own state.</summary>
    public required string Home { get; init; }

    /// <summary>The folder of models; <see cref="Home"/>'s when null.</summary>
    public string? ModelsFolder { get; init; }

    /// <summary>The address to listen on.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 for any that is free.</summary>
    public int Port { get; init; } = 8321;

    /// <summary>HEARTH_DB: where state is kept, as <see cref="State.DatabaseChoice"/> reads it; null for a SQLite file in <see cref="Home"/>.</summary>
    public string? Database { get; init; }

    /// <summary>Threads that models run on.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The most bytes of keys and values, running answers and remembered prompts together; null for an eighth of the memory.</summary>
    public long? CacheBytes { get; init; }

    /// <summary>The most bytes of weights in memory, all models together; null for five eighths of the memory.</summary>
    public long? ModelBytes { get; init; }

    /// <summary>A certificate in PEM, with those that vouch for it; null for plain HTTP.</summary>
    public string? Certificate { get; init; }

    /// <summary>The certificate's private key in PEM; null when it stands in the certificate's file.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Names, beside those of loopback and the address, that a request's Host may have.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Origins of other sites, such as https://intranet.example, whose pages may use the server.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.</summary>
    public IReadOnlyList<string> Proxies { get; init; } = [];

    /// <summary>Whether a key is asked for on loopback as well when none was ever made.</summary>
    public bool RequireKeys { get; init; }

    /// <summary>The most bytes of a request's body.</summary>
    public long MostBodyBytes { get; init; } = 32 << 20;

    /// <summary>The most connections at once.</summary>
    public int MostConnections { get; init; } = 1024;

    /// <summary>How long clients may dawdle.</summary>
    internal Patience Patience { get; init; } = new();

    /// <summary>How long running answers may go on after the server was asked to stop.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the audit log keeps of prompts and answers beside their digests.</summary>
    public Auditing.AuditTexts AuditTexts { get; init; } = Auditing.AuditTexts.Stored;

    /// <summary>After how long entries of the audit log are cut down to their hashes; null for never.</summary>
    public TimeSpan? AuditRetention { get; init; }

    /// <summary>Whether log lines are JSON objects.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>Where models are.</summary>
    public string Models => ModelsFolder ?? Path.Combine(Home, "models");

    /// <summary>Whether the address can be reached from this machine alone.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(IPAddress);

    /// <summary>The address; localhost is 127.0.0.1.</summary>
    /// <exception cref="ServerStartException">It is no address.</exception>
    public IPAddress IPAddress => Listening.Address(Address);
}

/// <summary>How long the server waits for clients that dawdle.</summary>
internal sealed record Patience
{
    /// <summary>For a request's headers to be whole.</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For a handshake of TLS.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Before a client that sends or reads too slowly is let go.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);
}
