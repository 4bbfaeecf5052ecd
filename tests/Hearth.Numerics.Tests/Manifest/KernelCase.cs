namespace Hearth.Numerics.Tests.Manifest;

/// <summary>How one kernel is tried.</summary>
/// <param name="Name">Class.Method, as in kernels.txt.</param>
/// <param name="Run">Runs the kernel on fixed inputs, its work divided by the pool, and hands over outputs and references.</param>
internal sealed record KernelCase(string Name, Action<WorkerPool, Evidence> Run)
{
    /// <summary>The digest of the outputs with so many threads.</summary>
    public string Digest(WorkerPool pool)
    {
        using var evidence = new Evidence(check: false);
        Run(pool, evidence);
        return evidence.Digest();
    }
}
