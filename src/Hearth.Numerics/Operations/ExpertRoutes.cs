namespace Hearth.Numerics.Operations;

/// <summary>
/// Which rows each expert works on, and with what weights. It belongs to a tape, which uses it again for the next routing, so that a pass like the one
/// before allocates nothing.
/// </summary>
public sealed class ExpertRoutes
{
    private int[] _chosen = [];
    private float[] _shares = [];
    private int[] _starts = [];
    private int[] _rows = [];
    private float[] _weights = [];
    private int _perRow;

    /// <summary>How many experts there are.</summary>
    public int Experts { get; private set; }

    /// <summary>The rows of an expert, ascending.</summary>
    /// <param name="expert">The expert, from 0.</param>
    public ReadOnlySpan<int> Rows(int expert) => _rows.AsSpan(_starts[expert].._starts[expert + 1]);

    /// <summary>The weights of an expert's rows, in their order.</summary>
    /// <param name="expert">The expert, from 0.</param>
    public ReadOnlySpan<float> Weights(int expert) => _weights.AsSpan(_starts[expert].._starts[expert + 1]);

    /// <summary>Makes room for the choices of rows.</summary>
    internal void Begin(int experts, int rows, int perRow)
    {
        (Experts, _perRow) = (experts, perRow);
        int choices = checked(rows * perRow);
        if (_starts.Length < experts + 1) _starts = new int[experts + 1];
        if (_chosen.Length >= choices) return;
        (_chosen, _shares, _rows, _weights) = (new int[choices], new float[choices], new int[choices], new float[choices]);
    }

    /// <summary>Where a row's experts are to be written.</summary>
    internal Span<int> Chosen(int row) => _chosen.AsSpan(row * _perRow, _perRow);

    /// <summary>Where the weights of a row's experts are to be written.</summary>
    internal Span<float> Shares(int row) => _shares.AsSpan(row * _perRow, _perRow);

    /// <summary>Sorts the choices by expert.</summary>
    internal void Finish(int rows)
    {
        Span<int> starts = _starts.AsSpan(0, Experts + 1);
        starts.Clear();
        ReadOnlySpan<int> chosen = _chosen.AsSpan(0, rows * _perRow);
        foreach (int expert in chosen) starts[expert + 1]++;
        for (int e = 0; e < Experts; e++) starts[e + 1] += starts[e];
        for (int i = 0; i < chosen.Length; i++)
        {
            int at = starts[chosen[i]]++;
            (_rows[at], _weights[at]) = (i / _perRow, _shares[i]);
        }
        for (int e = Experts; e > 0; e--) starts[e] = starts[e - 1];             // every beginning had moved to its end
        starts[0] = 0;
    }
}
