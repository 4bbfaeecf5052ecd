using Hearth.Numerics;

namespace Hearth.Training.Optimizers;

/// <summary>How the learning rate moves over a run.</summary>
public enum ScheduleKind
{
    /// <summary>Warm-up, then the full rate.</summary>
    Constant,

    /// <summary>Warm-up, then half a cosine down to the lowest rate (Loshchilov and Hutter 2016, arXiv:1608.03983, eq. 5).</summary>
    Cosine,

    /// <summary>Warm-up, the full rate, then a straight line down to the lowest rate (Hu et al. 2024, arXiv:2404.06395, section 4).</summary>
    WarmupStableDecay,
}

/// <summary>The learning rate of each step, as a share of the full rate.</summary>
/// <param name="Kind">The shape.</param>
/// <param name="Steps">Steps of the run.</param>
/// <param name="WarmupSteps">Steps of the straight line up.</param>
/// <param name="DecaySteps">Steps of the line down, for <see cref="ScheduleKind.WarmupStableDecay"/>.</param>
/// <param name="MinimumRatio">The lowest share, 0 to 1.</param>
public sealed record Schedule(ScheduleKind Kind, int Steps, int WarmupSteps, int DecaySteps, double MinimumRatio)
{
    /// <summary>The share of the full rate at a step.</summary>
    /// <param name="step">The step, from 1.</param>
    public double Share(int step)
    {
        int done = step - 1;
        if (done < WarmupSteps) return (done + 1.0) / WarmupSteps;
        switch (Kind)
        {
            case ScheduleKind.Cosine:
                double progress = Math.Min(1.0, (done - WarmupSteps) / (double)Math.Max(1, Steps - WarmupSteps));
                return MinimumRatio + ((1 - MinimumRatio) * 0.5 * (1 + Canonical.Cos(Math.PI * progress)));
            case ScheduleKind.WarmupStableDecay:
                int left = Steps - done;
                return left >= DecaySteps ? 1 : MinimumRatio + ((1 - MinimumRatio) * left / DecaySteps);
            default:
                return 1;
        }
    }
}
