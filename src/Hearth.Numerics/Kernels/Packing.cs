using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hearth.Numerics.Kernels;

/// <summary>Copies parts of a matrix into the order in which <see cref="Tiles"/> read them. Values are moved, never changed.</summary>
internal static unsafe class Packing
{
    /// <summary>
    /// Writes <c>into[i · width + j] = from[i · major + j · minor]</c> for i below <paramref name="count"/> and j below
    /// <paramref name="used"/>, and zeros for the columns from <paramref name="used"/> to <paramref name="width"/>.
    /// One of the two strides is 1.
    /// </summary>
    public static void Panel(float* from, int count, int major, int minor, int used, int width, float* into)
    {
        if (minor == 1)
        {
            Rows(from, count, major, used, width, into);
        }
        else
        {
            Transpose(from, count, minor, used, width, into);
            for (int j = used; j < width; j++)
            {
                for (int i = 0; i < count; i++) into[((nint)i * width) + j] = 0f;
            }
        }
    }

    /// <summary>Writes <c>into[i · width + j] = from[i + j · minor]</c> for i below <paramref name="count"/> and j below <paramref name="columns"/>.</summary>
    public static void Transpose(float* from, int count, int minor, int columns, int width, float* into)
    {
        int j = 0;
        for (; j + 4 <= columns; j += 4) FourColumns(from + ((nint)j * minor), count, minor, width, into + j);
        for (; j < columns; j++)
        {
            float* row = from + ((nint)j * minor);
            for (int i = 0; i < count; i++) into[((nint)i * width) + j] = row[i];
        }
    }

    /// <summary>
    /// Writes a stored transpose, <c>from[i · major + j]</c> for i below <paramref name="count"/> and j below <paramref name="columns"/>, as groups of
    /// columns one after the other, each [count][width of the group]: twelve wide, then four, then one. One pass over the source, whose rows are
    /// far apart, serves all groups.
    /// </summary>
    public static void Groups(float* from, int count, int major, int columns, float* into)
    {
        for (int i = 0; i < count; i++, from += major)
        {
            int j = 0;
            float* group = into + ((nint)i * Tiles.Rows);
            for (; j + Tiles.Rows <= columns; j += Tiles.Rows, group += (nint)count * Tiles.Rows)
            {
                Vector256.Load(from + j).Store(group);
                Vector128.Load(from + j + 8).Store(group + 8);
            }
            group = into + ((nint)j * count) + ((nint)i * Tiles.MiddleRows);
            for (; j + Tiles.MiddleRows <= columns; j += Tiles.MiddleRows, group += (nint)count * Tiles.MiddleRows) Vector128.Load(from + j).Store(group);
            for (; j < columns; j++) into[((nint)j * count) + i] = from[j];
        }
    }

    private static void Rows(float* from, int count, int major, int used, int width, float* into)
    {
        for (int i = 0; i < count; i++, from += major, into += width)
        {
            int j = 0;
            for (; j + 16 <= used; j += 16) Vector512.Load(from + j).Store(into + j);
            for (; j + 4 <= used; j += 4) Vector128.Load(from + j).Store(into + j);
            for (; j < used; j++) into[j] = from[j];
            for (; j < width; j++) into[j] = 0f;
        }
    }

    private static void FourColumns(float* from, int count, int minor, int width, float* into)
    {
        float* r0 = from, r1 = r0 + minor, r2 = r1 + minor, r3 = r2 + minor;
        int i = 0;
        if (Sse.IsSupported)
        {
            for (; i + 4 <= count; i += 4)
            {
                Vector128<float> a = Vector128.Load(r0 + i), b = Vector128.Load(r1 + i), c = Vector128.Load(r2 + i), d = Vector128.Load(r3 + i);
                Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), ef = Sse.UnpackHigh(a, b), gh = Sse.UnpackHigh(c, d);
                float* row = into + ((nint)i * width);
                Sse.MoveLowToHigh(ab, cd).Store(row);
                Sse.MoveHighToLow(cd, ab).Store(row + width);
                Sse.MoveLowToHigh(ef, gh).Store(row + (2 * width));
                Sse.MoveHighToLow(gh, ef).Store(row + (3 * width));
            }
        }
        for (; i < count; i++)
        {
            float* row = into + ((nint)i * width);
            row[0] = r0[i];
            row[1] = r1[i];
            row[2] = r2[i];
            row[3] = r3[i];
        }
    }
}
