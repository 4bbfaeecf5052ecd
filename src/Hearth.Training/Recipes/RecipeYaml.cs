using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hearth.Training.Recipes;

/// <summary>
/// Reads YAML into <see cref="RecipeNode"/>s. Only what a recipe needs: no anchors, aliases, tags or second documents, so that what is
/// written is what is meant, and nothing can grow in reading.
/// </summary>
internal sealed class RecipeYaml
{
    private const int DeepestNesting = 16;

    private readonly Scanner _scanner;
    private readonly Parser _events;
    private readonly RecipeProblems _problems;

    private RecipeYaml(string text, RecipeProblems problems)
    {
        _scanner = new Scanner(new StringReader(text), skipComments: true);
        _events = new Parser(_scanner);
        _problems = problems;
    }

    /// <summary>Reads one document.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="problems">Takes every problem that reading can go on after.</param>
    /// <exception cref="RecipeException">It is not YAML, or nested too deeply.</exception>
    public static RecipeNode Read(string text, RecipeProblems problems)
    {
        var reader = new RecipeYaml(text, problems);
        try
        {
            return reader.Document();
        }
        catch (YamlException e)
        {
            problems.Add(e.Start.Line, e.Start.Column, "", $"found text that is not YAML, expected a recipe ({e.Message.TrimEnd('.')})");
            throw problems.ToException(e);
        }
        catch (Exception e) when (e is not (RecipeException or OutOfMemoryException))
        {
            // For some broken text the library fails in ways of its own, as an InvalidOperationException for "[a\nb: }".
            Mark at = reader._scanner.CurrentPosition;
            problems.Add(at.Line, at.Column, "", "found text that is not YAML, expected a recipe");
            throw problems.ToException(e);
        }
    }

    private RecipeNode Document()
    {
        _events.Consume<StreamStart>();
        if (_events.Accept<StreamEnd>(out _)) return new RecipeNode(_problems, RecipeNodeKind.Scalar, 1, 1, null, "") { IsPlain = true };
        _events.Consume<DocumentStart>();
        RecipeNode root = Node(null, "", 0);
        _events.Consume<DocumentEnd>();
        if (_events.Current is DocumentStart second) Report(second, "found a second document, expected one in a file");
        return root;
    }

    private RecipeNode Node(RecipeNode? parent, string name, int depth)
    {
        ParsingEvent at = _events.Current!;
        if (depth > DeepestNesting)
        {
            Report(at, $"found more than {DeepestNesting} levels of nesting, expected fewer");
            throw _problems.ToException(null);
        }
        bool refused = false;
        if (at is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            Refuse("anchor", "&" + anchored.Anchor.Value);
            refused = true;
        }
        if (at is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            Refuse("tag", tagged.Tag.Value);
            refused = true;
        }
        _events.MoveNext();
        switch (at)
        {
            case Scalar scalar:
                RecipeNodeKind kind = refused ? RecipeNodeKind.Refused : RecipeNodeKind.Scalar;
                return new RecipeNode(_problems, kind, at.Start.Line, at.Start.Column, parent, name)
                {
                    Text = scalar.Value,
                    IsPlain = scalar.Style == ScalarStyle.Plain,
                };
            case SequenceStart:
                RecipeNode list = Make(RecipeNodeKind.List);
                while (!_events.TryConsume<SequenceEnd>(out _)) list.Items.Add(Node(list, $"[{list.Items.Count}]", depth + 1));
                return list;
            case MappingStart:
                RecipeNode map = Make(RecipeNodeKind.Map);
                Entries(map, depth);
                return map;
            case AnchorAlias alias:
                Refuse("alias", "*" + alias.Value.Value);
                return Make(RecipeNodeKind.Refused);
            default:
                throw new InvalidOperationException($"the YAML parser gave {at.GetType().Name} where a value begins");
        }

        RecipeNode Make(RecipeNodeKind made) => new(_problems, made, at.Start.Line, at.Start.Column, parent, name);

        void Refuse(string what, string written) =>
            Make(RecipeNodeKind.Scalar).Report($"found the {what} {RecipeProblems.Quote(written)}, expected the value itself");
    }

    private void Entries(RecipeNode map, int depth)
    {
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        while (!_events.TryConsume<MappingEnd>(out _))
        {
            ParsingEvent at = _events.Current!;
            RecipeNode key = Node(map, "", depth + 1);
            RecipeNode value = Node(map, key.Text, depth + 1);
            if (key.Kind != RecipeNodeKind.Scalar)
            {
                if (key.Kind != RecipeNodeKind.Refused) Report(at, $"found {key.Found} as a key, expected a name");
            }
            else if (lines.TryAdd(key.Text, key.Line))
            {
                map.Entries.Add((key.Text, (key.Line, key.Column), value));
            }
            else
            {
                map.Report(key.Text, (key.Line, key.Column), $"found a second time, expected once (line {lines[key.Text]} has it)");
            }
        }
    }

    private void Report(ParsingEvent at, string text) => _problems.Add(at.Start.Line, at.Start.Column, "", text);
}
