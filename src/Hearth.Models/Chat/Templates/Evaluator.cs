using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Runs the statements of a template; the expressions are in the other part.</summary>
internal sealed partial class Evaluator
{
    private readonly TemplateContext _c;
    private StringBuilder _output = new();

    private Evaluator(string name, TemplateOptions options, DictValue variables) =>
        _c = new TemplateContext(name, options, variables) { Filter = ApplyFilter, Test = ApplyTest };

    /// <summary>What became of a body.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public static string Render(string name, IReadOnlyList<Node> body, DictValue variables, TemplateOptions options)
    {
        var evaluator = new Evaluator(name, options, variables);
        var globals = new Scope(null);
        foreach ((string key, FunctionValue value) in Globals.All) globals.Set(key, value);
        var given = new Scope(globals);
        foreach ((Value key, Value value) in variables.Entries) given.Set(((StringValue)key).Text, value);
        evaluator.Run(body, new Scope(given));
        return evaluator._output.ToString();
    }

    private Flow Run(IReadOnlyList<Node> body, Scope scope)
    {
        foreach (Node node in body)
        {
            Flow flow = Run(node, scope);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }

    private Flow Run(Node node, Scope scope)
    {
        _c.Step();
        _c.Line = node.Line;
        switch (node)
        {
            case Text text:
                Write(text.Content);
                return Flow.Next;
            case Print print:
                Write(PythonText.Of(_c, Evaluate(print.Value, scope)));
                return Flow.Next;
            case Break: return Flow.Break;
            case Continue: return Flow.Continue;
            case Set set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case MacroDefinition macro:
                scope.Set(macro.Name, new MacroValue(macro, scope));
                return Flow.Next;
        }
        _c.RequireStack();
        switch (node)
        {
            case If choice:
                foreach ((Expression test, IReadOnlyList<Node> body) in choice.Branches)
                {
                    if (Evaluate(test, scope).IsTrue) return Run(body, scope);
                }
                return Run(choice.Otherwise, scope);
            case For loop:
                return Loop(loop, Evaluate(loop.Items, scope), scope, 1);
            case SetBlock set:
                Value content = Capture(set.Body, new Scope(scope));
                Assign(set.Target, set.Filter is null ? content : Evaluate(set.Filter, scope, content), scope);
                return Flow.Next;
            case FilterBlock filter:
                Write(PythonText.Of(_c, Evaluate(filter.Filter, scope, Capture(filter.Body, new Scope(scope)))));
                return Flow.Next;
            case CallBlock call:
                Value result = Call(call.Call, scope, new MacroValue(call.Caller, scope));
                Write(PythonText.Of(_c, result));
                return Flow.Next;
            case Scoped scoped:
                var inner = new Scope(scope);
                foreach ((Expression target, Expression value) in scoped.Assignments) Assign(target, Evaluate(value, scope), inner);
                return Run(scoped.Body, inner);
            default: throw new InvalidOperationException(node.GetType().Name);
        }
    }

    private Flow Loop(For definition, Value items, Scope scope, int depth)
    {
        List<Value> all = Operators.Items(_c, items);
        if (definition.Condition is not null)
        {
            var kept = new List<Value>();
            foreach (Value item in all)
            {
                var test = new Scope(scope);
                Assign(definition.Target, item, test);
                if (Evaluate(definition.Condition, test).IsTrue) kept.Add(item);
            }
            _c.TakeElements(kept.Count);
            all = kept;
        }
        bool finishedOne = false;
        var loop = new LoopValue(definition, scope, all, depth);
        for (int i = 0; i < all.Count; i++)
        {
            _c.Step();
            loop.Index = i;
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            Assign(definition.Target, all[i], inner);
            Flow flow = Run(definition.Body, inner);
            if (flow == Flow.Break) break;
            finishedOne |= flow == Flow.Next;
        }
        // Jinja runs 'else' when no turn came to its end, also when break or continue ended them.
        return finishedOne ? Flow.Next : Run(definition.Otherwise, new Scope(scope));
    }

    /// <summary>What a body prints, as a text.</summary>
    private StringValue Capture(IReadOnlyList<Node> body, Scope scope)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        try
        {
            Run(body, scope);
            return _c.Text(_output.ToString());
        }
        finally
        {
            _output = outer;
        }
    }

    private void Write(string text)
    {
        _c.TakeText(text.Length);
        if ((long)_output.Length + text.Length > _c.Options.MaxOutput) throw _c.Fail($"the result is longer than {_c.Options.MaxOutput:N0} characters");
        _output.Append(text);
    }

    private void Assign(Expression target, Value value, Scope scope)
    {
        switch (target)
        {
            case Name name:
                scope.Set(name.Text, value);
                return;
            case NamespaceMember member:
                _c.Line = member.Line;
                if (scope.Find(member.Namespace) is not NamespaceValue space)
                {
                    throw _c.Fail($"'{member.Namespace}.{member.Member}' can not be set: '{member.Namespace}' is not a namespace. Make one with '{{% set {member.Namespace} = namespace() %}}'");
                }
                space.Members[member.Member] = value;
                return;
            default:
                var targets = (Sequence)target;
                List<Value> values = Operators.Items(_c, value);
                if (values.Count != targets.Items.Count)
                {
                    _c.Line = target.Line;
                    throw _c.Fail($"{targets.Items.Count} names for {values.Count} values");
                }
                for (int i = 0; i < values.Count; i++) Assign(targets.Items[i], values[i], scope);
                return;
        }
    }
}
