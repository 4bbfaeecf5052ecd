using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Microsoft.Extensions.AI;

namespace Hearth.Models.Chat;

/// <summary>A model in this process, with the threads it runs on: the shortest way from a file to an answer.</summary>
public sealed class LocalModel : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly SequentialGenerator _generator;

    private LocalModel(string path, int threads)
    {
        Bundle = ModelBundle.Load(path);
        Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path));
        _pool = new WorkerPool(threads);
        _generator = new SequentialGenerator(new Generator(Bundle.Model, _pool));
        Engine = new ChatEngine(Bundle, _generator);
    }

    /// <summary>The model with its tokenizer and template.</summary>
    public ModelBundle Bundle { get; }

    /// <summary>The file's or folder's name.</summary>
    public string Name { get; }

    /// <summary>Answers conversations, with all that Microsoft.Extensions.AI has no words for.</summary>
    public ChatEngine Engine { get; }

    /// <summary>Continues and scores tokens.</summary>
    public ITokenGenerator Tokens => _generator;

    /// <summary>Loads a model.</summary>
    /// <param name="path">A .gguf file, or a folder as Hugging Face or Hearth lays it out.</param>
    /// <param name="threads">Threads to run on; as many as there are processors when 0. Answers do not depend on it.</param>
    /// <exception cref="ModelFileException">A file is missing, damaged, or does not fit the others.</exception>
    public static LocalModel Load(string path, int threads = 0) => new(path, threads > 0 ? threads : Environment.ProcessorCount);

    /// <summary>The model for conversations.</summary>
    public IChatClient AsChatClient() => new HearthChatClient(Engine, Name);

    /// <summary>The model for embeddings of texts.</summary>
    public IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator() =>
        new HearthEmbeddingGenerator(Bundle.Tokenizer, _generator, Name, Bundle.Model.Config.HiddenSize);

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _generator.Dispose();
        _pool.Dispose();
    }
}
