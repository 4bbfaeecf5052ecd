namespace Hearth.Training.Recipes;

/// <summary>
/// What a person has to say for the papers that go with a model, because no run can know it. Everything may be left out (empty); the papers
/// then say that it is not stated.
/// </summary>
/// <param name="Provider">Who answers for the model.</param>
/// <param name="Contact">How to reach the provider: a mail address or a web page.</param>
/// <param name="Licence">The licence of the weights and of these papers, as a rule an SPDX identifier.</param>
/// <param name="Released">The day, month or year in which the model was made available.</param>
/// <param name="IntendedUse">What it is meant for, and what it is not.</param>
/// <param name="Limitations">What it can not do, and what may go wrong.</param>
/// <param name="RightsReservation">What was done to respect reservations against text and data mining.</param>
/// <param name="IllegalContent">What was done to keep illegal content out of training.</param>
public sealed record CardSpec(
    string Provider, string Contact, string Licence, string Released, string IntendedUse, string Limitations, string RightsReservation,
    string IllegalContent)
{
    /// <summary>Nothing is stated.</summary>
    public static readonly CardSpec None = new("", "", "", "", "", "", "", "");
}
