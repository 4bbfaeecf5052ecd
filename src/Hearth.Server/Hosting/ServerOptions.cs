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

    /// <summary>Threads that models run on.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The most bytes of a request's body.</summary>
    public long MostBodyBytes { get; init; } = 32 << 20;

    /// <summary>Where models are.</summary>
    public string Models => ModelsFolder ?? Path.Combine(Home, "models");
}
