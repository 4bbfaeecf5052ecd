using System.Text;

namespace Hearth.Models.Generation.Constraints;

/// <summary>What a grammar can be read from.</summary>
public enum GrammarSource
{
    /// <summary>Parts that were put together.</summary>
    Parts,

    /// <summary>A JSON schema.</summary>
    JsonSchema,

    /// <summary>GBNF.</summary>
    Gbnf,

    /// <summary>A regular expression.</summary>
    Regex,
}

/// <summary>What a text must be like: a context-free grammar over bytes. Immutable; safe for use by several threads.</summary>
public sealed class Grammar
{
    private static readonly Lazy<Grammar> AnyJson = new(() => FromJsonSchema("true"));
    private static readonly Lazy<Grammar> AnyObject = new(() => FromJsonSchema("""{"type": "object"}"""));

    private Grammar(GrammarRules rules, string name) => (Program, Rules, Name) = (GrammarCompiler.Compile(rules), rules, name);

    internal GrammarProgram Program { get; }

    internal GrammarRules Rules { get; }

    internal string Name { get; }

    /// <summary>What it was read from, for those who pass it on.</summary>
    public GrammarSource Source { get; private init; }

    /// <summary>The text it was read from; empty for parts.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Any JSON value.</summary>
    public static Grammar Json => AnyJson.Value;

    /// <summary>Any JSON object.</summary>
    public static Grammar JsonObject => AnyObject.Value;

    /// <summary>Reads a grammar in GBNF (llama.cpp, grammars/README.md). The rule <c>root</c> is the whole text.</summary>
    /// <param name="text">The grammar.</param>
    /// <exception cref="ConstraintException">It is malformed, calls itself from the left, or is too large; the message names line or rule.</exception>
    public static Grammar FromGbnf(string text) => new(new GbnfReader(text).Read(), "root") { Source = GrammarSource.Gbnf, Text = text };

    /// <summary>
    /// Reads a regular expression that the whole text must match: alternatives, groups, sets, categories, repetition; digits, word characters and
    /// white space as ECMA-262 has them. What looks ahead or back is refused.
    /// </summary>
    /// <param name="pattern">The expression; anchors at its ends say nothing new.</param>
    /// <exception cref="ConstraintException">It is malformed, not supported or too large; the message names the position.</exception>
    public static Grammar FromRegex(string pattern)
    {
        var rules = new GrammarRules();
        rules.Add("the regular expression", RegexReader.Read(pattern, "the regular expression", whole: true));
        return new Grammar(rules, "the regular expression") { Source = GrammarSource.Regex, Text = pattern };
    }

    /// <summary>
    /// Reads a JSON schema (draft 2020-12, and the arrays of earlier drafts). The text is JSON that fits the schema, properties in the schema's order, no
    /// properties but those listed unless the schema asks for more. A keyword that could not be kept is refused. docs/constraints.md has the list.
    /// </summary>
    /// <param name="schema">The schema, as JSON.</param>
    /// <exception cref="ConstraintException">It is malformed, not supported, allows nothing, or is too large; the message names the path.</exception>
    public static Grammar FromJsonSchema(string schema) => new(JsonSchemaReader.Read(schema), "$") { Source = GrammarSource.JsonSchema, Text = schema };

    /// <summary>A grammar put together from parts.</summary>
    /// <param name="name">What it is called in errors.</param>
    /// <param name="body">Adds the rules it needs, and gives the whole text.</param>
    internal static Grammar Compose(string name, Func<GrammarRules, GrammarNode> body)
    {
        var rules = new GrammarRules();
        int whole = rules.Declare(name);
        rules.Define(whole, body(rules));
        return new Grammar(rules, name);
    }

    /// <summary>Whether a text fits.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ConstraintException">The text can be read in too many ways.</exception>
    public bool Matches(string text)
    {
        var parser = new GrammarParser(Program, Name);
        Reading reading = parser.Start;
        foreach (byte b in Encoding.UTF8.GetBytes(text)) reading = parser.Advance(reading, b);
        return reading.Accepts;
    }
}
