namespace Hearth.Numerics;

/// <summary>
/// A dense row-major float32 array with an optional gradient. An activation knows the tape that made it; a parameter has a name and
/// belongs to no tape.
/// </summary>
public sealed unsafe class Tensor
{
    private readonly int[] _shape;
    private FloatBuffer? _data;
    private FloatBuffer? _gradient;
    private FloatBuffer? _packed;
    private FloatBuffer? _packedTransposed;
    private FloatBuffer? _quantized;
    private bool _packedIsCurrent;
    private bool _packedTransposedIsCurrent;

    private Tensor(string name, int[] shape, FloatBuffer? data, Tape? tape)
    {
        Name = name;
        _shape = shape;
        _data = data;
        Tape = tape;
        Measure();
    }

    /// <summary>The parameter's name, as in the model file; empty for an activation.</summary>
    public string Name { get; }

    /// <summary>The dimensions.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The dimensions as text, such as <c>[16, 8]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", _shape)}]";

    /// <summary>Numbers in all.</summary>
    public int Length { get; private set; }

    /// <summary>The last dimension.</summary>
    public int Columns { get; private set; }

    /// <summary>The product of the other dimensions.</summary>
    public int Rows { get; private set; }

    /// <summary>The numbers.</summary>
    public Span<float> Data => Buffer.Span[..Length];

    /// <summary>The numbers as memory, for writers that stream.</summary>
    public ReadOnlyMemory<float> Memory => Buffer.Memory[..Length];

    /// <summary>The gradient of the loss with respect to the numbers; empty before any was added.</summary>
    public Span<float> Gradient => HasGradient ? _gradient!.Span[..Length] : [];

    /// <summary>True when something was added to the gradient since it was last cleared.</summary>
    public bool HasGradient { get; private set; }

    /// <summary>True for a parameter that is trained.</summary>
    public bool NeedsGradient { get; set; } = true;

    internal Tape? Tape { get; }

    internal float* Pointer => Buffer.Pointer;

    /// <summary>The weights as a file stores them, for a parameter that has no numbers of its own and is not trained; null for others.</summary>
    public PackedWeights? Weights { get; private init; }

    private FloatBuffer Buffer => _data ?? throw new InvalidOperationException(Weights is null
        ? "This activation's memory went back to its tape."
        : $"The weights '{Name}' are stored as {Weights.Type} and have no single numbers; read them row by row.");

    /// <summary>A parameter, zero at first.</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="shape">Its dimensions.</param>
    public static Tensor Parameter(string name, params int[] shape) => new(name, shape, new FloatBuffer(Count(shape)), null);

    /// <summary>A parameter that stays as a file stores it: products and look-ups work, training does not.</summary>
    /// <param name="name">Its name in the model file.</param>
    /// <param name="weights">Its weights, [rows, columns].</param>
    public static Tensor Stored(string name, PackedWeights weights) =>
        new(name, [weights.Rows, weights.Columns], null, null) { Weights = weights, NeedsGradient = false };

    /// <summary>Numbers in a shape.</summary>
    /// <param name="shape">The dimensions.</param>
    public static int Count(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int dim in shape) count = checked(count * dim);
        return checked((int)count);
    }

    /// <summary>Says that the numbers were changed, so that nothing derived from the old ones is used again.</summary>
    public void Changed() => _packedIsCurrent = _packedTransposedIsCurrent = false;

    /// <summary>Makes this parameter another view of the same numbers, with a gradient of its own.</summary>
    /// <param name="owner">A parameter of the same shape.</param>
    public void ShareData(Tensor owner)
    {
        ShapeException.Require(owner.Shape.SequenceEqual(_shape), owner, ShapeText);
        _data = owner._data;
        Changed();
    }

    /// <summary>Forgets the gradient; its memory is kept for the next one.</summary>
    public void ClearGradient() => HasGradient = false;

    /// <summary>Puts the gradient in other memory.</summary>
    /// <param name="gradient">At least <see cref="Length"/> numbers.</param>
    /// <param name="hasGradient">True when the memory holds a gradient already, false when it is to be written.</param>
    public void PlaceGradient(FloatBuffer gradient, bool hasGradient = false)
    {
        _gradient = gradient;
        HasGradient = hasGradient;
    }

    /// <summary>Makes a gradient to which nothing was added one of zeros.</summary>
    public void TouchGradient()
    {
        if (HasGradient) return;
        BeginGradient(out _);
        Gradient.Clear();
    }

    /// <summary>The gradient as memory.</summary>
    public ReadOnlyMemory<float> GradientMemory => HasGradient ? _gradient!.Memory[..Length] : default;

    internal static Tensor Activation(Tape tape, int[] shape, FloatBuffer data) => new("", shape, data, tape);

    /// <summary>
    /// Memory that the caller now adds a gradient to. When <paramref name="add"/> is false nothing is there yet, and the caller overwrites.
    /// Called from one thread, before the work is divided.
    /// </summary>
    internal float* TakeGradient(out bool add)
    {
        add = HasGradient;
        HasGradient = true;
        _gradient ??= Tape is null ? new FloatBuffer(Length, zeroed: false) : Tape.Rent(Length);
        return _gradient.Pointer;
    }

    /// <summary><see cref="TakeGradient"/> for callers that use spans.</summary>
    internal void BeginGradient(out bool add) => TakeGradient(out add);

    /// <summary>Adds the gradient of a result that was this tensor plus something else.</summary>
    internal void PassGradient(Tensor result)
    {
        BeginGradient(out bool add);
        WorkerPool pool = result.Tape!.Pool;
        if (add) pool.For(Length, 1024, Length, (from, to) => Kernels.Elementwise.Add(Gradient[from..to], result.Gradient[from..to], Gradient[from..to]));
        else pool.For(Length, 1024, Length, (from, to) => result.Gradient[from..to].CopyTo(Gradient[from..to]));
    }

    internal float* GradientPointer => _gradient!.Pointer;

    /// <summary>
    /// The matrix [rows, columns] (or its transpose) in the packed order of the matrix product, kept until the numbers change.
    /// Called from one thread, before the work is divided.
    /// </summary>
    internal float* Packed(WorkerPool pool, bool transposed)
    {
        ref FloatBuffer? packed = ref transposed ? ref _packedTransposed : ref _packed;
        ref bool current = ref transposed ? ref _packedTransposedIsCurrent : ref _packedIsCurrent;
        if (packed is null || !current)
        {
            int k = transposed ? Columns : Rows, n = transposed ? Rows : Columns;
            int length = Kernels.MatrixProduct.PackedLength(k, n);
            packed ??= Tape is null ? new FloatBuffer(length, zeroed: false) : Tape.Rent(length);
            var view = Kernels.MatrixView.RowMajor(Pointer, Columns);
            Kernels.MatrixProduct.Pack(pool, transposed ? view.Transposed : view, k, n, packed.Pointer);
            current = true;
        }
        return packed.Pointer;
    }

    /// <summary>The rows quantised for products with stored weights, made once. Called from one thread, before the work is divided.</summary>
    internal float* Quantized(WorkerPool pool)
    {
        if (_quantized is null)
        {
            _quantized = Tape!.Rent(Kernels.QuantizedActivations.Length(Rows, Columns));
            Kernels.QuantizedActivations.Quantize(pool, Pointer, Rows, Columns, _quantized.Pointer);
        }
        return _quantized.Pointer;
    }

    /// <summary>Another activation in this object's place; its memory went back before.</summary>
    internal Tensor Again(int rows, int columns, FloatBuffer data)
    {
        (_shape[0], _shape[1], _data) = (rows, columns, data);
        HasGradient = false;
        Changed();
        Measure();
        return this;
    }

    private void Measure()
    {
        Length = Count(_shape);
        Columns = _shape.Length == 0 ? 1 : _shape[^1];
        Rows = Columns == 0 ? 0 : Length / Columns;
    }

    /// <summary>Gives the memory back; false when that was done before.</summary>
    internal bool Release(Tape tape)
    {
        bool held = _data is not null;
        tape.Return(ref _quantized);
        tape.Return(ref _gradient);
        tape.Return(ref _data);
        tape.Return(ref _packed);
        tape.Return(ref _packedTransposed);
        return held;
    }
}
