using System.Globalization;
using System.Numerics;

namespace Hearth.Models.Chat.Templates;

/// <summary>The expressions. From loose to tight: if-else, or, and, not, comparisons, + -, ~, * / // %, **, sign, then calls, filters and tests.</summary>
internal sealed partial class Parser
{
    private const int MaxChain = 200;

    private Expression Expression(bool withConditional = true)
    {
        Enter();
        Expression expression = withConditional ? ConditionalExpression() : Or();
        _depth--;
        return expression;
    }

    private Expression ConditionalExpression()
    {
        Expression then = Or();
        for (int links = 0; Current.IsName("if"); links++)
        {
            Bound(links);
            int line = Take().Line;
            Expression test = Or();
            then = new Conditional(line, test, then, SkipName("else") ? Expression() : null);
        }
        return then;
    }

    private Expression Or() => Chain(["or"], isName: true, And);

    private Expression And() => Chain(["and"], isName: true, Not);

    private Expression Not()
    {
        if (!Current.IsName("not")) return Comparison();
        int line = Take().Line;
        Enter();
        Expression operand = Not();
        _depth--;
        return new Unary(line, "not", operand);
    }

    private Expression Comparison()
    {
        Expression first = Sum();
        var rest = new List<(string, Expression)>();
        int line = Current.Line;
        while (true)
        {
            if (Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) rest.Add((Take().Text, Sum()));
            else if (SkipName("in")) rest.Add(("in", Sum()));
            else if (Current.IsName("not") && _tokens[_at + 1].IsName("in"))
            {
                _at += 2;
                rest.Add(("not in", Sum()));
            }
            else return rest.Count == 0 ? first : new Compared(line, first, rest);
        }
    }

    private Expression Sum() => Chain(["+", "-"], isName: false, Concatenation);

    private Expression Concatenation()
    {
        Expression first = Product();
        if (!Current.IsOperator("~")) return first;
        int line = Current.Line;
        var parts = new List<Expression> { first };
        while (SkipOperator("~")) parts.Add(Product());
        return new Joined(line, parts);
    }

    private Expression Product() => Chain(["*", "/", "//", "%"], isName: false, Power);

    private Expression Power() => Chain(["**"], isName: false, () => Signed(withFilters: true));

    /// <summary>Operands joined from left to right.</summary>
    private Expression Chain(string[] operators, bool isName, Func<Expression> operand)
    {
        Expression left = operand();
        for (int links = 0; Current.Kind == (isName ? TokenKind.Name : TokenKind.Operator) && operators.Contains(Current.Text); links++)
        {
            Bound(links);
            Token op = Take();
            left = new Binary(op.Line, op.Text, left, operand());
        }
        return left;
    }

    private Expression Signed(bool withFilters)
    {
        Token token = Current;
        Expression value;
        if (token is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            _at++;
            Enter();
            value = new Unary(token.Line, token.Text, Signed(withFilters: false));
            _depth--;
        }
        else value = Primary();
        value = Postfix(value);
        return withFilters ? Filters(value)! : value;
    }

    private Expression Primary()
    {
        Token token = Take();
        switch (token)
        {
            case { Kind: TokenKind.Name, Text: "true" or "True" }: return new Constant(token.Line, Value.True);
            case { Kind: TokenKind.Name, Text: "false" or "False" }: return new Constant(token.Line, Value.False);
            case { Kind: TokenKind.Name, Text: "none" or "None" }: return new Constant(token.Line, Value.None);
            case { Kind: TokenKind.Name }:
                if (token.Text is "varargs" or "kwargs" or "caller" && _macroUses.TryPeek(out HashSet<string>? uses)) uses.Add(token.Text);
                return new Name(token.Line, token.Text);
            case { Kind: TokenKind.String }:
                string text = token.Text;
                while (Current.Kind == TokenKind.String) text += Take().Text;
                return new Constant(token.Line, Value.Of(text));
            case { Kind: TokenKind.Integer }: return new Constant(token.Line, new IntegerValue(WholeNumber(token)));
            case { Kind: TokenKind.Float }: return new Constant(token.Line, Value.Of(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture)));
            case { Kind: TokenKind.Operator, Text: "(" }:
                Expression inside = Tuple(explicitParentheses: true);
                ExpectOperator(")");
                return inside;
            case { Kind: TokenKind.Operator, Text: "[" }: return List(token.Line);
            case { Kind: TokenKind.Operator, Text: "{" }: return Dict(token.Line);
            default: throw Fail(token.Line, $"{token.Show()} found, expected an expression");
        }
    }

    private BigInteger WholeNumber(Token token)
    {
        if (token.Text.Length > IntegerValue.MaxDigits) throw Fail(token.Line, $"the number has {token.Text.Length:N0} digits; at most {IntegerValue.MaxDigits:N0} are read");
        (int radix, string digits) = token.Text.Length > 2 ? token.Text[1] switch
        {
            'x' or 'X' => (16, token.Text[2..]),
            'o' or 'O' => (8, token.Text[2..]),
            'b' or 'B' => (2, token.Text[2..]),
            _ => (10, token.Text),
        } : (10, token.Text);
        if (radix == 10) return BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        BigInteger value = 0;
        foreach (char c in digits) value = (value * radix) + Convert.ToInt32(c.ToString(), 16);
        return value;
    }

    private Sequence List(int line)
    {
        var items = new List<Expression>();
        while (!SkipOperator("]"))
        {
            if (items.Count > 0)
            {
                ExpectOperator(",");
                if (SkipOperator("]")) break;
            }
            items.Add(Expression());
        }
        return new Sequence(line, items, IsTuple: false);
    }

    private Mapping Dict(int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!SkipOperator("}"))
        {
            if (entries.Count > 0)
            {
                ExpectOperator(",");
                if (SkipOperator("}")) break;
            }
            Expression key = Expression();
            ExpectOperator(":");
            entries.Add((key, Expression()));
        }
        return new Mapping(line, entries);
    }

    /// <summary>One expression, or several with commas between them as a tuple.</summary>
    private Expression Tuple(bool withConditional = true, string end = "", bool explicitParentheses = false)
    {
        int line = Current.Line;
        var items = new List<Expression>();
        bool tuple = false;
        while (true)
        {
            if (items.Count > 0) ExpectOperator(",");
            if (Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || Current.IsOperator(")") || (end.Length > 0 && Current.IsName(end))) break;
            items.Add(Expression(withConditional));
            if (!Current.IsOperator(",")) break;
            tuple = true;
        }
        if (tuple) return new Sequence(line, items, IsTuple: true);
        if (items.Count > 0) return items[0];
        if (explicitParentheses) return new Sequence(line, items, IsTuple: true);
        throw Fail(Current.Line, $"{Current.Show()} found, expected an expression");
    }

    private Expression Postfix(Expression value)
    {
        for (int links = 0; ; links++)
        {
            Bound(links);
            if (Current.IsOperator("(")) value = CallOf(value);
            else if (Current.IsOperator(".") || Current.IsOperator("[")) value = Subscript(value);
            else return value;
        }
    }

    private Call CallOf(Expression target)
    {
        int line = Current.Line;
        return new Call(line, target, Arguments());
    }

    private Expression Subscript(Expression target)
    {
        Token open = Take();
        if (open.Text == ".")
        {
            Token name = Take();
            return name.Kind switch
            {
                TokenKind.Name => new Member(open.Line, target, name.Text),
                TokenKind.Integer => new Index(open.Line, target, new Constant(name.Line, new IntegerValue(WholeNumber(name)))),
                _ => throw Fail(name.Line, $"{name.Show()} found, expected a name or number after '.'"),
            };
        }
        Expression? start = null;
        if (!Current.IsOperator(":"))
        {
            start = Tuple();
            if (SkipOperator("]")) return new Index(open.Line, target, start);
        }
        ExpectOperator(":");
        Expression? stop = Bound() ? null : Expression(), step = null;
        if (SkipOperator(":")) step = Bound() ? null : Expression();
        ExpectOperator("]");
        return new Slice(open.Line, target, start, stop, step);

        bool Bound() => Current.IsOperator(":") || Current.IsOperator("]");
    }

    /// <summary>Filters, tests and calls after a value; without one, the filters of a block.</summary>
    private Expression Filters(Expression? value, bool begun = false)
    {
        for (int links = 0; ; links++)
        {
            Bound(links);
            if (begun || Current.IsOperator("|"))
            {
                if (!begun) _at++;
                begun = false;
                int line = Current.Line;
                string name = DottedName();
                value = new Filtered(line, value, name, Current.IsOperator("(") ? Arguments() : CallArguments.None);
            }
            else if (value is not null && Current.IsName("is")) value = Test(value);
            else if (value is not null && Current.IsOperator("(")) value = CallOf(value);
            else return value!;
        }
    }

    private Expression Test(Expression value)
    {
        int line = Take().Line;
        bool negated = SkipName("not");
        string name = DottedName();
        CallArguments arguments = CallArguments.None;
        if (Current.IsOperator("(")) arguments = Arguments();
        else if (Current is { Kind: TokenKind.Name, Text: not ("else" or "or" or "and") } or { Kind: TokenKind.String or TokenKind.Integer or TokenKind.Float }
            or { Kind: TokenKind.Operator, Text: "[" or "{" })
        {
            if (Current.IsName("is")) throw Fail(Current.Line, "tests can not follow each other; join them with 'and'");
            Enter();
            arguments = new CallArguments([Postfix(Primary())], [], null, null);
            _depth--;
        }
        Expression test = new Tested(line, value, name, arguments);
        return negated ? new Unary(line, "not", test) : test;
    }

    private string DottedName()
    {
        string name = ExpectName();
        while (SkipOperator(".")) name += "." + ExpectName();
        return name;
    }

    private CallArguments Arguments()
    {
        ExpectOperator("(");
        var positional = new List<Expression>();
        var keywords = new List<(string Name, Expression Value)>();
        Expression? star = null, doubleStar = null;
        bool first = true;
        while (!SkipOperator(")"))
        {
            if (!first)
            {
                ExpectOperator(",");
                if (SkipOperator(")")) break;
            }
            first = false;
            Token token = Current;
            if (SkipOperator("**"))
            {
                if (doubleStar is not null) throw Fail(token.Line, "'**' stands twice");
                doubleStar = Expression();
            }
            else if (SkipOperator("*"))
            {
                if (star is not null || doubleStar is not null) throw Fail(token.Line, "'*' stands twice or after '**'");
                star = Expression();
            }
            else if (token.Kind == TokenKind.Name && _tokens[_at + 1].IsOperator("="))
            {
                if (doubleStar is not null) throw Fail(token.Line, "a named argument stands after '**'");
                if (keywords.Any(k => k.Name == token.Text)) throw Fail(token.Line, $"the argument '{token.Text}' is given twice");
                _at += 2;
                keywords.Add((token.Text, Expression()));
            }
            else
            {
                if (keywords.Count > 0 || star is not null || doubleStar is not null) throw Fail(token.Line, "an argument without a name stands after one with a name");
                positional.Add(Expression());
            }
        }
        return new CallArguments(positional, keywords, star, doubleStar);
    }

    private void Bound(int links)
    {
        if (links >= MaxChain) throw Fail(Current.Line, $"an expression has more than {MaxChain} parts in a row. Split it, or join texts with '~'");
    }
}
