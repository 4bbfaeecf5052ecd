using System.Text;
using System.Text.Json;
using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

/// <summary>What scripts may rely on.</summary>
public sealed class ExactFormTests(TinyRun tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Up_prints_one_object_with_scores_digests_time_and_run()
    {
        Names(tiny.Up).ShouldBe(["heldOutExactMatch", "inventedRefused", "weightsDigest", "ledgerHead", "trainSeconds", "run"]);
        tiny.Up.Json.GetProperty("heldOutExactMatch").GetDouble().ShouldBeInRange(0, 1);
        tiny.Up.Json.GetProperty("inventedRefused").GetDouble().ShouldBeInRange(0, 1);
        tiny.Up.Json.GetProperty("trainSeconds").GetDouble().ShouldBeGreaterThan(0);
        tiny.Up.Text("run").ShouldBe(tiny.Run);
        tiny.Up.Error.ShouldBeEmpty();
        foreach (string file in (string[])["report.html", "loss.svg", "evaluation.json"]) File.Exists(Path.Combine(tiny.Run, file)).ShouldBeTrue(file);
    }

    [Fact]
    public void Up_again_reuses_the_run_and_says_so()
    {
        Outcome again = tiny.Hearth("up", "tiny", "--json").ShouldExitWith(0);
        again.Output.ShouldBe(tiny.Up.Output);
        Outcome told = tiny.Hearth("up", "tiny").ShouldExitWith(0);
        told.Error.ShouldBe($"Using the model trained before in {tiny.Run}.\n");
        told.Output.ShouldContain(tiny.Weights);
        told.Output.ShouldContain("hearth reproduce tiny");
        told.Took.TotalSeconds.ShouldBeLessThan(tiny.Up.Took.TotalSeconds);
    }

    [Fact]
    public void Up_leaves_the_papers_with_the_model_and_show_tells_of_them()
    {
        string model = Path.Combine(tiny.Run, "model");
        string[] papers = ["README.md", "bom.cdx.json", "training-content-summary.md"];
        foreach (string paper in papers) File.ReadAllText(Path.Combine(model, paper)).ShouldContain(tiny.Weights);
        File.ReadAllText(Path.Combine(model, "README.md")).ShouldContain($"`{tiny.Head}`");
        File.ReadAllText(Path.Combine(model, "provenance", "evaluation.json")).ShouldBe(File.ReadAllText(Path.Combine(tiny.Run, "evaluation.json")));
        JsonElement shown = tiny.Hearth("model", "show", "tiny", "--json").ShouldExitWith(0).Json;
        shown.GetProperty("licence").GetString().ShouldBe("Apache-2.0");
        shown.GetProperty("papers").EnumerateArray().Select(p => p.GetString()).ShouldBe(papers);
        shown.GetProperty("signature").ValueKind.ShouldBe(JsonValueKind.Null);
        shown.GetProperty("opennessClass").GetString().ShouldBe("none");
        shown.GetProperty("opennessMissing").EnumerateArray().Select(m => m.GetString()).ShouldBe(["Technical report"]);
        string told = tiny.Hearth("model", "show", "tiny").ShouldExitWith(0).Output;
        told.ShouldContain("licence        Apache-2.0\n");
        told.ShouldContain("openness       none of the classes; Class III, Open Model lacks: technical report\n");
    }

    [Fact]
    public void Papers_have_the_time_they_are_given_and_no_other()
    {
        string home = _folder.At("home"), bill = Path.Combine(home, "runs", "tiny", "model", "bom.cdx.json");
        TemporaryFolder.Copy(tiny.Home, home);
        string without = File.ReadAllText(bill);
        without.ShouldNotContain("timestamp");
        HearthProcess.Run(home, ["up", "tiny", "--json"], [], new() { ["SOURCE_DATE_EPOCH"] = "1000000000" }).ShouldExitWith(0);
        File.ReadAllText(bill).ShouldContain("\"timestamp\": \"2001-09-09T01:46:40Z\"");
        HearthProcess.Run(home, "up", "tiny", "--json").ShouldExitWith(0);
        File.ReadAllText(bill).ShouldBe(without);
    }

    [Fact]
    public void Generate_prints_the_text_alone_and_the_same_seed_the_same_text()
    {
        string[] args = ["generate", "tiny", "Chile is", "--max-tokens", "12", "--temperature", "1.5", "--seed"];
        Outcome text = tiny.Hearth([.. args, "7"]).ShouldExitWith(0);
        Outcome again = tiny.Hearth([.. args, "7", "--threads", "1"]).ShouldExitWith(0);
        JsonElement json = tiny.Hearth([.. args, "7", "--json"]).ShouldExitWith(0).Json;
        text.Error.ShouldBeEmpty();
        again.Output.ShouldBe(text.Output);
        text.Output.ShouldBe(json.GetProperty("text").GetString() + "\n");
        int[] tokens = [.. json.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        double[] logs = [.. json.GetProperty("logProbabilities").EnumerateArray().Select(t => t.GetDouble())];
        tokens.Length.ShouldBeInRange(1, 12);
        logs.Length.ShouldBe(tokens.Length);
        logs.ShouldAllBe(l => l <= 0);
        Decode(tokens).ShouldBe(Encoding.UTF8.GetBytes(json.GetProperty("text").GetString()!));
        string[] others = [.. Enumerable.Range(8, 3).Select(seed => tiny.Hearth([.. args, $"{seed}"]).ShouldExitWith(0).Output)];
        others.ShouldContain(other => other != text.Output);
    }

    [Fact]
    public void Generate_reads_its_prompt_from_standard_input_and_stops_after_the_tokens_asked_for()
    {
        Outcome none = tiny.Hearth("generate", "tiny", "Chile is", "--max-tokens", "0", "--json").ShouldExitWith(0);
        none.Json.GetProperty("tokens").GetArrayLength().ShouldBe(0);
        Outcome given = tiny.Hearth("generate", "tiny", "Chile is", "--max-tokens", "5").ShouldExitWith(0);
        Outcome read = tiny.Hearth(["generate", "tiny", "-", "--max-tokens", "5"], "Chile is"u8.ToArray()).ShouldExitWith(0);
        read.Output.ShouldBe(given.Output);
    }

    [Fact]
    public void Logits_are_float32_the_same_with_any_threads_and_whatever_follows()
    {
        int vocabulary = tiny.Hearth("model", "show", "tiny", "--json").ShouldExitWith(0).Json.GetProperty("vocabulary").GetInt32();
        byte[] Logits(string tokens, int threads)
        {
            string file = _folder.At("logits.f32");
            tiny.Hearth("model", "logits", "tiny", "--tokens", tokens, "--out", file, "--threads", $"{threads}").ShouldExitWith(0).Output.ShouldBeEmpty();
            return File.ReadAllBytes(file);
        }

        byte[] one = Logits("1,2,3", 1);
        one.Length.ShouldBe(3 * vocabulary * sizeof(float));
        Logits("1,2,3", 2).ShouldBe(one);
        Logits("1,2,3,4", 2)[..one.Length].ShouldBe(one);
        float[] numbers = [.. Enumerable.Range(0, one.Length / 4).Select(i => BitConverter.ToSingle(one, i * 4))];
        numbers.ShouldAllBe(x => float.IsFinite(x));
        numbers.Distinct().Count().ShouldBeGreaterThan(vocabulary);
    }

    [Theory]
    [InlineData("")]
    [InlineData("What is the capital of Chile?")]
    [InlineData("naïve 😀 é e\u0301\r\n\ttwo  spaces \n")]
    [InlineData("\uFEFF<|user|> is text here")]
    public void Tokens_decode_to_the_bytes_they_came_from(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Outcome outcome = tiny.Hearth(["model", "tokenize", "tiny", "--json"], bytes).ShouldExitWith(0);
        Names(outcome).ShouldBe(["tokens"]);
        int[] tokens = [.. outcome.Json.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        (tokens.Length == 0).ShouldBe(text.Length == 0);
        Decode(tokens).ShouldBe(bytes);
    }

    [Fact]
    public void Text_is_written_as_utf8_whatever_the_locale()
    {
        byte[] text = Encoding.UTF8.GetBytes("é😀");
        string tokens = tiny.Hearth(["model", "tokenize", "tiny"], text).ShouldExitWith(0).Output;
        HearthProcess.Run(tiny.Home, ["model", "tokenize", "tiny", "--decode"], Encoding.ASCII.GetBytes(tokens), new() { ["LC_ALL"] = "en_US.ISO-8859-1" })
            .ShouldExitWith(0).Bytes.ShouldBe(text);
        Outcome prompt = HearthProcess.Run(tiny.Home, ["generate", "tiny", "-", "--json", "--max-tokens", "1"], text, new() { ["LC_ALL"] = "en_US.ISO-8859-1" });
        string[] found = [.. prompt.ShouldExitWith(0).Json.GetProperty("promptTokens").EnumerateArray().Skip(1).Select(t => t.ToString())];
        string.Join(' ', found).ShouldBe(tokens.Trim());
    }

    [Fact]
    public void Chat_answers_what_is_piped_in_until_quit_or_the_end()
    {
        const string Question = "What is the capital of Chile?\n";
        Outcome end = Chat(Question);
        Lines(end).Length.ShouldBe(1);
        Lines(end)[0].ShouldNotBeEmpty();
        Chat(Question + "/quit\n" + Question).Output.ShouldBe(end.Output);
        Chat("").Output.ShouldBeEmpty();
        string[] renewed = Lines(Chat(Question + "/new\n" + Question + "/what\n"));
        renewed.Length.ShouldBe(3);
        renewed[1].ShouldBe(renewed[0]);
        renewed[2].ShouldContain("/what");
        Lines(Chat(Question + "/reset\n" + Question)).ShouldBe(renewed[..2]);
        string[] told = Lines(Chat("/system You know countries.\n" + Question + "/reset\n" + Question));
        told.Length.ShouldBe(2);
        told[1].ShouldBe(told[0]);                                               // what the system says is not forgotten

        Outcome Chat(string input) => tiny.Hearth(["chat", "tiny", "--max-tokens", "24"], Encoding.UTF8.GetBytes(input)).ShouldExitWith(0);
        static string[] Lines(Outcome outcome) => outcome.Output.Split('\n')[..^1];
    }

    [Fact]
    public void Model_show_prints_sizes_digests_and_origin()
    {
        JsonElement json = tiny.Hearth("model", "show", "tiny", "--json").ShouldExitWith(0).Json;
        json.GetProperty("weightsDigest").GetString().ShouldBe(tiny.Weights);
        json.GetProperty("layers").GetInt32().ShouldBe(2);
        json.GetProperty("vocabulary").GetInt32().ShouldBe(512);
        json.GetProperty("parameters").GetInt64().ShouldBeGreaterThan(100_000);
        json.GetProperty("documents").GetInt32().ShouldBeGreaterThan(10);
        string text = tiny.Hearth("model", "show", Path.Combine(tiny.Run, "model")).ShouldExitWith(0).Output;
        text.ShouldContain(tiny.Weights);
        text.ShouldContain("Public domain");
    }

    [Fact]
    public void Corpus_stats_counts_and_corpus_check_finds_nothing_in_a_good_corpus()
    {
        JsonElement corpus = tiny.Hearth("corpus", "stats", "tiny", "--json").ShouldExitWith(0).Json.GetProperty("corpora")[0];
        corpus.GetProperty("corpus").GetString().ShouldBe("countries");
        corpus.GetProperty("documents").GetInt64().ShouldBeGreaterThan(10);
        tiny.Hearth("corpus", "stats", "tiny").ShouldExitWith(0).Output.ShouldContain("questions");
        tiny.Hearth("corpus", "check", "tiny").ShouldExitWith(0).Output.ShouldContain("Every document can be used.");
    }

    [Fact]
    public void Corpus_check_names_a_document_that_is_not_utf8_and_says_no()
    {
        File.WriteAllText(_folder.At("good.txt"), "Once upon a time there was a hearth.");
        File.WriteAllBytes(_folder.At("bad.txt"), [0x62, 0xff, 0xfe, 0x64]);
        string[] paths = ["prose", "--corpus", $"texts={_folder.Path}"];
        Outcome check = tiny.Hearth(["corpus", "check", .. paths]).ShouldExitWith(1);
        check.Output.ShouldContain("bad.txt");
        check.Output.ShouldNotContain("good.txt");
        tiny.Hearth(["corpus", "check", .. paths, "--json"]).ShouldExitWith(1).Json.GetProperty("problems").GetArrayLength().ShouldBe(1);
        tiny.Hearth(["corpus", "stats", .. paths]).ShouldExitWith(0);
    }

    private byte[] Decode(int[] tokens) =>
        tiny.Hearth(["model", "tokenize", "tiny", "--decode"], Encoding.ASCII.GetBytes(string.Join(' ', tokens))).ShouldExitWith(0).Bytes;

    private static string[] Names(Outcome outcome) => [.. outcome.Json.EnumerateObject().Select(p => p.Name)];
}
