namespace Hearth.Server.Tools;

/// <summary>Reads another stream, and fails when a line of it, or all of it, is too long: who reads lines keeps a whole one in memory.</summary>
/// <param name="inner">The other stream; it ends with this one.</param>
/// <param name="mostLine">The most bytes of a line.</param>
/// <param name="mostBytes">The most bytes of all.</param>
internal sealed class BoundedStream(Stream inner, long mostLine, long mostBytes = long.MaxValue) : Stream
{
    private long _line, _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Count(buffer.AsSpan(offset, inner.Read(buffer, offset, count)));

    public override int Read(Span<byte> buffer) => Count(buffer[..inner.Read(buffer)]);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(buffer[..await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)].Span);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private int Count(ReadOnlySpan<byte> read)
    {
        _bytes += read.Length;
        int end = read.LastIndexOf((byte)'\n');
        int first = read.IndexOf((byte)'\n');
        bool isLong = _line + (first < 0 ? read.Length : first) > mostLine;
        _line = end < 0 ? _line + read.Length : read.Length - end - 1;
        if (isLong || _line > mostLine) throw new IOException($"A line has more than {mostLine:N0} bytes.");
        if (_bytes > mostBytes) throw new IOException($"An answer has more than {mostBytes:N0} bytes.");
        return read.Length;
    }
}

/// <summary>Bounds what every answer of HTTP may hold.</summary>
internal sealed class BoundedAnswers(HttpMessageHandler inner, long mostLine, long mostBytes) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var bounded = new StreamContent(new BoundedStream(stream, mostLine, mostBytes));
        foreach ((string name, IEnumerable<string> values) in response.Content.Headers) bounded.Headers.TryAddWithoutValidation(name, values);
        response.Content = bounded;
        return response;
    }
}
