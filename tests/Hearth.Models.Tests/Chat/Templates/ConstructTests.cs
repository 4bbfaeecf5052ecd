using System.Text.Json;
using Hearth.Models.Chat.Templates;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat.Templates;

/// <summary>One construct each. What is expected is Jinja2 3.1.6's own output (Python 3.11), set up as Hugging Face transformers does.</summary>
public sealed class ConstructTests
{
    private const string Variables = """
        {"d": {"a": 1, "b": "two"}, "l": [1, 2, 3], "s": "hello", "e": "a😀é",
         "objs": [{"n": 1, "s": "b"}, {"n": 2, "s": "a"}, {"n": 0, "s": "B"}]}
        """;

    [Theory]
    [InlineData("{{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** -1 }} {{ 1 / 2 }} {{ 2 ** 3 ** 2 }}", "-4 2 0.5 0.5 64")]
    [InlineData("{{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ 0.1 + 0.2 }}", "1e+16 1000000000000000.0 1e-05 0.30000000000000004")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ true == 1 }} {{ not 'x' in s }}", "True False True True")]
    [InlineData("{{ [1, 'a', none, true, (1,)] }}", "[1, 'a', None, True, (1,)]")]
    [InlineData("{{ e|length }} {{ e[1:] }} {{ e[::-1] }}", "3 😀é é😀a")]
    [InlineData("{{ 'a' ~ 1 ~ none ~ x }}", "a1None")]
    [InlineData("{{ d.items() }} {{ d|items|list }}", "dict_items([('a', 1), ('b', 'two')]) [('a', 1), ('b', 'two')]")]
    [InlineData("{{ d|tojson }}{{ 'é<\\n'|tojson }}{{ [1, {}]|tojson(indent=2) }}", "{\"a\": 1, \"b\": \"two\"}\"é<\\n\"[\n  1,\n  {}\n]")]
    [InlineData("{{ objs|selectattr('n', 'gt', 0)|map(attribute='s')|join(',') }}", "b,a")]
    [InlineData("{{ objs|sort(attribute='s,n')|map(attribute='n')|list }}", "[2, 0, 1]")]
    [InlineData("{{ '%5.1f|%-3d|%s' % (3.14159, 7, none) }} {{ '{:>4}|{:,}'.format('a', 1234567) }}", "  3.1|7  |None    a|1,234,567")]
    [InlineData("{{ 2.5|round }} {{ 2.675|round(2) }} {{ 42.55|round(1, 'floor') }}", "2.0 2.67 42.5")]
    [InlineData("{{ strftime_now('%d %b %Y, %-d %e %j') }}", "04 Jul 2025, 4  4 185")]
    [InlineData("{% for i in l if i > 1 %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% endfor %}", "1:2/2 2:3/2 ")]
    [InlineData("{% for i in l %}{{ loop.previtem }}-{{ loop.nextitem }} {% endfor %}", "-2 1-3 2- ")]
    [InlineData("{% set a = 1 %}{% for i in l %}{{ a }}{% set a = a + 1 %}{{ a }} {% endfor %}{{ a }}", "12 12 12 1")]
    [InlineData("{% set ns = namespace(c=0) %}{% for i in l %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }}", "6")]
    [InlineData("{% for i in l %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "13")]
    [InlineData("{% for i in l %}{% break %}{% else %}e{% endfor %}", "e")]
    [InlineData("{% macro m(a, b=2, c=b) %}[{{ a }}|{{ b }}|{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=1) }}", "[1|2|2][1|3|3][|1|1]")]
    [InlineData("{% macro m() %}{{ caller('x') }}{% endmacro %}{% call(a) m() %}hi {{ a }}{% endcall %}", "hi x")]
    [InlineData("{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=4) }}", "(2,){'x': 4}")]
    [InlineData("{% set a | upper %}x{{ 1 }}{% endset %}{{ a }}{% filter upper %}y{% endfilter %}", "X1Y")]
    [InlineData("{% for i in l recursive %}{{ i }}{% if i == 1 %}({{ loop([5]) }}){% endif %}{% endfor %}", "1(5)23")]
    [InlineData("{% set z = 1 %}{% generation %}{% set z = 2 %}{{ z }}{% endgeneration %}{{ z }}", "21")]
    [InlineData("x\n  {% if true %}\n    y\n  {% endif %}\nz\n", "x\n    y\nz")]
    [InlineData("x  {%+ if true %} y{% endif +%}\nz {#- c #}\n w", "x   y\nz w")]
    [InlineData("{{ s -}} \n x {%- raw %} {{ y }} {% endraw -%} z", "hellox {{ y }} z")]
    [InlineData("{{ s if x }}{{ x }}{{ d.missing }}{{ l[9] }}|{{ x is defined }}", "|False")]
    public void Gives_what_Jinja_gives(string template, string expected) => Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("a\n{{ s|uper }}", "test:2: filter 'uper' is not known (Did you mean 'upper'?)")]
    [InlineData("{{ x.y }}", "test:1: 'x' is undefined")]
    [InlineData("\n\n{{ 'a' + 1 }}", "test:3: '+' does not work on a value of type str and a value of type int. To join texts with other values use '~'.")]
    [InlineData("{% if x %}\n", "test:1: '{% if %}' is not ended. Close it with '{% endif %}'.")]
    [InlineData("{{ l.append(4) }}", "test:1: list.append() would change its list")]
    [InlineData("{% include 'a' %}", "test:1: 'include' reads another file")]
    [InlineData("{% set d.a = 1 %}", "test:1: 'd.a' can not be set: 'd' is not a namespace")]
    [InlineData("{{ raise_exception('no system role') }}", "test:1: the template refuses its input: no system role")]
    [InlineData("{{ ''.__class__.__mro__ }}", "test:1: a value of type str has nothing named '__class__'")]
    [InlineData("{{ 'a", "test:1: the text that begins with ' is not ended")]
    public void An_error_names_line_and_construct(string template, string expected) =>
        Should.Throw<ChatTemplateException>(() => Render(template)).Message.ShouldStartWith(expected);

    private static string Render(string template)
    {
        using JsonDocument variables = JsonDocument.Parse(Variables);
        return ChatTemplate.Parse(template, "test").Render(variables.RootElement, "variables", new TemplateOptions { Clock = () => new DateTime(2025, 7, 4, 9, 30, 0) });
    }
}
