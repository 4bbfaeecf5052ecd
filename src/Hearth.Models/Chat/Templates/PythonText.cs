using System.Globalization;
using System.Text;

namespace Hearth.Models.Chat.Templates;

/// <summary>Values as Python's str and repr show them.</summary>
internal static class PythonText
{
    /// <summary>What printing the value gives.</summary>
    public static string Of(TemplateContext c, Value value)
    {
        switch (value)
        {
            case StringValue s: return s.Text;
            case UndefinedValue: return "";
            default:
                var text = new StringBuilder();
                Append(c, text, value);
                c.TakeText(text.Length);
                return text.ToString();
        }
    }

    /// <summary>The value as it stands inside a list: texts in quotes.</summary>
    public static string Repr(TemplateContext c, Value value)
    {
        var text = new StringBuilder();
        Append(c, text, value);
        return text.ToString();
    }

    /// <summary>A float with the fewest digits that read back to it.</summary>
    public static string Float(double number)
    {
        if (!double.IsFinite(number)) return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        if (number == 0) return double.IsNegative(number) ? "-0.0" : "0.0";
        (string sign, string digits, int exponent) = ExactDecimal.Shortest(number);
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        if (digits.Length <= exponent + 1) return $"{sign}{digits.PadRight(exponent + 1, '0')}.0";
        return $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    private static void Append(TemplateContext c, StringBuilder text, Value value)
    {
        c.Step();
        switch (value)
        {
            case NoneValue: text.Append("None"); break;
            case BoolValue b: text.Append(b.IsTrue ? "True" : "False"); break;
            case IntegerValue i:
                c.Step(i.Number.GetByteCount() / 8);
                text.Append(i.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue f: text.Append(Float(f.Number)); break;
            case StringValue s: AppendQuoted(c, text, s.Text); break;
            case UndefinedValue: text.Append("Undefined"); break;
            case SequenceValue { Shown: { } shown }: text.Append(shown); break;
            case SequenceValue { Kind: SequenceKind.Generator }: text.Append("<generator object>"); break;
            case SequenceValue l: AppendSequence(c, text, l); break;
            case DictValue d: AppendDict(c, text, d.Entries); break;
            case NamespaceValue n:
                text.Append("<Namespace ");
                AppendDict(c, text, [.. n.Members.Select(m => new KeyValuePair<Value, Value>(new StringValue(m.Key), m.Value))]);
                text.Append('>');
                break;
            case MacroValue m: text.Append("<Macro '").Append(m.Definition.Name).Append("'>"); break;
            case LoopValue l: text.Append(CultureInfo.InvariantCulture, $"<LoopContext {l.Index + 1}/{l.Count}>"); break;
            case FunctionValue f: text.Append("<function ").Append(f.Name).Append('>'); break;
            default: text.Append('<').Append(value.TypeName).Append('>'); break;
        }
    }

    private static void AppendSequence(TemplateContext c, StringBuilder text, SequenceValue list)
    {
        c.RequireStack();
        bool tuple = list.Kind == SequenceKind.Tuple;
        if (list.Kind is not (SequenceKind.List or SequenceKind.Tuple)) text.Append(list.TypeName).Append('(');
        text.Append(tuple ? '(' : '[');
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Append(c, text, list.Items[i]);
        }
        if (tuple && list.Items.Count == 1) text.Append(',');
        text.Append(tuple ? ')' : ']');
        if (list.Kind is not (SequenceKind.List or SequenceKind.Tuple)) text.Append(')');
    }

    private static void AppendDict(TemplateContext c, StringBuilder text, List<KeyValuePair<Value, Value>> entries)
    {
        c.RequireStack();
        text.Append('{');
        for (int i = 0; i < entries.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Append(c, text, entries[i].Key);
            text.Append(": ");
            Append(c, text, entries[i].Value);
        }
        text.Append('}');
    }

    private static void AppendQuoted(TemplateContext c, StringBuilder text, string content)
    {
        c.TakeText(content.Length);
        char quote = content.Contains('\'', StringComparison.Ordinal) && !content.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        for (int i = 0; i < content.Length; i++)
        {
            char ch = content[i];
            bool pair = i + 1 < content.Length && char.IsSurrogatePair(ch, content[i + 1]);
            if (ch == quote || ch == '\\') text.Append('\\').Append(ch);
            else if (ch == '\n') text.Append("\\n");
            else if (ch == '\r') text.Append("\\r");
            else if (ch == '\t') text.Append("\\t");
            else if (IsPrintable(content, i)) text.Append(content, i, pair ? 2 : 1);
            else if (pair) text.Append(CultureInfo.InvariantCulture, $"\\U{char.ConvertToUtf32(ch, content[i + 1]):x8}");
            else text.Append(CultureInfo.InvariantCulture, $"{(ch < 0x100 ? "\\x" : "\\u")}{((int)ch).ToString(ch < 0x100 ? "x2" : "x4")}");
            if (pair) i++;
        }
        text.Append(quote);
    }

    private static bool IsPrintable(string text, int at) => text[at] == ' ' || CharUnicodeInfo.GetUnicodeCategory(text, at) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
