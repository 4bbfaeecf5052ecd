using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hearth.Server.Hosting;

/// <summary>Where and how the server listens: address, certificate, and what a connection may take in time and memory.</summary>
internal static class Listening
{
    /// <summary>Bytes of all header lines of a request together.</summary>
    private const int MostHeaderBytes = 32 << 10;

    /// <summary>Bytes a second below which a client that sends or reads is let go, after some seconds' grace.</summary>
    private const double LeastBytesPerSecond = 240;

    private static readonly TimeSpan SoonEnds = TimeSpan.FromDays(14);

    /// <summary>An address of a machine; localhost is 127.0.0.1.</summary>
    /// <exception cref="ServerStartException">It is none.</exception>
    public static IPAddress Address(string text) => text == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address)
        ? address
        : throw new ServerStartException($"'{text}' is no address. Give one in numbers, such as 127.0.0.1, or 0.0.0.0 for all of this machine.");

    public static void ConfigureListening(this IWebHostBuilder host, ServerOptions options)
    {
        X509Certificate2Collection? certificates = options.Certificate is null ? null : Load(options.Certificate, options.CertificateKey);
        host.UseKestrelHttpsConfiguration();
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MostBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = options.MostConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = options.MostConnections;
            kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = options.Patience.Headers;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(LeastBytesPerSecond, options.Patience.Grace);
            kestrel.Limits.MinResponseDataRate = new MinDataRate(LeastBytesPerSecond, options.Patience.Grace);
            kestrel.Listen(options.IPAddress, options.Port, listen =>
            {
                if (certificates is null) return;
                listen.UseHttps(https =>
                {
                    https.HandshakeTimeout = options.Patience.Handshake;
                    https.ServerCertificate = certificates[0];
                    https.ServerCertificateChain = certificates;
                });
            });
        });
    }

    /// <summary>What is wrong, or soon will be, with the days of a certificate; null when nothing is.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="now">What time it is.</param>
    public static string? Warning(string path, DateTimeOffset now)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
        (DateTime begins, DateTime ends, DateTime today) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), now.UtcDateTime);
        return today < begins ? $"{path}: this certificate holds from {begins:yyyy-MM-dd HH:mm} UTC on. Until then clients refuse it."
            : today >= ends ? $"{path}: this certificate ended on {ends:yyyy-MM-dd HH:mm} UTC. Clients refuse it: get a new one, and start again."
            : today + SoonEnds >= ends ? $"{path}: this certificate ends on {ends:yyyy-MM-dd HH:mm} UTC. Get a new one, and start again."
            : null;
    }

    /// <summary>The certificate with its private key first, then those that stand after it in its file.</summary>
    private static X509Certificate2Collection Load(string path, string? keyPath)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(path);
            all.RemoveAt(0);
            all.Insert(0, X509Certificate2.CreateFromPemFile(path, keyPath));
            return all;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            string found = keyPath is null ? path : $"{path} with {keyPath}";
            throw new ServerStartException($"{found}: this is no certificate with its private key ({e.Message}) Give two PEM files, --tls-cert and --tls-key.", e);
        }
    }
}
