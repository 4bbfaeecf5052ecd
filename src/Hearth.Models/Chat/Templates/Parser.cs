namespace Hearth.Models.Chat.Templates;

/// <summary>
/// Builds the tree of a template: the statements here, the expressions in the other part. The grammar is that of Jinja 3.1 with its
/// loop controls and Hugging Face's <c>generation</c>; what would read other files does not exist.
/// </summary>
internal sealed partial class Parser
{
    private const int MaxNesting = 120;

    private static readonly string[] Statements =
    [
        "if", "for", "set", "macro", "call", "filter", "with", "block", "generation", "print", "break", "continue", "raw", "autoescape",
    ];

    private readonly string _name;
    private readonly List<Token> _tokens;
    private readonly Stack<HashSet<string>> _macroUses = new();
    private readonly HashSet<string> _blocks = new(StringComparer.Ordinal);
    private int _at;
    private int _depth;
    private int _loops;

    private Parser(string name, List<Token> tokens) => (_name, _tokens) = (name, tokens);

    private Token Current => _tokens[_at];

    /// <summary>The statements of a template.</summary>
    /// <param name="name">The template's name, for errors.</param>
    /// <param name="tokens">Its tokens.</param>
    /// <exception cref="ChatTemplateException">The template is not well formed.</exception>
    public static IReadOnlyList<Node> Parse(string name, List<Token> tokens)
    {
        var parser = new Parser(name, tokens);
        IReadOnlyList<Node> body = parser.Body([], "", 0);
        return body;
    }

    /// <summary>Statements up to one of some words, which is left to be read.</summary>
    private List<Node> Body(string[] ends, string statement, int opened)
    {
        Enter();
        var body = new List<Node>();
        while (true)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.End when ends.Length == 0:
                    _depth--;
                    return body;
                case TokenKind.End:
                    throw Fail(opened, $"'{{% {statement} %}}' is not ended. Close it with '{{% {ends[^1]} %}}'");
                case TokenKind.Text:
                    _at++;
                    body.Add(new Text(token.Line, token.Text));
                    break;
                case TokenKind.PrintBegin:
                    _at++;
                    body.Add(new Print(token.Line, Tuple()));
                    Expect(TokenKind.PrintEnd);
                    break;
                default:
                    _at++;
                    if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
                    {
                        _depth--;
                        return body;
                    }
                    body.Add(Statement(ends, statement));
                    Expect(TokenKind.BlockEnd);
                    break;
            }
        }
    }

    private Node Statement(string[] ends, string inside)
    {
        Token word = Current;
        if (word.Kind != TokenKind.Name) throw Fail(word.Line, $"{word.Show()} found, expected the name of a statement after '{{%'");
        _at++;
        switch (word.Text)
        {
            case "if": return If(word.Line);
            case "for": return For(word.Line);
            case "set": return Set(word.Line);
            case "macro": return Macro(word.Line);
            case "call": return CallBlock(word.Line);
            case "filter": return FilterBlock(word.Line);
            case "with": return With(word.Line);
            case "block": return Block(word.Line);
            case "generation": return new Scoped(word.Line, [], Inside("generation", "endgeneration", word.Line));
            case "print": return PrintAll(word.Line);
            case "autoescape": return Autoescape(word.Line);
            case "break" or "continue" when _loops == 0: throw Fail(word.Line, $"'{word.Text}' stands outside of a loop");
            case "break": return new Break(word.Line);
            case "continue": return new Continue(word.Line);
            case "include" or "import" or "from" or "extends":
                throw Fail(word.Line, $"'{word.Text}' reads another file, which a chat template can not do. Put everything into one template");
        }
        string open = inside.Length > 0 ? $" '{{% {inside} %}}' is open and ends with '{{% {ends[^1]} %}}'." : "";
        if (word.Text.StartsWith("end", StringComparison.Ordinal) || word.Text is "else" or "elif") throw Fail(word.Line, $"'{word.Text}' closes nothing here.{open}");
        throw Fail(word.Line, $"the statement '{word.Text}' is not known.{NearestName.Hint(word.Text, Statements)}{open}");
    }

    private Print PrintAll(int line)
    {
        var parts = new List<Expression> { Expression() };
        while (SkipOperator(",")) parts.Add(Expression());
        return new Print(line, parts.Count == 1 ? parts[0] : new Joined(line, parts));
    }

    private Scoped Autoescape(int line)
    {
        if (Expression() is not Constant { Value.IsTrue: false }) throw Fail(line, "'autoescape' is always false in a chat template; use the filter 'escape'");
        return new Scoped(line, [], Inside("autoescape", "endautoescape", line));
    }

    private If If(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Node>)>();
        while (true)
        {
            Expression test = Tuple(withConditional: false);
            Expect(TokenKind.BlockEnd);
            branches.Add((test, Body(["elif", "else", "endif"], "if", line)));
            string end = Take().Text;
            if (end == "elif") continue;
            if (end == "endif") return new If(line, branches, []);
            Expect(TokenKind.BlockEnd);
            IReadOnlyList<Node> otherwise = Body(["endif"], "if", line);
            _at++;
            return new If(line, branches, otherwise);
        }
    }

    private For For(int line)
    {
        Expression target = Target(withNamespace: false, "in");
        if (target is Name { Text: "loop" }) throw Fail(line, "'loop' is the loop itself and can not be its variable");
        ExpectName("in");
        Expression items = Tuple(withConditional: false, "recursive");
        Expression? condition = SkipName("if") ? Expression() : null;
        bool recursive = SkipName("recursive");
        Expect(TokenKind.BlockEnd);
        _loops++;
        IReadOnlyList<Node> body = Body(["else", "endfor"], "for", line), otherwise = [];
        _loops--;
        if (Take().Text == "else")
        {
            Expect(TokenKind.BlockEnd);
            otherwise = Body(["endfor"], "for", line);
            _at++;
        }
        return new For(line, target, items, condition, recursive, body, otherwise);
    }

    private Node Set(int line)
    {
        Expression target = Target(withNamespace: true, "");
        if (SkipOperator("=")) return new Set(line, target, Tuple());
        Expression? filter = Current.IsOperator("|") ? Filters(null) : null;
        return new SetBlock(line, target, filter, Inside("set", "endset", line));
    }

    private MacroDefinition Macro(int line)
    {
        string name = ExpectName();
        return MacroBody(line, name, Parameters(required: true), "macro", "endmacro");
    }

    private CallBlock CallBlock(int line)
    {
        List<(string, Expression?)> parameters = Parameters(required: false);
        if (Expression() is not Call call) throw Fail(line, "'{% call %}' needs a call, such as '{% call macro() %}'");
        return new CallBlock(line, call, MacroBody(line, "caller", parameters, "call", "endcall"));
    }

    private MacroDefinition MacroBody(int line, string name, List<(string, Expression?)> parameters, string statement, string end)
    {
        int loops = _loops;
        _loops = 0;
        _macroUses.Push([]);
        IReadOnlyList<Node> body = Inside(statement, end, line);
        HashSet<string> uses = _macroUses.Pop();
        if (_macroUses.TryPeek(out HashSet<string>? outer)) outer.UnionWith(uses);
        _loops = loops;
        return new MacroDefinition(line, name, parameters, body, uses);
    }

    private List<(string Name, Expression? Default)> Parameters(bool required)
    {
        var parameters = new List<(string Name, Expression? Default)>();
        if (!required && !Current.IsOperator("(")) return parameters;
        ExpectOperator("(");
        while (!SkipOperator(")"))
        {
            if (parameters.Count > 0)
            {
                ExpectOperator(",");
                if (SkipOperator(")")) break;
            }
            Token name = Current;
            string parameter = ExpectName();
            if (parameters.Any(p => p.Name == parameter)) throw Fail(name.Line, $"the parameter '{parameter}' is named twice");
            Expression? otherwise = SkipOperator("=") ? Expression() : null;
            if (otherwise is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw Fail(name.Line, $"the parameter '{parameter}' has no default but follows one that has");
            }
            parameters.Add((parameter, otherwise));
        }
        return parameters;
    }

    private FilterBlock FilterBlock(int line)
    {
        Expression filter = Filters(null, begun: true);
        return new FilterBlock(line, filter, Inside("filter", "endfilter", line));
    }

    private Scoped With(int line)
    {
        var assignments = new List<(Expression, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0) ExpectOperator(",");
            Expression target = Target(withNamespace: false, "");
            ExpectOperator("=");
            assignments.Add((target, Expression()));
        }
        return new Scoped(line, assignments, Inside("with", "endwith", line));
    }

    private Scoped Block(int line)
    {
        string name = ExpectName();
        if (!_blocks.Add(name)) throw Fail(line, $"the block '{name}' stands twice");
        SkipName("scoped");
        IReadOnlyList<Node> body = Inside("block", "endblock", line);
        SkipName(name);
        return new Scoped(line, [], body);
    }

    /// <summary>What stands between the end of this tag and the one that closes the statement.</summary>
    private List<Node> Inside(string statement, string end, int line)
    {
        Expect(TokenKind.BlockEnd);
        List<Node> body = Body([end], statement, line);
        _at++;
        return body;
    }

    /// <summary>What is assigned to: a name, names, or a member of a namespace.</summary>
    private Expression Target(bool withNamespace, string end)
    {
        Token first = Current;
        var targets = new List<Expression>();
        bool tuple = false;
        do
        {
            if (targets.Count > 0 && (Current.IsName(end) || Current.IsOperator("=") || Current.IsOperator(")") || Current.Kind == TokenKind.BlockEnd)) break;
            if (SkipOperator("("))
            {
                Enter();
                Expression inner = Target(withNamespace, "");
                _depth--;
                ExpectOperator(")");
                targets.Add(inner);
            }
            else
            {
                Token name = Current;
                string text = ExpectName();
                if (text is "true" or "false" or "none" or "True" or "False" or "None") throw Fail(name.Line, $"nothing can be assigned to '{text}'");
                targets.Add(withNamespace && SkipOperator(".") ? new NamespaceMember(name.Line, text, ExpectName()) : new Name(name.Line, text));
            }
        }
        while (SkipOperator(",") && (tuple = true));
        return tuple ? new Sequence(first.Line, targets, IsTuple: true) : targets[0];
    }

    private Token Take() => _tokens[_at++];

    private bool SkipName(string text)
    {
        if (!Current.IsName(text)) return false;
        _at++;
        return true;
    }

    private bool SkipOperator(string text)
    {
        if (!Current.IsOperator(text)) return false;
        _at++;
        return true;
    }

    private string ExpectName()
    {
        if (Current.Kind != TokenKind.Name) throw Fail(Current.Line, $"{Current.Show()} found, expected a name");
        return Take().Text;
    }

    private void ExpectName(string text)
    {
        if (!SkipName(text)) throw Fail(Current.Line, $"{Current.Show()} found, expected '{text}'");
    }

    private void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw Fail(Current.Line, $"{Current.Show()} found, expected '{text}'");
    }

    private void Expect(TokenKind kind)
    {
        if (Current.Kind != kind) throw Fail(Current.Line, $"{Current.Show()} found, expected {new Token(kind, "", 0).Show()}");
        _at++;
    }

    private void Enter()
    {
        if (++_depth > MaxNesting) throw Fail(Current.Line, $"constructs are nested more than {MaxNesting} deep");
    }

    private ChatTemplateException Fail(int line, string problem) => new(_name, line, problem.EndsWith('.') || problem.EndsWith(')') ? problem : problem + ".");
}
