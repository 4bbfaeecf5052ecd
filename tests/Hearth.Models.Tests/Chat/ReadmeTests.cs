using System.Runtime.CompilerServices;
using Hearth.Models.Architectures;
using Hearth.Models.Bundles;
using Hearth.Models.Chat;
using Hearth.Models.Tests.Architectures;
using Microsoft.Extensions.AI;
using Shouldly;
using Xunit;

namespace Hearth.Models.Tests.Chat;

/// <summary>The program in README.md, from a file to a streamed answer, is this one, and it works.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_program_in_the_readme_streams_an_answer()
    {
        string folder = Directory.CreateTempSubdirectory("hearth-readme").FullName;
        TextWriter console = Console.Out;
        using var captured = new StringWriter();
        try
        {
            var config = ((LlamaConfig)TinyModels.All["llama, grouped heads, qk norm, tied"]) with { VocabularySize = TestTokenizer.Chat.VocabularySize, MaxPositionEmbeddings = 96 };
            ModelBundle.Save(folder, TinyModels.Create(config), TestTokenizer.Chat);
            Console.SetOut(captured);
            await Program([folder]);
            Console.SetOut(console);
            using LocalModel model = LocalModel.Load(folder);
            string expected = (await model.AsChatClient().GetResponseAsync("What is a hearth?", cancellationToken: TestContext.Current.CancellationToken)).Text;
            expected.ShouldNotBeEmpty();
            captured.ToString().ShouldContain(expected);
        }
        finally
        {
            Console.SetOut(console);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_readme_has_the_lines_of_that_program()
    {
        string[] source = File.ReadAllLines(Here()), readme = File.ReadAllLines(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "..", "README.md"));
        string[] program = [.. readme.SkipWhile(l => l != "```csharp").Skip(1).TakeWhile(l => l != "```").Where(l => l.Length > 0)];
        program.Length.ShouldBeInRange(5, 10);
        foreach (string line in program) source.Select(l => l.Trim()).ShouldContain(line.Trim());
    }

    private static async Task Program(string[] args)
    {
#pragma warning disable CA2007, CA1849
        using LocalModel model = LocalModel.Load(args[0]);
        IChatClient client = model.AsChatClient();
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("What is a hearth?"))
        {
            Console.Write(update.Text);
        }
#pragma warning restore CA2007, CA1849
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
