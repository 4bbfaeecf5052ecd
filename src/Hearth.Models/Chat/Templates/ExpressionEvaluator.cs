using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>The values of expressions, and calls.</summary>
internal sealed partial class Evaluator
{
    private const int StepsPerCall = 24;                                         // a scope and a text of its own

    /// <param name="expression">The expression.</param>
    /// <param name="scope">The names it sees.</param>
    /// <param name="content">What a filter without a target works on: the content of its block.</param>
    private Value Evaluate(Expression expression, Scope scope, Value? content = null)
    {
        _c.Step();
        switch (expression)
        {
            case Constant constant: return constant.Value;
            case Name name: return scope.Find(name.Text) ?? Undefined(name, scope);
        }
        _c.RequireStack();
        switch (expression)
        {
            case Member member:
                Value target = Evaluate(member.Target, scope);
                _c.Line = member.Line;
                return Members.Attribute(_c, target, member.Name);
            case Index index:
                (Value from, Value at) = (Evaluate(index.Target, scope), Evaluate(index.At, scope));
                _c.Line = index.Line;
                return Members.Item(_c, from, at);
            case Binary { Operator: "and" } and: return Evaluate(and.Left, scope) is { IsTrue: false } no ? no : Evaluate(and.Right, scope);
            case Binary { Operator: "or" } or: return Evaluate(or.Left, scope) is { IsTrue: true } yes ? yes : Evaluate(or.Right, scope);
            case Binary binary:
                (Value left, Value right) = (Evaluate(binary.Left, scope), Evaluate(binary.Right, scope));
                _c.Line = binary.Line;
                return Operators.Calculate(_c, binary.Operator, left, right);
            case Compared compared: return Compare(compared, scope);
            case Unary { Operator: "not" } not: return Value.Of(!Evaluate(not.Operand, scope).IsTrue);
            case Unary unary:
                Value operand = Evaluate(unary.Operand, scope);
                _c.Line = unary.Line;
                return Operators.Sign(_c, unary.Operator, operand);
            case Filtered filtered:
                Value filterTarget = filtered.Target is null ? content! : Evaluate(filtered.Target, scope, content);
                CallValues filterArguments = Arguments(filtered.Arguments, scope);
                _c.Line = filtered.Line;
                return ApplyFilter(filtered.Name, filterTarget, filterArguments);
            case Tested tested:
                Value testTarget = Evaluate(tested.Target, scope);
                CallValues testArguments = Arguments(tested.Arguments, scope);
                _c.Line = tested.Line;
                return Value.Of(ApplyTest(tested.Name, testTarget, testArguments));
            case Call call: return Call(call, scope, null);
            case Conditional conditional:
                return Evaluate(conditional.Test, scope).IsTrue ? Evaluate(conditional.Then, scope)
                    : conditional.Otherwise is null ? new UndefinedValue("the condition is false and there is no 'else'")
                    : Evaluate(conditional.Otherwise, scope);
            case Joined joined: return Join(joined, scope);
            case Sequence sequence:
                _c.TakeElements(sequence.Items.Count);
                var items = new List<Value>(sequence.Items.Count);
                foreach (Expression item in sequence.Items) items.Add(Evaluate(item, scope));
                return new SequenceValue(sequence.IsTuple ? SequenceKind.Tuple : SequenceKind.List, items);
            case Mapping mapping: return Dict(mapping, scope);
            case Slice slice:
                Value sliced = Evaluate(slice.Target, scope), start = Part(slice.Start), stop = Part(slice.Stop), step = Part(slice.Step);
                _c.Line = slice.Line;
                return Operators.Slice(_c, sliced, start, stop, step);
            default: throw new InvalidOperationException(expression.GetType().Name);
        }

        Value Part(Expression? part) => part is null ? Value.None : Evaluate(part, scope);
    }

    private static UndefinedValue Undefined(Name name, Scope scope) => new($"'{name.Text}' is undefined{NearestName.Hint(name.Text, scope.Names().Take(200))}");

    private Value Compare(Compared compared, Scope scope)
    {
        Value left = Evaluate(compared.First, scope);
        foreach ((string op, Expression next) in compared.Rest)
        {
            Value right = Evaluate(next, scope);
            _c.Line = compared.Line;
            if (!Comparisons.Holds(_c, op, left, right)) return Value.False;
            left = right;
        }
        return Value.True;
    }

    private StringValue Join(Joined joined, Scope scope)
    {
        var text = new StringBuilder();
        foreach (Expression part in joined.Parts)
        {
            string shown = PythonText.Of(_c, Evaluate(part, scope));
            _c.TakeText(shown.Length);
            text.Append(shown);
        }
        return new StringValue(text.ToString());
    }

    private DictValue Dict(Mapping mapping, Scope scope)
    {
        _c.TakeElements(2 * mapping.Entries.Count);
        var dict = new DictValue();
        foreach ((Expression key, Expression value) in mapping.Entries)
        {
            Value k = Evaluate(key, scope);
            _c.Line = mapping.Line;
            if (!KeyComparer.CanBeKey(k)) throw _c.Fail($"{Comparisons.Show(k)} can not be a key");
            dict.Set(k, Evaluate(value, scope));
        }
        return dict;
    }

    private CallValues Arguments(CallArguments arguments, Scope scope)
    {
        if (ReferenceEquals(arguments, CallArguments.None)) return CallValues.None;
        var positional = new List<Value>(arguments.Positional.Count);
        foreach (Expression argument in arguments.Positional) positional.Add(Evaluate(argument, scope));
        var keywords = new List<KeyValuePair<string, Value>>(arguments.Keywords.Count);
        foreach ((string name, Expression value) in arguments.Keywords) keywords.Add(new(name, Evaluate(value, scope)));
        if (arguments.Star is not null)
        {
            List<Value> more = Operators.Items(_c, Evaluate(arguments.Star, scope));
            _c.TakeElements(more.Count);
            positional.AddRange(more);
        }
        if (arguments.DoubleStar is not null)
        {
            if (Evaluate(arguments.DoubleStar, scope) is not DictValue more) throw _c.Fail("'**' in a call needs a dict");
            _c.TakeElements(more.Entries.Count);
            var given = keywords.Select(k => k.Key).ToHashSet(StringComparer.Ordinal);
            foreach ((Value key, Value value) in more.Entries)
            {
                string name = key is StringValue s ? s.Text : throw _c.Fail("'**' in a call needs a dict whose keys are texts");
                if (!given.Add(name)) throw _c.Fail($"the argument '{name}' is given twice");
                keywords.Add(new(name, value));
            }
        }
        return new CallValues(positional, keywords);
    }

    private Value Call(Call call, Scope scope, MacroValue? caller)
    {
        Value target = Evaluate(call.Target, scope);
        CallValues arguments = Arguments(call.Arguments, scope);
        if (caller is not null) arguments = arguments with { Keywords = [.. arguments.Keywords, new("caller", caller)] };
        _c.Line = call.Line;
        switch (target)
        {
            case FunctionValue function: return function.Call(_c, arguments);
            case MacroValue macro: return CallMacro(macro, arguments);
            case JoinerValue joiner: return joiner.Next();
            case LoopValue loop:
                if (!loop.Definition.IsRecursive) throw _c.Fail("'loop' can be called only where 'for' ends in 'recursive'");
                if (arguments is not { Positional: [Value items], Keywords: [] }) throw _c.Fail("loop() takes what to go through, nothing else");
                return Recurse(loop, items);
            case UndefinedValue u: throw _c.Fail($"{u.Problem}, so it can not be called");
            default: throw _c.Fail($"{Comparisons.Show(target)} can not be called");
        }
    }

    private StringValue Recurse(LoopValue loop, Value items)
    {
        _c.EnterCall("loop");
        StringBuilder outer = _output;
        _output = new StringBuilder();
        try
        {
            Loop(loop.Definition, items, loop.Scope, loop.Depth + 1);
            return _c.Text(_output.ToString());
        }
        finally
        {
            _output = outer;
            _c.LeaveCall();
        }
    }

    private StringValue CallMacro(MacroValue macro, CallValues arguments)
    {
        _c.Step(StepsPerCall);
        MacroDefinition definition = macro.Definition;
        int line = _c.Line;
        var scope = new Scope(macro.Scope);
        var rest = new DictValue();
        var given = new Dictionary<string, Value>(StringComparer.Ordinal);
        for (int i = 0; i < Math.Min(arguments.Positional.Count, definition.Parameters.Count); i++) given[definition.Parameters[i].Name] = arguments.Positional[i];
        Value? caller = null;
        foreach ((string name, Value value) in arguments.Keywords)
        {
            if (definition.Parameters.Any(p => p.Name == name))
            {
                if (!given.TryAdd(name, value)) throw _c.Fail($"macro '{definition.Name}' is given '{name}' twice");
            }
            else if (name == "caller") caller = value;
            else rest.Set(new StringValue(name), value);
        }
        if (arguments.Positional.Count > definition.Parameters.Count && !definition.Uses.Contains("varargs"))
        {
            throw _c.Fail($"macro '{definition.Name}' takes at most {definition.Parameters.Count} arguments, and {arguments.Positional.Count} are given");
        }
        if (rest.Entries.Count > 0 && !definition.Uses.Contains("kwargs"))
        {
            string unknown = ((StringValue)rest.Entries[0].Key).Text;
            throw _c.Fail($"macro '{definition.Name}' has no argument '{unknown}'{NearestName.Hint(unknown, definition.Parameters.Select(p => p.Name))}");
        }
        if (caller is not null && !definition.Uses.Contains("caller")) throw _c.Fail($"macro '{definition.Name}' does not use 'caller', so '{{% call %}}' can not call it");
        _c.EnterCall(definition.Name);
        if (definition.Uses.Contains("varargs"))
        {
            scope.Set("varargs", _c.List([.. arguments.Positional.Skip(definition.Parameters.Count)], SequenceKind.Tuple));
        }
        if (definition.Uses.Contains("kwargs")) scope.Set("kwargs", rest);
        if (definition.Uses.Contains("caller") && !given.ContainsKey("caller"))
        {
            scope.Set("caller", caller ?? new UndefinedValue($"there is no 'caller': macro '{definition.Name}' is not called by '{{% call %}}'"));
        }
        foreach ((string name, Expression? otherwise) in definition.Parameters)
        {
            scope.Set(name, given.TryGetValue(name, out Value? value) ? value
                : otherwise is null ? new UndefinedValue($"the parameter '{name}' was not given to macro '{definition.Name}'")
                : Evaluate(otherwise, scope));
        }
        StringValue result = Capture(definition.Body, scope);
        _c.LeaveCall();
        _c.Line = line;
        return result;
    }

    private Value ApplyFilter(string name, Value target, CallValues arguments) => TemplateFilters.All.TryGetValue(name, out Builtin? filter)
        ? filter.Call(_c, $"filter '{name}'", target, arguments)
        : throw _c.Fail($"filter '{name}' is not known{NearestName.Hint(name, TemplateFilters.All.Keys)}");

    private bool ApplyTest(string name, Value target, CallValues arguments) => TemplateTests.All.TryGetValue(name, out Builtin? test)
        ? test.Call(_c, $"test '{name}'", target, arguments).IsTrue
        : throw _c.Fail($"test '{name}' is not known{NearestName.Hint(name, TemplateTests.All.Keys)}");
}
