using System.Globalization;
using Hearth.Models.Generation.Constraints;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Generation.Constraints;

public sealed class NumberRangeTests
{
    [Fact]
    public void A_number_is_allowed_when_it_lies_within_the_limits_and_only_then()
    {
        var random = new Random(11);
        int inside = 0, outside = 0;
        for (int round = 0; round < 400; round++)
        {
            bool whole = random.Next(3) == 0, aboveOnly = random.Next(4) == 0, belowOnly = !aboveOnly && random.Next(4) == 0;
            decimal low = Draw(random), high = random.Next(8) == 0 ? low : Draw(random);
            if (low > high) (low, high) = (high, low);
            string least = random.Next(2) == 0 ? "minimum" : "exclusiveMinimum", most = random.Next(2) == 0 ? "maximum" : "exclusiveMaximum";
            string schema = $"{{\"type\": \"{(whole ? "integer" : "number")}\""
                + (belowOnly ? "" : $", \"{least}\": {Text(low)}") + (aboveOnly ? "" : $", \"{most}\": {Text(high)}") + "}";
            Grammar? grammar = null;
            try
            {
                grammar = Grammar.FromJsonSchema(schema);
            }
            catch (ConstraintException e)
            {
                e.Message.ShouldContain("no value fits");
            }
            foreach (string text in Samples(random, low, high))
            {
                decimal value = decimal.Parse(text, CultureInfo.InvariantCulture);
                bool fits = (belowOnly || (least == "minimum" ? value >= low : value > low)) && (aboveOnly || (most == "maximum" ? value <= high : value < high))
                    && !(whole && text.Contains('.'));
                (grammar?.Matches(text) ?? false).ShouldBe(fits, $"{text} in {schema}");
                if (fits) inside++;
                else outside++;
            }
        }
        inside.ShouldBeGreaterThan(1_000);
        outside.ShouldBeGreaterThan(1_000);
    }

    [Theory]
    [InlineData("{\"type\": \"number\", \"minimum\": -90, \"maximum\": 90}", new[] { "0", "-0", "52.520008", "-90", "90.000", "-89.999999" }, new[] { "90.1", "-91", "052", ".5", "1.", "+1" })]
    [InlineData("{\"type\": \"integer\", \"format\": \"int32\"}", new[] { "2147483647", "-2147483648", "0" }, new[] { "2147483648", "-2147483649", "1.5" })]
    [InlineData("{\"type\": \"number\"}", new[] { "1e5", "-2.50E-3", "0.1" }, new[] { "1e", "00", "Infinity", "--1" })]
    [InlineData("{\"type\": \"integer\", \"exclusiveMinimum\": 0}", new[] { "1", "1000000000000000" }, new[] { "0", "-0", "-1" })]
    [InlineData("{\"type\": \"number\", \"exclusiveMaximum\": 0}", new[] { "-0.5", "-1000" }, new[] { "0", "-0", "-0.0", "1" })]
    [InlineData("{\"type\": \"integer\", \"minimum\": 79228162514264337593543950330}", new[] { "79228162514264337593543950335" }, new[] { "79228162514264337593543950329" })]
    public void Limits_are_kept_in_the_forms_that_people_write(string schema, string[] fits, string[] others)
    {
        Grammar grammar = Grammar.FromJsonSchema(schema);
        foreach (string fit in fits) grammar.Matches(fit).ShouldBeTrue(fit);
        foreach (string other in others) grammar.Matches(other).ShouldBeFalse(other);
    }

    private static decimal Draw(Random random) => random.Next(4) switch
    {
        0 => random.Next(-12, 13),
        1 => random.Next(-3_000, 3_000),
        2 => new decimal(random.Next(2_000), 0, 0, random.Next(2) == 0, (byte)random.Next(4)),
        _ => new decimal(random.NextInt64(-1_000_000_000, 1_000_000_000)) / 1_000_000,
    };

    private static IEnumerable<string> Samples(Random random, decimal low, decimal high)
    {
        foreach (decimal near in (decimal[])[low, high, decimal.Round((low + high) / 2, 4), 0])
        {
            foreach (decimal step in (decimal[])[0, 1, -1, 0.1m, -0.1m, 0.001m, -0.001m, 0.000001m, -0.000001m]) yield return Text(near + step);
            yield return Text(decimal.Floor(near));
        }
        for (int i = 0; i < 10; i++) yield return Text(Draw(random));
    }

    private static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);
}
