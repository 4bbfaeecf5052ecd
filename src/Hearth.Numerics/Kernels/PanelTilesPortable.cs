using Hearth.Numerics.Quantization;

namespace Hearth.Numerics.Kernels;

/// <summary>The tiles of the quantised product in plain integers, for processors without AVX2.</summary>
internal static unsafe class PanelTilesPortable
{
    /// <summary>All rows of a widened panel with one row of activations.</summary>
    public static void One<T>(byte* w, byte* x, int steps, float* y, bool add) where T : struct, ITileShape
    {
        if (!add) new Span<float>(y, PanelFormat.Rows).Clear();
        for (; steps > 0; steps--, w += WideStep.Bytes<T>(), x += QuantizedActivations.RecordBytes)
        {
            var d = (float*)(w + WideStep.D<T>());
            float scale = *(float*)(x + QuantizedActivations.Scale);
            for (int row = 0; row < PanelFormat.Rows; row++)
            {
                y[row] = MathF.FusedMultiplyAdd(d[row] * scale, Integers<T>(w, x, row), y[row]);
                for (int m = 0; m < T.Minima; m++)
                {
                    float sum = *(float*)(x + QuantizedActivations.Sums + (T.Minima == 2 ? 4 + (4 * m) : 0));
                    y[row] = MathF.FusedMultiplyAdd(d[((1 + m) * PanelFormat.Rows) + row], sum, y[row]);
                }
            }
        }
    }

    private static int Integers<T>(byte* w, byte* x, int row) where T : struct, ITileShape
    {
        int result = 0, halves = T.Halves ? 2 : 1;
        for (int half = 0; half < halves; half++)
        {
            var scales = (short*)(w + WideStep.Scales<T>() + (half * WideStep.GroupBytes<T>())) + (2 * row);
            var start = (short*)(x + T.Start + (4 * half));
            int surplus = T.Start == 0 ? 0 : start[0] + start[1], lower = T.Planes ? 0 : surplus, upper = T.Planes ? surplus : 0;
            int end = (half + 1) * QuantizedActivations.Step / halves;
            for (int k = half * QuantizedActivations.Step / 2; k < end; k++)
            {
                byte* q = w + (k / 4 * WideStep.GroupBytes<T>()) + (4 * row) + (k % 4);
                lower += q[0] * (sbyte)x[k];
                if (T.Planes) upper += q[WideStep.RowBytes] * (sbyte)x[k];
            }
            result += scales[0] * lower;
            if (T.Planes) result += scales[2 * PanelFormat.Rows] * upper;
        }
        return result;
    }
}
