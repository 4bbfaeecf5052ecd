using System.Globalization;
using System.Text;
using Hearth.Data;
using Hearth.Data.Corpora;

namespace Hearth.Training.Recipes;

/// <summary>
/// Writes a recipe as YAML with every key that has a meaning in it, in a fixed order. Free text is always quoted, so that it never reads as
/// anything else.
/// </summary>
internal sealed class RecipeWriter
{
    private readonly StringBuilder _yaml = new();
    private string _margin = "";
    private bool _afterDash;

    public static string Write(Recipe recipe)
    {
        var writer = new RecipeWriter();
        writer.Key("name", recipe.Name);
        writer.Text("about", recipe.About);
        writer.Key("seed", recipe.Seed);
        writer.Below("model", () => writer.Model(recipe.Model));
        writer.Below("tokenizer", () => writer.Tokenizer(recipe.Tokenizer));
        writer.List("corpora", recipe.Corpora, writer.Corpus);
        writer.Below("heldOut", () =>
        {
            writer.Key("phrasingsPerFact", recipe.HeldOut.PhrasingsPerFact);
            writer.Key("documentsEvery", recipe.HeldOut.DocumentsEvery);
        });
        writer.Below("packing", () =>
        {
            writer.Key("documents", Name(RecipeNames.Documents, recipe.Packing.Split));
            writer.Key("crossDocumentAttention", recipe.Packing.CrossDocumentAttention);
            writer.Key("conversationTurns", recipe.Packing.ConversationTurns);
        });
        writer.Below("training", () => writer.Training(recipe.Training));
        writer.Texts("removed", recipe.Removed);
        if (recipe.Card != CardSpec.None) writer.Below("card", () => writer.Card(recipe.Card));
        return writer._yaml.ToString();
    }

    private static string Name<T>((string Name, T Value)[] names, T value) =>
        names.First(n => EqualityComparer<T>.Default.Equals(n.Value, value)).Name;

    private void Model(ModelSpec model)
    {
        Key("architecture", Name(RecipeNames.Architectures, model.Architecture));
        Key("layers", model.Layers);
        Key("hiddenSize", model.HiddenSize);
        Key("heads", model.Heads);
        Key("keyValueHeads", model.KeyValueHeads);
        Key("headSize", model.HeadSize);
        Key("intermediateSize", model.IntermediateSize);
        Key("context", model.Context);
        Key("qkNorm", model.QkNorm);
        Key("tiedEmbeddings", model.TiedEmbeddings);
        Key("ropeTheta", model.RopeTheta);
        Key("normEpsilon", model.NormEpsilon);
        Key("activation", Name(RecipeNames.Activations, model.Activation));
    }

    private void Tokenizer(TokenizerSpec tokenizer)
    {
        if (tokenizer.File is not null)
        {
            Text("file", tokenizer.File);
            return;
        }
        Key("vocabularySize", tokenizer.VocabularySize);
        Key("pattern", Name(RecipeNames.Patterns, tokenizer.Pattern));
    }

    private void Corpus(CorpusSpec corpus)
    {
        Text("name", corpus.Name);
        Text("path", corpus.Path);
        Key("format", Name(RecipeNames.Formats, corpus.Format));
        Texts("include", corpus.Include);
        Text("source", corpus.Source);
        Text("licence", corpus.Licence);
        Text("textField", corpus.TextField);
        Key("maxDocumentBytes", corpus.MaxDocumentBytes);
        Key("tier", Name(RecipeNames.Tiers, corpus.Tier));
        if (corpus.Where is { } where)
        {
            Below("where", () =>
            {
                Text("field", where.Field);
                Texts("equals", where.AnyOf);
            });
        }
        if (corpus.Records is { } records) Below("records", () => Records(records));
        if (corpus.Origin != CorpusOrigin.None) Below("origin", () => Origin(corpus.Origin));
    }

    private void Origin(CorpusOrigin origin)
    {
        if (origin.Kind != OriginKind.NotStated) Key("kind", Name(RecipeNames.Origins, origin.Kind));
        Stated("url", origin.Url);
        if (origin.Languages.Count > 0) Texts("languages", origin.Languages);
        Stated("collectedFrom", origin.CollectedFrom);
        Stated("collectedTo", origin.CollectedTo);
        if (origin.Domains.Count > 0) Texts("domains", origin.Domains);
        Stated("about", origin.About);
    }

    private void Card(CardSpec card)
    {
        Stated("provider", card.Provider);
        Stated("contact", card.Contact);
        Stated("licence", card.Licence);
        Stated("released", card.Released);
        Stated("intendedUse", card.IntendedUse);
        Stated("limitations", card.Limitations);
        Stated("rightsReservation", card.RightsReservation);
        Stated("illegalContent", card.IllegalContent);
    }

    private void Records(RecordMapping records)
    {
        Text("name", records.NameField);
        if (records.Document is not null) Text("document", records.Document);
        List("questions", records.Questions, question =>
        {
            Text("field", question.Field);
            Texts("ask", question.Ask);
            Text("answer", question.Answer);
        });
        if (records.Unknown is not { } unknown) return;
        Below("unknown", () =>
        {
            Text("path", unknown.Path);
            Text("answer", unknown.Answer);
            Key("phrasingsPerName", unknown.PhrasingsPerName);
            Key("heldOutEvery", unknown.HeldOutEvery);
        });
    }

    private void Training(TrainingSpec training)
    {
        Key("steps", training.Steps);
        if (training.RevocableFrom > 0) Key("revocableFrom", training.RevocableFrom);
        Key("microBatches", training.MicroBatches);
        Key("microBatchTokens", training.MicroBatchTokens);
        Key("lossOn", Name(RecipeNames.LossOn, training.LossOnAnswersOnly));
        Below("optimizer", () => Optimizer(training.Optimizer));
        Below("schedule", () =>
        {
            Key("kind", Name(RecipeNames.Schedules, training.Schedule.Kind));
            Key("warmupSteps", training.Schedule.WarmupSteps);
            Key("decaySteps", training.Schedule.DecaySteps);
            Key("minimumRatio", training.Schedule.MinimumRatio);
        });
        Key("clipNorm", training.ClipNorm);
        Key("checkpointEvery", training.CheckpointEvery);
        Key("evaluateEvery", training.EvaluateEvery);
    }

    private void Optimizer(OptimizerSpec optimizer)
    {
        Key("kind", Name(RecipeNames.Optimizers, optimizer.Kind));
        Key("learningRate", optimizer.LearningRate);
        if (optimizer.Kind == OptimizerKind.Muon)
        {
            Key("matrixLearningRate", optimizer.MatrixLearningRate);
            Key("momentum", optimizer.Momentum);
        }
        Key("beta1", optimizer.Beta1);
        Key("beta2", optimizer.Beta2);
        Key("epsilon", optimizer.Epsilon);
        Key("weightDecay", optimizer.WeightDecay);
        Key("decayEmbeddings", optimizer.DecayEmbeddings);
        Key("decayNorms", optimizer.DecayNorms);
    }

    private void Key(string key, string plain) => Begin(key).Append(' ').Append(plain).Append('\n');

    private void Key(string key, long value) => Key(key, value.ToString(CultureInfo.InvariantCulture));

    private void Key(string key, bool value) => Key(key, value ? "true" : "false");

    // The shortest digits that read back as the same number; older YAML wants a point before an exponent.
    private void Key(string key, double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int exponent = text.IndexOf('E', StringComparison.Ordinal);
        if (exponent >= 0)
        {
            string point = text.Contains('.', StringComparison.Ordinal) ? "" : ".0";
            int power = int.Parse(text.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = $"{text[..exponent]}{point}e{power}";
        }
        Key(key, text);
    }

    private void Stated(string key, string text)
    {
        if (text.Length > 0) Text(key, text);
    }

    private void Text(string key, string text)
    {
        Begin(key).Append(' ');
        if (IsBlock(text)) Block(text);
        else Quoted(text);
    }

    private void Texts(string key, ValueList<string> texts)
    {
        Begin(key).Append(texts.Count == 0 ? " []\n" : "\n");
        foreach (string text in texts)
        {
            _yaml.Append(_margin).Append("  - ");
            Quoted(text);
        }
    }

    private void List<T>(string key, ValueList<T> items, Action<T> write)
    {
        Begin(key).Append(items.Count == 0 ? " []\n" : "\n");
        string margin = _margin;
        foreach (T item in items)
        {
            _yaml.Append(margin).Append("  - ");
            _margin = margin + "    ";
            _afterDash = true;
            write(item);
        }
        _margin = margin;
    }

    private void Below(string key, Action write)
    {
        Begin(key).Append('\n');
        string margin = _margin;
        _margin += "  ";
        write();
        _margin = margin;
    }

    private StringBuilder Begin(string key)
    {
        if (!_afterDash) _yaml.Append(_margin);
        _afterDash = false;
        return _yaml.Append(key).Append(':');
    }

    // Lines as they stand, where YAML takes them so: more than one, none empty or indented, a line break at the end.
    private static bool IsBlock(string text)
    {
        string[] lines = text.Split('\n');
        return lines.Length > 2 && lines[^1].Length == 0
            && lines.SkipLast(1).All(line => line.Length > 0 && line[0] is > ' ' and <= '~' && line.All(c => c is >= ' ' and <= '~'));
    }

    private void Block(string text)
    {
        _yaml.Append("|\n");
        foreach (string line in text.TrimEnd('\n').Split('\n')) _yaml.Append(_margin).Append("  ").Append(line).Append('\n');
    }

    private void Quoted(string text) => _yaml.Append(Quote(text)).Append('\n');

    /// <summary>A text in the double quotes of YAML, on one line.</summary>
    public static string Quote(string text)
    {
        var yaml = new StringBuilder("\"");
        foreach (char c in text)
        {
            bool unprintable = char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff';
            if (c is '"' or '\\') yaml.Append('\\').Append(c);
            else if (c == '\n') yaml.Append("\\n");
            else if (unprintable) yaml.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else yaml.Append(c);
        }
        return yaml.Append('"').ToString();
    }
}
