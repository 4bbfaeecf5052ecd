using System.Globalization;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>tojson as Hugging Face defines it: Python's json.dumps, other alphabets left as they are, nothing escaped for HTML.</summary>
/// <param name="c">The rendering.</param>
/// <param name="ascii">Escape everything that is not ASCII.</param>
/// <param name="indent">What each level is indented by; null for one line.</param>
/// <param name="itemSeparator">What stands between items.</param>
/// <param name="keySeparator">What stands between key and value.</param>
/// <param name="sortKeys">Keys in order.</param>
internal sealed class JsonText(TemplateContext c, bool ascii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
{
    private readonly StringBuilder _text = new();

    public string Write(Value value)
    {
        Append(value, 0);
        return _text.ToString();
    }

    private void Append(Value value, int depth)
    {
        c.Step();
        switch (value)
        {
            case StringValue s: AppendString(s.Text); break;
            case SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } list:
                AppendAll('[', ']', list.Items, depth, (item, inner) => Append(item, inner));
                break;
            case DictValue dict:
                List<KeyValuePair<Value, Value>> entries = sortKeys ? Comparisons.Sort(c, dict.Entries, e => e.Key, reverse: false) : dict.Entries;
                AppendAll('{', '}', entries, depth, (entry, inner) =>
                {
                    AppendString(entry.Key is StringValue s ? s.Text : Scalar(entry.Key));
                    _text.Append(keySeparator);
                    Append(entry.Value, inner);
                });
                break;
            default: _text.Append(Scalar(value)); break;
        }
    }

    private string Scalar(Value value) => value switch
    {
        NoneValue => "null",
        BoolValue b => b.IsTrue ? "true" : "false",
        IntegerValue => PythonText.Repr(c, value),
        FloatValue f => double.IsFinite(f.Number) ? PythonText.Float(f.Number) : double.IsNaN(f.Number) ? "NaN" : f.Number > 0 ? "Infinity" : "-Infinity",
        _ => throw c.Fail($"tojson can not write {Comparisons.Show(value)}"),
    };

    private void AppendAll<T>(char open, char close, List<T> items, int depth, Action<T, int> append)
    {
        c.RequireStack();
        _text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) _text.Append(itemSeparator);
            NewLine(depth + 1);
            append(items[i], depth + 1);
        }
        if (items.Count > 0) NewLine(depth);
        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (indent is null) return;
        c.TakeText((long)indent.Length * depth);
        _text.Append('\n');
        for (int i = 0; i < depth; i++) _text.Append(indent);
    }

    private void AppendString(string text)
    {
        c.TakeText(text.Length);
        _text.Append('"');
        foreach (char ch in text)
        {
            string? escape = ch switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\f' => "\\f",
                '\b' => "\\b",
                < ' ' => $"\\u{((int)ch).ToString("x4", CultureInfo.InvariantCulture)}",
                > '~' when ascii && ch != '\x7f' => $"\\u{((int)ch).ToString("x4", CultureInfo.InvariantCulture)}",
                _ => null,
            };
            if (escape is null) _text.Append(ch);
            else _text.Append(escape);
        }
        _text.Append('"');
    }
}
