using System.Buffers;

namespace Hearth.Models.Remote;

/// <summary>Reads the data of server-sent events (WHATWG HTML, section 9.2.6), with bounds on an event and on all of them.</summary>
/// <param name="read">Reads more bytes; 0 at the end.</param>
internal sealed class EventReader(Func<Memory<byte>, Task<int>> read)
{
    /// <summary>The most bytes of an event: room for the log-probabilities of a long prompt.</summary>
    public const int MostEvent = 32 << 20;

    /// <summary>The most bytes of a stream.</summary>
    public const long MostBytes = 256 << 20;

    private readonly byte[] _buffer = new byte[16 << 10];
    private readonly ArrayBufferWriter<byte> _line = new(), _data = new();
    private int _at, _end;
    private long _bytes;
    private bool _afterReturn, _hasData;

    /// <summary>The next event's data; null at the end. An event that is cut short is none.</summary>
    /// <exception cref="InvalidDataException">An event, or the stream, is too large.</exception>
    public async Task<byte[]?> NextAsync()
    {
        while (true)
        {
            if (_at == _end)
            {
                _at = 0;
                _end = await read(_buffer).ConfigureAwait(false);
                if (_end == 0) return null;
                _bytes += _end;
                if (_bytes > MostBytes) throw new InvalidDataException($"sent more than {MostBytes:N0} bytes.");
            }
            if (!Line()) continue;
            byte[]? data = Take(_line.WrittenSpan);
            _line.ResetWrittenCount();
            if (data is not null) return data;
        }
    }

    /// <summary>Moves bytes from the buffer to the line; true when the line has ended, with \n, \r or both.</summary>
    private bool Line()
    {
        if (_afterReturn && _buffer[_at] == '\n') _at++;
        _afterReturn = false;
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_at, _end - _at);
        int length = rest.IndexOfAny((byte)'\n', (byte)'\r');
        _line.Write(length < 0 ? rest : rest[..length]);
        if (_line.WrittenCount + _data.WrittenCount > MostEvent) throw new InvalidDataException($"sent an event of more than {MostEvent:N0} bytes.");
        _at = length < 0 ? _end : _at + length + 1;
        _afterReturn = length >= 0 && rest[length] == '\r';
        return length >= 0;
    }

    /// <summary>Takes the line in; the event's data when it ends one.</summary>
    private byte[]? Take(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("\uFEFF"u8)) line = line[3..];
        if (line.Length == 0)
        {
            if (!_hasData) return null;
            byte[] data = _data.WrittenSpan.ToArray();
            _data.ResetWrittenCount();
            _hasData = false;
            return data;
        }
        if (!line.StartsWith("data"u8)) return null;
        line = line[4..];
        if (line.Length > 0 && line[0] != ':') return null;
        if (line.Length > 0) line = line[1..];
        if (line.Length > 0 && line[0] == ' ') line = line[1..];
        if (_hasData) _data.Write("\n"u8);
        _data.Write(line);
        _hasData = true;
        return null;
    }
}
