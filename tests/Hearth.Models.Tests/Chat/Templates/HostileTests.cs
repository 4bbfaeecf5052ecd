using System.Diagnostics;
using Hearth.Models.Chat.Templates;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat.Templates;

/// <summary>A template that is broken or means harm ends with Hearth's own error, soon and in little memory.</summary>
public sealed class HostileTests
{
    private const string Nothing = "{}";
    private const long MostAllocated = 512_000_000;                                // all in all; what is held at once is bounded by the template's own limits

    /// <summary>Templates that would run long, nest deep, or make much.</summary>
    public static TheoryData<string> Bombs =>
    [
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('[', 100_000),
        "{{ " + string.Concat(Enumerable.Repeat("-", 100_000)) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("|abs", 100_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat(".x", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", 50_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)),
        string.Concat(Enumerable.Repeat("{% for x in [1] %}", 10_000)) + string.Concat(Enumerable.Repeat("{% endfor %}", 10_000)),
        "{% set " + new string('(', 100_000),
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ range(100000)|list|length * 10 ** 5000 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'ab'.center(2000000000) }}",
        "{{ 'ab'|center(2000000000) }}",
        "{{ 'ab'.zfill(2000000000) }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ '%.2000000000f' % 1.5 }}",
        "{{ '{:2000000000}'.format(1) }}",
        "{{ 'a\tb'.expandtabs(2000000000) }}",
        "{{ 10 ** 10 ** 10 ** 1000 }}",
        "{{ 10 ** 100000 }}",
        "{% set ns = namespace(n=7) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
        "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('a', 'aaaa') %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s|length }}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}",
        "{% set ns = namespace(s=['a'], t=['a']) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace(s=['a'], t=['a']) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s < ns.t }}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=['a']) %}{% for i in range(90000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s|tojson }}",
        "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(100) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for x in range(100000) %}{{ 'abcdefghijklmnopqrstuvwxyz' * 100 }}{% endfor %}",
        "{% for x in range(100000) %}{% set y %}{{ 'abcdefghijklmnopqrstuvwxyz' * 100 }}{% endset %}{% endfor %}",
        "{% for x in range(1000) %}{{ range(100000)|sum }}{% endfor %}",
        "{% for x in range(1000) %}{{ range(100000)|join('xxxxxxxxx') }}{% endfor %}",
        "{% for x in range(1000) %}{{ range(100000)|sort(reverse=true)|first }}{% endfor %}",
        "{{ range(100000)|map('string')|map('center', 1000)|list }}",
        "{{ range(100000)|slice(100000000)|list }}",
        "{{ range(5)|batch(2000000000, 0)|list }}",
        "{% for x in range(100000) %}{{ {'a': range(1000)|list} }}{% endfor %}",
        "{{ ('a' * 500000).split('a')|map('length')|list }}",
        "{{ ('a ' * 500000).rsplit(' ')|length }}{{ ('ab' * 500000).rsplit('a')|length }}{{ ('a ' * 500000).rsplit()|length }}",
        "{{ ('\\n' * 1000000)|indent(1000, true, true) }}",
        "{{ ('a-' * 100000)|wordwrap(1) }}{{ ('a' * 400000)|wordwrap(1) }}",
        "{{ ('a' * 1000000)|replace('', 'bbbbbbbbbbbbbbbbbbbb') }}",
        "{{ ['a' * 1000]|map('replace', '', 'bbbbbbbbbbbb' * 1000)|list }}",
        "{{ [[[1]]] | tojson(indent=1000000000) }}{{ range(9000)|map('string')|list|tojson(indent=100000) }}",
        "{{ strftime_now('%c' * 1000000) }}",
        "{{ '%s' * 100000 % ('a') }}",
        "{{ ('{' * 100001).format(1) }}",
        "{{ ('{0:' * 1000 ~ '}' * 1000).format(1) }}",
        "{{ ''.join([]|list) }}{{ x.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}{{ [].append(1) }}",
        "{% include '/etc/passwd' %}",
        "{% from 'a' import b %}",
        "{% set x = cycler.__init__.__globals__ %}",
    ];

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_hostile_template_is_stopped_with_an_error_in_time_and_memory(string template)
    {
        Outcome outcome = Try(template, Value.Dict());
        outcome.Error.ShouldNotBeNull();
        outcome.Error.Message.ShouldStartWith("test:");
        outcome.Error.Message.Length.ShouldBeLessThan(600);
    }

    [Fact]
    public void Cut_and_changed_templates_give_a_text_or_an_error()
    {
        var random = new Random(7);
        string[] parts =
        [
            "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{% if x %}", "{% else %}", "{% endif %}", "{% for x in messages %}", "{% endfor %}", "{% set x = 1 %}",
            "{% set ns.x = 1 %}", "{% macro m(a, b=2) %}", "{% endmacro %}", "{{ m(1) }}", "{% call m(1) %}", "{% endcall %}", "{% raw %}", "{% endraw %}", "|upper", "|join(',')",
            "is defined", "not", "in", "x", "messages", "loop.index", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "1", "1.5", "1e400", "~", "+", "-", "**", "//", "%", ":", ",", ".",
            "namespace(x=1)", "range(10)", "{% break %}", "{% filter upper %}", "{% endfilter %}", "\n", " ", "\ud800", "é", "😀", "{% with a=1 %}", "{% endwith %}", "recursive", "loop(x)",
        ];
        Value variables = Value.Dict(new KeyValuePair<string, Value>("messages", Value.List(Value.Of("a"), Value.Dict(new KeyValuePair<string, Value>("role", Value.Of("user"))))));
        int rendered = 0;
        for (int i = Fuzz.Rounds(4_000); i > 0; i--)
        {
            string template = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => parts[random.Next(parts.Length)]));
            if (Try(template, variables).Error is null) rendered++;
        }
        rendered.ShouldBeGreaterThan(50);
    }

    /// <summary>Renders under the bounds that every template has to keep. A second is asked for of the best of some tries, as other tests use the cores too.</summary>
    internal static Outcome Try(string template, Value variables)
    {
        const int mostTries = 4;
        string shown = template.Length > 200 ? template[..200] : template;
        for (int tries = 1; ; tries++)
        {
            var clock = Stopwatch.StartNew();
            Outcome outcome = Render(template, variables);
            outcome.Allocated.ShouldBeLessThan(MostAllocated, shown);
            if (clock.Elapsed.TotalSeconds < 1 || Debugger.IsAttached) return outcome;
            tries.ShouldBeLessThan(mostTries, $"took {clock.Elapsed.TotalSeconds:0.0} s at the last try: {shown}");
        }
    }

    private static Outcome Render(string template, Value variables)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        ChatTemplateException? error = null;
        string text = Nothing;
        try
        {
            text = ChatTemplate.Parse(template, "test").Render(variables, new TemplateOptions { Clock = () => new DateTime(2026, 1, 31) });
        }
        catch (ChatTemplateException e)
        {
            error = e;
        }
        return new Outcome(text, error, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>A template with some pieces dropped, doubled or swapped.</summary>
    internal static string Mutate(string text, Random random)
    {
        for (int n = random.Next(1, 4); n > 0 && text.Length > 2; n--)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(1, 12), text.Length - at);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                2 => text.Insert(at, text.Substring(random.Next(text.Length - length + 1), length)),
                _ => text[..(at + 1)],
            };
        }
        return text;
    }

    internal sealed record Outcome(string Text, ChatTemplateException? Error, long Allocated);
}
