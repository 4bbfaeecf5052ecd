using Hearth.Models.Architectures;
using Hearth.Numerics;

namespace Hearth.Training.Optimizers;

/// <summary>Memory that an optimizer keeps for a parameter from step to step; saved in every checkpoint.</summary>
/// <param name="Name">What it is and whose, such as <c>adamw.m/model.norm.weight</c>.</param>
/// <param name="Shape">The parameter's dimensions.</param>
/// <param name="Data">The numbers.</param>
public sealed record OptimizerState(string Name, int[] Shape, FloatBuffer Data);

/// <summary>Turns the gradients of some parameters into new values.</summary>
public abstract class Optimizer
{
    private readonly List<OptimizerState> _states = [];

    /// <summary>Memory kept from step to step, in a fixed order.</summary>
    public IReadOnlyList<OptimizerState> States => _states;

    /// <summary>Updates the parameters from their gradients.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="share">The schedule's share of the full learning rate.</param>
    public abstract void Step(WorkerPool pool, int step, double share);

    /// <summary>Memory of a parameter's size, zero at first.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="parameter">Whose it is.</param>
    protected FloatBuffer Keep(string kind, Parameter parameter)
    {
        var data = new FloatBuffer(parameter.Tensor.Length);
        _states.Add(new OptimizerState($"{kind}/{parameter.Tensor.Name}", parameter.Tensor.Shape.ToArray(), data));
        return data;
    }
}
