namespace Hearth.Training.Runs;

/// <summary>Where training and what goes with it show how far they are: a terminal, or a page.</summary>
public interface ITrainingDisplay
{
    /// <summary>A line of text.</summary>
    /// <param name="text">The line.</param>
    void Say(string text);

    /// <summary>Runs training with its progress on display.</summary>
    /// <param name="name">What is trained.</param>
    /// <param name="work">Is given what to tell after every step.</param>
    T Train<T>(string name, Func<Action<TrainingProgress>, T> work);

    /// <summary>Runs work that reports the share done.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="work">Is given what to tell: the share, 0 to 1.</param>
    T Share<T>(string name, Func<Action<double>, T> work);
}
