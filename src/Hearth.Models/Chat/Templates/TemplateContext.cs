using System.Runtime.CompilerServices;

namespace Hearth.Models.Chat.Templates;

/// <summary>What one rendering has used and where it is. Every function that a template can reach takes its share here before it works.</summary>
internal sealed class TemplateContext
{
    /// <summary>Bytes charged for an element of a list or dict.</summary>
    private const int BytesPerElement = 48;

    private readonly string _name;
    private readonly long _maxSteps;
    private readonly long _maxBytes;
    private long _steps;
    private long _bytes;
    private int _calls;

    public TemplateContext(string name, TemplateOptions options, DictValue variables)
    {
        (_name, Options) = (name, options);
        (long values, long bytes) = Measure(variables);
        _maxSteps = options.MaxSteps + (options.StepsPerInputValue * values);
        _maxBytes = options.MaxBytes + (options.BytesPerInputByte * bytes);
    }

    public TemplateOptions Options { get; }

    /// <summary>The line of the construct at work.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Evaluates a call of a filter or test by name, for filters such as map.</summary>
    public required Func<string, Value, CallValues, Value> Filter { get; init; }

    /// <summary>As <see cref="Filter"/>, for tests.</summary>
    public required Func<string, Value, CallValues, bool> Test { get; init; }

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > _maxSteps) throw Fail($"the template ran for more than {_maxSteps:N0} steps. A loop or macro does too much");
    }

    /// <summary>Takes room for a text of so many characters.</summary>
    public void TakeText(long characters) => TakeBytes(characters * sizeof(char), characters / 64);

    /// <summary>Takes room for so many elements.</summary>
    public void TakeElements(long count) => TakeBytes(count * BytesPerElement, count);

    /// <summary>A text made for the template.</summary>
    public StringValue Text(string text)
    {
        TakeText(text.Length);
        return new StringValue(text);
    }

    /// <summary>A list made for the template.</summary>
    public SequenceValue List(List<Value> items, SequenceKind kind = SequenceKind.List)
    {
        TakeElements(items.Count);
        return new SequenceValue(kind, items);
    }

    /// <summary>Enters a macro, or another level of a recursive loop.</summary>
    public void EnterCall(string name)
    {
        if (++_calls > Options.MaxCalls) throw Fail($"'{name}' calls itself more than {Options.MaxCalls} deep");
    }

    public void LeaveCall() => _calls--;

    /// <summary>Refuses to go deeper than the thread's stack allows.</summary>
    public void RequireStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Fail("constructs or values are nested too deep");
    }

    public ChatTemplateException Fail(string problem) => new(_name, Line, problem.EndsWith('.') || problem.EndsWith(')') ? problem : problem + ".");

    public ChatTemplateException Raised(string message) => new(_name, Line, $"the template refuses its input: {message}") { RaisedByTemplate = true };

    private void TakeBytes(long bytes, long steps)
    {
        _bytes += bytes;
        if (_bytes > _maxBytes) throw Fail($"the template makes more than {_maxBytes:N0} bytes of texts and lists");
        Step(steps);
    }

    private static (long Values, long Bytes) Measure(Value value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        (long values, long bytes) = (1, value is StringValue s ? s.Text.Length * sizeof(char) : BytesPerElement);
        IEnumerable<Value> inside = value switch
        {
            SequenceValue l => l.Items,
            DictValue d => d.Entries.SelectMany(e => (Value[])[e.Key, e.Value]),
            _ => [],
        };
        foreach (Value item in inside)
        {
            (long v, long b) = Measure(item);
            (values, bytes) = (values + v, bytes + b);
        }
        return (values, bytes);
    }
}
