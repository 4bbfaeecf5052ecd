using System.Numerics;

namespace Hearth.Numerics;

/// <summary>
/// Remembers operations in order, to run their backward passes in reverse, and owns the memory of their activations, which is used
/// again from one pass to the next. A tape that does not record serves evaluation and generation: the same operations, nothing remembered.
/// </summary>
/// <param name="pool">The threads that operations on this tape use.</param>
/// <param name="recording">True to remember operations for <see cref="Backward"/>.</param>
public sealed class Tape(WorkerPool pool, bool recording)
{
    private readonly SortedDictionary<int, Stack<FloatBuffer>> _free = [];
    private readonly List<Tensor> _activations = [];
    private readonly List<FloatBuffer?> _scratch = [];
    private readonly List<(Tensor Output, Action Backward)> _operations = [];

    /// <summary>The threads that operations on this tape use.</summary>
    public WorkerPool Pool { get; } = pool;

    /// <summary>True when operations are remembered.</summary>
    public bool Recording { get; } = recording;

    /// <summary>Bytes this tape holds, in use and free.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>An activation of a shape; its content is undefined.</summary>
    /// <param name="shape">The dimensions.</param>
    public Tensor New(params int[] shape)
    {
        Tensor tensor = Tensor.Activation(this, shape, Rent(Tensor.Count(shape)));
        _activations.Add(tensor);
        return tensor;
    }

    /// <summary>Runs the remembered backward passes, last operation first. Memory of an activation is given back once its own has run.</summary>
    public void Backward()
    {
        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            (Tensor output, Action backward) = _operations[i];
            if (output.HasGradient) backward();
            output.Release(this);
        }
        Reset();
    }

    /// <summary>Forgets the operations and takes back all activations.</summary>
    public void Reset()
    {
        foreach (Tensor tensor in _activations) tensor.Release(this);
        _activations.Clear();
        _operations.Clear();
    }

    internal void Record(Tensor output, Action backward)
    {
        if (Recording) _operations.Add((output, backward));
    }

    /// <summary>Working memory of the running operation, by slot; undefined, and used again by the next operation.</summary>
    internal unsafe float* Scratch(int slot, int length)
    {
        while (_scratch.Count <= slot) _scratch.Add(null);
        FloatBuffer? buffer = _scratch[slot];
        if (buffer is null || buffer.Length < length)
        {
            Return(ref buffer);
            _scratch[slot] = buffer = Rent(length);
        }
        return buffer.Pointer;
    }

    internal FloatBuffer Rent(int length)
    {
        int capacity = Capacity(length);
        if (_free.TryGetValue(capacity, out Stack<FloatBuffer>? stack) && stack.TryPop(out FloatBuffer? buffer)) return buffer;
        if (Nearest(capacity) is { } near)
        {
            buffer = _free[near].Pop();
            if (near > capacity) return buffer;
            BytesHeld -= (long)near * sizeof(float);                             // too small: the larger one takes its place
        }
        BytesHeld += (long)capacity * sizeof(float);
        return new FloatBuffer(capacity, zeroed: false);
    }

    /// <summary>
    /// The size of a free buffer to use when none is just right: the smallest of those that are larger, else the largest of those that are
    /// smaller, within a factor of two. So batches of different lengths share memory, instead of each length keeping its own.
    /// </summary>
    private int? Nearest(int capacity)
    {
        int? smaller = null;
        foreach ((int size, Stack<FloatBuffer> stack) in _free)
        {
            if (stack.Count == 0 || size < capacity / 2 || size / 2 > capacity) continue;
            if (size > capacity) return size;
            smaller = size;
        }
        return smaller;
    }

    internal void Return(ref FloatBuffer? buffer)
    {
        if (buffer is null) return;
        if (!_free.TryGetValue(buffer.Length, out Stack<FloatBuffer>? stack)) _free[buffer.Length] = stack = new Stack<FloatBuffer>();
        stack.Push(buffer);
        buffer = null;
    }

    /// <summary>Eight sizes an octave, so that batches of slightly different lengths share memory.</summary>
    private static int Capacity(int length)
    {
        if (length <= 1024) return 1024;
        int grain = 1 << (BitOperations.Log2((uint)length) - 3);
        return (int)Math.Min((length + (long)grain - 1) / grain * grain, Array.MaxLength - 64);
    }
}
