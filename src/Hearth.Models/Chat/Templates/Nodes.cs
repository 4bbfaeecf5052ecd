namespace Hearth.Models.Chat.Templates;

/// <summary>A construct of a template.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record Node(int Line);

/// <summary>A construct that has a value.</summary>
internal abstract record Expression(int Line) : Node(Line);

internal sealed record Constant(int Line, Value Value) : Expression(Line);

internal sealed record Name(int Line, string Text) : Expression(Line);

/// <summary><c>[a, b]</c>, or <c>(a, b)</c> when <paramref name="IsTuple"/>.</summary>
internal sealed record Sequence(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line);

internal sealed record Mapping(int Line, IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression(Line);

/// <summary><c>target.name</c></summary>
internal sealed record Member(int Line, Expression Target, string Name) : Expression(Line);

/// <summary><c>target[index]</c></summary>
internal sealed record Index(int Line, Expression Target, Expression At) : Expression(Line);

/// <summary><c>target[start:stop:step]</c></summary>
internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Keywords, Expression? Star, Expression? DoubleStar)
{
    public static CallArguments None { get; } = new([], [], null, null);
}

internal sealed record Call(int Line, Expression Target, CallArguments Arguments) : Expression(Line);

/// <summary><c>target|name(arguments)</c>; without a target, the filter of a block.</summary>
internal sealed record Filtered(int Line, Expression? Target, string Name, CallArguments Arguments) : Expression(Line);

/// <summary><c>target is name(arguments)</c></summary>
internal sealed record Tested(int Line, Expression Target, string Name, CallArguments Arguments) : Expression(Line);

internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line);

internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

/// <summary><c>a ~ b ~ c</c></summary>
internal sealed record Joined(int Line, IReadOnlyList<Expression> Parts) : Expression(Line);

/// <summary><c>a &lt; b == c</c>: every neighbouring pair must hold.</summary>
internal sealed record Compared(int Line, Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest) : Expression(Line);

/// <summary><c>then if test else otherwise</c></summary>
internal sealed record Conditional(int Line, Expression Test, Expression Then, Expression? Otherwise) : Expression(Line);

/// <summary><c>name.member</c> as what <c>set</c> assigns to.</summary>
internal sealed record NamespaceMember(int Line, string Namespace, string Member) : Expression(Line);

internal sealed record Text(int Line, string Content) : Node(Line);

internal sealed record Print(int Line, Expression Value) : Node(Line);

internal sealed record If(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Node> Body)> Branches, IReadOnlyList<Node> Otherwise) : Node(Line);

internal sealed record For(
    int Line, Expression Target, Expression Items, Expression? Condition, bool IsRecursive, IReadOnlyList<Node> Body, IReadOnlyList<Node> Otherwise) : Node(Line);

internal sealed record Set(int Line, Expression Target, Expression Value) : Node(Line);

/// <summary><c>{% set target | filter %}body{% endset %}</c></summary>
internal sealed record SetBlock(int Line, Expression Target, Expression? Filter, IReadOnlyList<Node> Body) : Node(Line);

/// <summary>A macro, or the body of a call block, which is one named <c>caller</c>.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Names and defaults.</param>
/// <param name="Body">What it prints.</param>
/// <param name="Uses">Which of <c>varargs</c>, <c>kwargs</c> and <c>caller</c> its body names.</param>
internal sealed record MacroDefinition(
    int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Node> Body, IReadOnlySet<string> Uses) : Node(Line);

internal sealed record CallBlock(int Line, Call Call, MacroDefinition Caller) : Node(Line);

internal sealed record FilterBlock(int Line, Expression Filter, IReadOnlyList<Node> Body) : Node(Line);

/// <summary>A body with names of its own: <c>with</c>, <c>block</c>, <c>generation</c>.</summary>
internal sealed record Scoped(int Line, IReadOnlyList<(Expression Target, Expression Value)> Assignments, IReadOnlyList<Node> Body) : Node(Line);

internal sealed record Break(int Line) : Node(Line);

internal sealed record Continue(int Line) : Node(Line);
