namespace Hearth.Numerics.Tests.Autograd;

/// <summary>The operations of Hearth.Numerics in float64, as plain as they can be written: the reference for values and
/// gradients.</summary>
internal sealed class Matrix(int rows, int columns, double[] data)
{
    public Matrix(int rows, int columns)
        : this(rows, columns, new double[rows * columns])
    {
    }

    public int Rows => rows;

    public int Columns => columns;

    public double[] Data => data;

    public double this[int i, int j]
    {
        get => data[(i * columns) + j];
        set => data[(i * columns) + j] = value;
    }

    public static Matrix Make(int rows, int columns, Func<int, int, double> value)
    {
        var y = new Matrix(rows, columns);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) y[i, j] = value(i, j);
        return y;
    }

    public Matrix Linear(Matrix w) => Make(rows, w.Rows, (i, j) => Sum(columns, c => this[i, c] * w[j, c]));

    public Matrix Affine(Matrix w, Matrix b) => Make(rows, w.Columns, (i, j) => b[0, j] + Sum(columns, c => this[i, c] * w[c, j]));

    public Matrix AddBias(Matrix b) => Make(rows, columns, (i, j) => this[i, j] + b[0, j]);

    public Matrix Add(Matrix b) => Make(rows, columns, (i, j) => this[i, j] + b[i, j]);

    public Matrix TakeColumns(int first, int count) => Make(rows, count, (i, j) => this[i, first + j]);

    public Matrix Embed(int[] ids) => Make(ids.Length, columns, (i, j) => this[ids[i], j]);

    public Matrix SwiGlu(Matrix up) => Make(rows, columns, (i, j) => this[i, j] / (1 + Math.Exp(-this[i, j])) * up[i, j]);

    public Matrix Gelu() => Make(rows, columns, (i, j) =>
        0.5 * this[i, j] * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (this[i, j] + (0.044715 * Math.Pow(this[i, j], 3))))));

    public Matrix SquaredRelu() => Make(rows, columns, (i, j) => Math.Pow(Math.Max(this[i, j], 0), 2));

    public Matrix RmsNorm(Matrix w, double epsilon) => Make(rows, columns, (i, j) =>
    {
        int group = w.Columns, first = j / group * group;
        return this[i, j] / Math.Sqrt((Sum(group, c => this[i, first + c] * this[i, first + c]) / group) + epsilon) * w[0, j % group];
    });

    public Matrix LayerNorm(Matrix w, Matrix b, double epsilon) => Make(rows, columns, (i, j) =>
    {
        double mean = Sum(columns, c => this[i, c]) / columns, variance = Sum(columns, c => Math.Pow(this[i, c] - mean, 2)) / columns;
        return ((this[i, j] - mean) / Math.Sqrt(variance + epsilon) * w[0, j]) + b[0, j];
    });

    public Matrix Rotate(int headSize, double theta, int[] positions) => Make(rows, columns, (i, j) =>
    {
        int half = headSize / 2, d = j % headSize;
        double angle = positions[i] * Math.Pow(theta, -2.0 * (d % half) / headSize);
        return (this[i, j] * Math.Cos(angle)) + (d < half ? -this[i, j + half] * Math.Sin(angle) : this[i, j - half] * Math.Sin(angle));
    });

    public Matrix Attend(Matrix k, Matrix v, int headSize, Segment[] segments)
    {
        int group = columns / k.Columns;
        var o = new Matrix(rows, columns);
        foreach (Segment segment in segments)
        {
            for (int t = segment.Start; t < segment.Start + segment.Count; t++)
            {
                for (int head = 0; head < columns / headSize; head++)
                {
                    int query = head * headSize, key = head / group * headSize, row = t, first = segment.Start;
                    double[] p = [.. Enumerable.Range(first, t - first + 1).Select(s =>
                        Math.Exp(Sum(headSize, d => this[row, query + d] * k[s, key + d]) / Math.Sqrt(headSize)))];
                    double total = p.Sum();
                    for (int d = 0; d < headSize; d++) o[t, query + d] = Sum(p.Length, s => p[s] / total * v[first + s, key + d]);
                }
            }
        }
        return o;
    }

    public double CrossEntropy(Matrix w, int[] targets)
    {
        Matrix logits = Linear(w);
        return Sum(rows, i => targets[i] < 0 ? 0 : Math.Log(Sum(w.Rows, v => Math.Exp(logits[i, v]))) - logits[i, targets[i]]);
    }

    private static double Sum(int n, Func<int, double> term)
    {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += term(i);
        return sum;
    }
}
