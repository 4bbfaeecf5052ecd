using System.Runtime.Intrinsics;

namespace Hearth.Numerics.Quantization;

/// <summary>
/// Finds the scale, or scale and offset, with which small integers come closest to some numbers, in the sense of least squares. Many first
/// guesses are rounded to integers; for given integers the best scale is known in closed form; the best pair of both is refined once more.
/// Counts are multiples of sixteen, at most 256.
/// </summary>
internal static unsafe class ScaleSearch
{
    private const int Most = 256;
    private const int Refinements = 3;

    // Below this the scale is zero as a half.
    private const float Smallest = 1e-12f;

    // Beyond this no scale reaches, and a difference might overflow.
    private const float Largest = 1e18f;

    // Adding and taking this away rounds a number below 2^22 to the nearest whole one, ties to even.
    private const float Rounder = 12582912f;

    /// <summary>The nearest whole number within bounds, in each lane.</summary>
    public static Vector512<float> Round(Vector512<float> x, float low, float high)
    {
        x = Vector512.Max(Vector512.Min(x, Vector512.Create(high)), Vector512.Create(low));
        return x + Vector512.Create(Rounder) - Vector512.Create(Rounder);
    }

    /// <summary>The number of largest magnitude, with its sign; the first of several.</summary>
    public static float Extreme(float* x, int count)
    {
        float extreme = 0;
        for (int i = 0; i < count; i++)
        {
            if (MathF.Abs(x[i]) > MathF.Abs(extreme)) extreme = x[i];
        }
        return extreme;
    }

    /// <summary>s, so that s·l with whole l from <paramref name="low"/> to <paramref name="high"/> is close to x.</summary>
    /// <param name="x">Finite numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="low">The least integer, negative. The number of largest magnitude is put near it, whatever its sign.</param>
    /// <param name="high">The greatest integer.</param>
    public static float Symmetric(float* x, int count, int low, int high)
    {
        float extreme = Extreme(x, count);
        if (MathF.Abs(extreme) < Smallest) return 0;
        float* t = stackalloc float[Most];
        Normalise(x, count, 0, extreme, t);
        float bestGain = 0, best = 0, width = MathF.Max(0.05f * -low, 0.6f) / 8;
        for (int step = -8; step <= 8; step++) Try(low + (step * width));
        for (int i = 0; i < Refinements && best != 0; i++) Try(1 / best);
        return best * extreme;

        void Try(float inverse)
        {
            Vector512<float> tl = Vector512<float>.Zero, ll = Vector512<float>.Zero;
            for (int i = 0; i < count; i += Lanes.Count)
            {
                Vector512<float> v = Vector512.Load(t + i), l = Round(v * Vector512.Create(inverse), low, high);
                tl += v * l;
                ll += l * l;
            }
            float product = Lanes.Sum(tl), square = Lanes.Sum(ll);
            if (square == 0 || product * product <= bestGain * square) return;
            bestGain = product * product / square;
            best = product / square;
        }
    }

    /// <summary>s and m, so that s·l + m with whole l from 0 to <paramref name="high"/> is close to x; s is not negative.</summary>
    /// <param name="x">Finite numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="high">The greatest integer.</param>
    /// <param name="notPositive">True when m may not be positive.</param>
    public static (float Scale, float Min) Affine(float* x, int count, int high, bool notPositive)
    {
        float least = x[0], greatest = x[0];
        for (int i = 1; i < count; i++)
        {
            least = MathF.Min(least, x[i]);
            greatest = MathF.Max(greatest, x[i]);
        }
        (least, greatest) = (MathF.Max(least, -Largest), MathF.Min(greatest, Largest));
        if (notPositive) least = MathF.Min(least, 0);
        float range = greatest - least;
        if (!(range >= Smallest)) return (0, least);
        float* t = stackalloc float[Most];
        Normalise(x, count, least, range, t);
        double top = notPositive ? -least / (double)range : double.MaxValue, bestError = double.MaxValue;
        float scale = 1f / high, min = 0, width = MathF.Max(0.06f * high, 0.6f) / 8;
        for (int step = -8; step <= 8; step++) Try(high + (step * width), 0);
        for (int i = 0; i < Refinements && scale > 0; i++) Try(1 / scale, min);
        return (scale * range, least + (min * range));

        void Try(float inverse, float offset)
        {
            Vector512<float> st = Vector512<float>.Zero, sl = st, stl = st, sll = st, stt = st;
            for (int i = 0; i < count; i += Lanes.Count)
            {
                Vector512<float> v = Vector512.Load(t + i), l = Round((v - Vector512.Create(offset)) * Vector512.Create(inverse), 0, high);
                st += v;
                sl += l;
                stl += v * l;
                sll += l * l;
                stt += v * v;
            }
            double n = count, sumT = Lanes.Sum(st), sumL = Lanes.Sum(sl), sumTL = Lanes.Sum(stl), sumLL = Lanes.Sum(sll);
            double determinant = (n * sumLL) - (sumL * sumL);
            if (determinant <= 0) return;
            double s = ((n * sumTL) - (sumT * sumL)) / determinant, m = ((sumLL * sumT) - (sumL * sumTL)) / determinant;
            if (m > top)
            {
                m = top;
                s = (sumTL - (m * sumL)) / sumLL;
            }
            double error = Lanes.Sum(stt) - (2 * s * sumTL) - (2 * m * sumT) + (s * s * sumLL) + (2 * s * m * sumL) + (n * m * m);
            if (!(error < bestError) || s < 0) return;
            (bestError, scale, min) = (error, (float)s, (float)m);
        }
    }

    /// <summary>s, so that s·v with values v of a codebook of sixteen, ascending, is close to x.</summary>
    /// <param name="x">Finite numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="codebook">The values.</param>
    public static float Coded(float* x, int count, Vector128<sbyte> codebook)
    {
        float extreme = Extreme(x, count);
        if (MathF.Abs(extreme) < Smallest) return 0;
        float* t = stackalloc float[Most];
        Normalise(x, count, 0, extreme, t);
        float bestGain = 0, best = 0;
        for (int end = 0; end < 16; end += 15)
        {
            for (int step = -6; step <= 6; step++) Try(codebook[end] * (1 + (step * 0.025f)));
        }
        for (int i = 0; i < Refinements && best != 0; i++) Try(1 / best);
        return best * extreme;

        void Try(float inverse)
        {
            Vector512<float> tv = Vector512<float>.Zero, vv = Vector512<float>.Zero;
            for (int i = 0; i < count; i += Lanes.Count)
            {
                Vector512<float> number = Vector512.Load(t + i), value = Nearest(number * Vector512.Create(inverse), codebook).Value;
                tv += number * value;
                vv += value * value;
            }
            float product = Lanes.Sum(tv), square = Lanes.Sum(vv);
            if (square == 0 || product * product <= bestGain * square) return;
            bestGain = product * product / square;
            best = product / square;
        }
    }

    /// <summary>Place and value of the nearest number of an ascending codebook of sixteen, in each lane.</summary>
    public static (Vector512<int> Index, Vector512<float> Value) Nearest(Vector512<float> x, Vector128<sbyte> codebook)
    {
        Vector512<int> index = Vector512<int>.Zero;
        Vector512<float> value = Vector512.Create((float)codebook[0]);
        for (int i = 1; i < 16; i++)
        {
            Vector512<int> above = Vector512.GreaterThan(x, Vector512.Create((codebook[i - 1] + codebook[i]) * 0.5f)).AsInt32();
            index -= above;
            value += (above & Vector512.Create((float)(codebook[i] - codebook[i - 1])).AsInt32()).AsSingle();
        }
        return (index, value);
    }

    private static void Normalise(float* x, int count, float from, float over, float* t)
    {
        for (int i = 0; i < count; i += Lanes.Count)
        {
            ((Vector512.Load(x + i) - Vector512.Create(from)) / Vector512.Create(over)).Store(t + i);
        }
    }
}
