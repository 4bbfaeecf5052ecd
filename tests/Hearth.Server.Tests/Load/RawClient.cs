using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hearth.Server.Tests.Load;

/// <summary>A connection below HTTP: what no library would send.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();

    public NetworkStream Stream { get; private set; } = null!;

    public static async Task<RawClient> ConnectAsync(Uri server, CancellationToken cancel)
    {
        var raw = new RawClient();
        await raw._client.ConnectAsync(IPAddress.Loopback, server.Port, cancel);
        raw.Stream = raw._client.GetStream();
        return raw;
    }

    public async Task SendAsync(string text, CancellationToken cancel) => await Stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);

    /// <summary>A request's beginning, up to its body.</summary>
    public static string Post(string path, string key, params string[] headers) =>
        string.Join("\r\n", ["POST " + path + " HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Authorization: Bearer " + key, .. headers]) + "\r\n\r\n";

    /// <summary>Reads until the other side ends it, or fails it.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancel)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer, cancel) is > 0 and var count) all.Write(buffer, 0, count);
        }
        catch (IOException)
        {
            // Reset; what had come counts.
        }
        return Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>The body of an answer that was read whole.</summary>
    public static string BodyOf(string answer)
    {
        int at = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (at < 0) return answer;
        string head = answer[..at];
        byte[] body = Encoding.UTF8.GetBytes(answer[(at + 4)..]);
        if (!head.Contains("chunked", StringComparison.OrdinalIgnoreCase)) return Encoding.UTF8.GetString(body);
        var plain = new MemoryStream();
        for (int i = 0; i < body.Length;)
        {
            int line = Array.IndexOf(body, (byte)'\n', i);
            int size = Convert.ToInt32(Encoding.ASCII.GetString(body, i, line - i).Trim(), 16);
            plain.Write(body, line + 1, size);
            i = line + 1 + size + 2;
        }
        return Encoding.UTF8.GetString(plain.ToArray());
    }

    public void Dispose() => _client.Dispose();
}
