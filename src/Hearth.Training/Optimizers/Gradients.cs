using Hearth.Models.Architectures;
using Hearth.Numerics;
using Hearth.Numerics.Kernels;

namespace Hearth.Training.Optimizers;

/// <summary>
/// The gradient of a step, summed over its micro-batches by a fixed binary tree: 0 with 1, 2 with 3, then the pairs, and so on. Each micro-batch's
/// gradient is computed on its own, so any power-of-two number of workers can take whole subtrees and get the same bits.
/// </summary>
public sealed class Gradients
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly Stack<FloatBuffer[]> _free = new();
    private readonly List<(int Level, FloatBuffer[] Sum)> _waiting = [];

    /// <summary>Prepares for some parameters.</summary>
    /// <param name="parameters">Those that are trained.</param>
    public Gradients(IReadOnlyList<Parameter> parameters) => _parameters = parameters;

    /// <summary>Makes room for the gradient of the next micro-batch, which the backward pass then writes.</summary>
    public void Begin()
    {
        FloatBuffer[] place = _free.TryPop(out FloatBuffer[]? free) ? free : [.. _parameters.Select(p => new FloatBuffer(p.Tensor.Length, zeroed: false))];
        for (int i = 0; i < place.Length; i++) _parameters[i].Tensor.PlaceGradient(place[i]);
        _waiting.Add((0, place));
    }

    /// <summary>Takes the finished gradient of a micro-batch into the tree.</summary>
    /// <param name="pool">Threads.</param>
    public void End(WorkerPool pool)
    {
        foreach (Parameter parameter in _parameters) parameter.Tensor.TouchGradient();
        while (_waiting.Count > 1 && _waiting[^1].Level == _waiting[^2].Level)
        {
            (int level, FloatBuffer[] right) = _waiting[^1];
            FloatBuffer[] left = _waiting[^2].Sum;
            Add(pool, left, right);
            _waiting.RemoveRange(_waiting.Count - 2, 2);
            _waiting.Add((level + 1, left));
            _free.Push(right);
        }
    }

    /// <summary>Joins the subtrees that several workers summed, neighbours first; the whole sum is then in the first one.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="subtrees">A power of two of equal subtrees, in order of their micro-batches.</param>
    public static void Join(WorkerPool pool, IReadOnlyList<Gradients> subtrees)
    {
        for (int apart = 1; apart < subtrees.Count; apart *= 2)
        {
            for (int i = 0; i < subtrees.Count; i += 2 * apart)
            {
                Gradients left = subtrees[i], right = subtrees[i + apart];
                Add(pool, left.Whole, right.Whole);
                right._free.Push(right.Whole);
                right._waiting.Clear();
            }
        }
    }

    /// <summary>Ends the step: the sum of all micro-batches becomes the parameters' gradient.</summary>
    /// <exception cref="InvalidOperationException">The number of micro-batches was not a power of two.</exception>
    public void Finish()
    {
        FloatBuffer[] sum = Whole;
        _waiting.Clear();
        for (int i = 0; i < sum.Length; i++)
        {
            _parameters[i].Tensor.PlaceGradient(sum[i], hasGradient: true);
        }
        _free.Push(sum);
    }

    /// <summary>The Euclidean norm of the whole gradient.</summary>
    /// <param name="pool">Threads.</param>
    public double Norm(WorkerPool pool)
    {
        double sum = 0;
        foreach (Parameter parameter in _parameters) sum += Elementwise.SumOfSquares(pool, parameter.Tensor.GradientMemory);
        return Math.Sqrt(sum);
    }

    /// <summary>Scales the gradient down to a norm when it is longer (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="norm">Its norm.</param>
    /// <param name="limit">The longest allowed; 0 for no limit.</param>
    public void Clip(WorkerPool pool, double norm, double limit)
    {
        if (limit <= 0 || norm <= limit) return;
        float factor = (float)(limit / (norm + 1e-6));
        foreach (Parameter parameter in _parameters)
        {
            Tensor tensor = parameter.Tensor;
            pool.For(tensor.Length, 1024, tensor.Length, (from, to) => Elementwise.Scale(tensor.Gradient[from..to], factor, tensor.Gradient[from..to]));
        }
    }

    /// <summary>The first parameter whose gradient is not finite; null when all are.</summary>
    public string? FirstNotFinite()
    {
        foreach (Parameter parameter in _parameters)
        {
            foreach (float g in parameter.Tensor.Gradient)
            {
                if (!float.IsFinite(g)) return parameter.Tensor.Name;
            }
        }
        return null;
    }

    /// <summary>The one sum that is left.</summary>
    private FloatBuffer[] Whole => _waiting.Count == 1
        ? _waiting[0].Sum
        : throw new InvalidOperationException($"{_waiting.Count} sums are left of a step; it must have a power of two of micro-batches.");

    private static void Add(WorkerPool pool, FloatBuffer[] left, FloatBuffer[] right)
    {
        for (int i = 0; i < left.Length; i++)
        {
            FloatBuffer l = left[i], r = right[i];
            pool.For(l.Length, 1024, l.Length, (from, to) => Elementwise.Add(l.Span[from..to], r.Span[from..to], l.Span[from..to]));
        }
    }
}
