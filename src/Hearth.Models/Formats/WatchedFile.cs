namespace Hearth.Models.Formats;

/// <summary>What a small file says, read again when the file has changed, so that a running server learns of it. Safe for use by several threads.</summary>
/// <param name="path">The file; it need not exist.</param>
/// <param name="read">Reads it.</param>
/// <param name="none">What holds without a file.</param>
public sealed class WatchedFile<T>(string path, Func<string, T> read, T none)
{
    private readonly Lock _gate = new();
    private (DateTime Written, long Length) _seen;
    private T? _value;
    private bool _known;

    /// <summary>What the file says.</summary>
    public T Value
    {
        get
        {
            lock (_gate)
            {
                var file = new FileInfo(path);
                (DateTime, long) now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
                if (_known && now == _seen) return _value!;
                _value = file.Exists ? read(path) : none;
                (_seen, _known) = (now, true);
                return _value;
            }
        }
    }

    /// <summary>Reads the file again next time, whatever its time says.</summary>
    public void Forget()
    {
        lock (_gate) _known = false;
    }
}
