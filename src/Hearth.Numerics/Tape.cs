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
    private readonly SortedList<int, Stack<FloatBuffer>> _idle = [];             // by size: not used in this pass
    private readonly Dictionary<int, Stack<FloatBuffer>> _free = [];             // by the size asked for: used in this pass and given back
    private readonly Dictionary<FloatBuffer, int> _askedFor = [];
    private readonly List<Tensor> _activations = [];
    private readonly List<FloatBuffer?> _scratch = [];
    private readonly List<(Tensor Output, Action Backward)> _operations = [];
    private readonly Stack<Tensor> _tensors = new();                             // given back
    private nint[][] _addresses = [];

    /// <summary>The threads that operations on this tape use.</summary>
    public WorkerPool Pool { get; } = pool;

    /// <summary>True when operations are remembered.</summary>
    public bool Recording { get; } = recording;

    /// <summary>Bytes this tape holds, in use and free.</summary>
    public long BytesHeld { get; private set; }

    /// <summary>
    /// Uses tensors that were given back again, so that a pass like the one before allocates nothing. Whoever uses a tensor after its memory went
    /// back is then not told so: for passes that keep no tensor. Not for a tape that records.
    /// </summary>
    public bool ReusesTensors { get; init; }

    /// <summary>An activation with one dimension; its content is undefined.</summary>
    /// <param name="length">Numbers.</param>
    public Tensor New(int length) => Add(Tensor.Activation(this, [length], Rent(length)));

    /// <summary>An activation; its content is undefined.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    public Tensor New(int rows, int columns)
    {
        FloatBuffer data = Rent(checked(rows * columns));
        return Add(_tensors.TryPop(out Tensor? tensor) ? tensor.Again(rows, columns, data) : Tensor.Activation(this, [rows, columns], data));
    }

    /// <summary>How many activations there are; a mark for <see cref="KeepOnly"/>.</summary>
    public int Activations => _activations.Count;

    /// <summary>
    /// Gives back the memory of all activations since a mark but one, for the next layer to use while it is still in the processor's caches.
    /// Does nothing on a tape that records: the backward pass needs them.
    /// </summary>
    /// <param name="x">The activation to keep.</param>
    /// <param name="since">What <see cref="Activations"/> was.</param>
    public void KeepOnly(Tensor x, int since)
    {
        if (Recording) return;
        for (int i = since; i < _activations.Count; i++)
        {
            if (_activations[i] != x) GiveBack(_activations[i]);
        }
        _activations.RemoveRange(since, _activations.Count - since);
        _activations.Add(x);
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
        foreach (Tensor tensor in _activations) GiveBack(tensor);
        _activations.Clear();
        _operations.Clear();
        EndPass();
    }

    private Tensor Add(Tensor tensor)
    {
        _activations.Add(tensor);
        return tensor;
    }

    private void GiveBack(Tensor tensor)
    {
        if (tensor.Release(this) && ReusesTensors && tensor.Shape.Length == 2) _tensors.Push(tensor);
    }

    /// <summary>Room for the addresses of so many segments' blocks, used again by the next operation.</summary>
    internal nint[][] Addresses(int segments)
    {
        if (_addresses.Length < segments) _addresses = new nint[segments][];
        return _addresses;
    }

    /// <summary>Routes of the running mixture of experts.</summary>
    internal Operations.ExpertRoutes Routes { get; } = new();

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

    /// <summary>
    /// Memory for so many numbers, undefined. Within a pass it is one of the size asked for that was given back, else idle memory of another
    /// pass that is large enough. So batches of different lengths share memory, and passes of the same length need no more than the first.
    /// </summary>
    internal FloatBuffer Rent(int length)
    {
        int capacity = Capacity(length);
        if (_free.TryGetValue(capacity, out Stack<FloatBuffer>? stack) && stack.TryPop(out FloatBuffer? buffer)) return buffer;
        buffer = TakeIdle(capacity);
        if (buffer is null || buffer.Length < capacity)
        {
            if (buffer is not null) BytesHeld -= (long)buffer.Length * sizeof(float);    // a larger one takes its place
            BytesHeld += (long)capacity * sizeof(float);
            buffer = new FloatBuffer(capacity, zeroed: false);
        }
        _askedFor[buffer] = capacity;
        return buffer;
    }

    internal void Return(ref FloatBuffer? buffer)
    {
        if (buffer is null) return;
        Push(_free, _askedFor[buffer], buffer);
        buffer = null;
    }

    /// <summary>The smallest idle buffer that is large enough, else the largest that is not, within a factor of two; null when there is none.</summary>
    private FloatBuffer? TakeIdle(int capacity)
    {
        Stack<FloatBuffer>? nearest = null;
        for (int i = 0; i < _idle.Count; i++)
        {
            int size = _idle.GetKeyAtIndex(i);
            Stack<FloatBuffer> stack = _idle.GetValueAtIndex(i);
            if (stack.Count == 0 || size < capacity / 2) continue;
            if (size / 2 > capacity) break;
            nearest = stack;
            if (size >= capacity) break;
        }
        return nearest?.Pop();
    }

    private void EndPass()
    {
        foreach (Stack<FloatBuffer> stack in _free.Values)
        {
            while (stack.TryPop(out FloatBuffer? buffer))
            {
                _askedFor.Remove(buffer);
                Push(_idle, buffer.Length, buffer);
            }
        }
    }

    private static void Push(IDictionary<int, Stack<FloatBuffer>> stacks, int size, FloatBuffer buffer)
    {
        if (!stacks.TryGetValue(size, out Stack<FloatBuffer>? stack)) stacks[size] = stack = new Stack<FloatBuffer>();
        stack.Push(buffer);
    }

    /// <summary>Eight sizes an octave, so that batches of slightly different lengths share memory.</summary>
    private static int Capacity(int length)
    {
        if (length <= 1024) return 1024;
        int grain = 1 << (BitOperations.Log2((uint)length) - 3);
        return (int)Math.Min((length + (long)grain - 1) / grain * grain, Array.MaxLength - 64);
    }
}
