using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hearth.Numerics;

/// <summary>A tensor does not have the shape an operation needs.</summary>
/// <param name="operation">The operation.</param>
/// <param name="argument">Its argument, and the tensor's name when it has one.</param>
/// <param name="found">The shape it has.</param>
/// <param name="expected">The shape it should have, in words or numbers.</param>
public sealed class ShapeException(string operation, string argument, string found, string expected)
    : HearthException($"{operation}: {argument} has shape {found}, expected {expected}. The model's configuration and its weights do not fit together.")
{
    internal static void Require(Tensor tensor, int rows, int columns,
        [CallerArgumentExpression(nameof(tensor))] string argument = "", [CallerMemberName] string operation = "")
    {
        if (tensor.Rows != rows || tensor.Columns != columns) throw Of(tensor, $"[{rows}, {columns}]", argument, operation);
    }

    internal static void Require(bool fits, Tensor tensor, [InterpolatedStringHandlerArgument(nameof(fits))] ref Expectation expected,
        [CallerArgumentExpression(nameof(tensor))] string argument = "", [CallerMemberName] string operation = "")
    {
        if (!fits) throw Of(tensor, expected.Text(), argument, operation);
    }

    internal static void Require(bool fits, Tensor tensor, string expected,
        [CallerArgumentExpression(nameof(tensor))] string argument = "", [CallerMemberName] string operation = "")
    {
        if (!fits) throw Of(tensor, expected, argument, operation);
    }

    private static ShapeException Of(Tensor tensor, string expected, string argument, string operation) =>
        new(operation, tensor.Name.Length > 0 ? $"{argument} '{tensor.Name}'" : argument, tensor.ShapeText, expected);

    /// <summary>What an operation says it expects, put into words only when it has not got it.</summary>
    [InterpolatedStringHandler]
    internal ref struct Expectation
    {
        private DefaultInterpolatedStringHandler _text;

        public Expectation(int literals, int holes, bool fits, out bool isWanted)
        {
            isWanted = !fits;
            _text = fits ? default : new DefaultInterpolatedStringHandler(literals, holes, CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public string Text() => _text.ToStringAndClear();
    }
}
