using Hearth.EndToEnd.Tests.Running;
using Shouldly;
using Xunit;

namespace Hearth.EndToEnd.Tests;

public sealed class WrongUseTests(TinyRun tiny)
{
    /// <summary>Arguments, and what the one line of the message says.</summary>
    public static TheoryData<string[], string> Uses => new()
    {
        { [], "command" },
        { ["frobnicate"], "frobnicate" },
        { ["model"], "command" },
        { ["train"], "either a RECIPE or --resume" },
        { ["train", "tiny", "--resume", "tiny"], "either a RECIPE or --resume" },
        { ["train", "--bogus"], "--bogus" },
        { ["train", "tiny", "--bogus"], "--bogus" },
        { ["train", "tiny", "--out"], "--out" },
        { ["train", "tiny", "--stop-at", "-1"], "--stop-at" },
        { ["train", "tiny", "--stop-at", "soon"], "whole number" },
        { ["train", "tiny", "--threads", "0"], "--threads" },
        { ["train", "tiny", "--threads", "all"], "whole number" },
        { ["train", "tiny", "--corpus", "countries"], "NAME=PATH" },
        { ["train", "tiny", "--corpus", "towns=/tmp"], "countries" },
        { ["train", "--resume", "nowhere"], "nowhere" },
        { ["up", "tiny", "more"], "more" },
        { ["reproduce"], "RUN" },
        { ["reproduce", "nowhere"], "one of: tiny" },
        { ["generate", "tiny"], "PROMPT" },
        { ["generate", "nobody", "Hello"], "one of: tiny" },
        { ["generate", "tiny", "Hello", "--temperature", "-1"], "--temperature" },
        { ["generate", "tiny", "Hello", "--temperature", "NaN"], "--temperature" },
        { ["generate", "tiny", "Hello", "--temperature", "hot"], "--temperature" },
        { ["generate", "tiny", "Hello", "--max-tokens", "-1"], "--max-tokens" },
        { ["chat", "nobody"], "nobody" },
        { ["model", "logits", "tiny", "--tokens", "1,512", "--out", "never-written"], "'512'" },
        { ["model", "logits", "tiny", "--tokens", "1,x", "--out", "never-written"], "'x'" },
        { ["model", "logits", "tiny", "--tokens", "", "--out", "never-written"], "--tokens" },
        { ["model", "logits", "tiny", "--tokens", "1"], "--out" },
        { ["corpus", "check"], "RECIPE" },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public void Wrong_use_is_told_in_one_line_and_exits_with_2(string[] args, string mention) => tiny.Hearth(args).ShouldComplain(2, mention);

    [Fact]
    public void A_folder_that_holds_a_run_is_not_trained_over()
    {
        string before = Ledger.HashOfFile(Path.Combine(tiny.Run, "ledger.jsonl"));
        tiny.Hearth("train", "tiny", "--out", tiny.Run).ShouldComplain(2, tiny.Run, "--resume");
        Ledger.HashOfFile(Path.Combine(tiny.Run, "ledger.jsonl")).ShouldBe(before);
    }

    [Fact]
    public void Text_that_begins_with_a_dash_goes_after_two_dashes() =>
        tiny.Hearth("generate", "tiny", "--max-tokens", "1", "--", "--bogus").ShouldExitWith(0).Output.ShouldNotBeEmpty();

    [Theory]
    [InlineData("--help", "reproduce")]
    [InlineData("up --help", "hearth up tiny")]
    [InlineData("train --help", "hearth train tiny")]
    [InlineData("reproduce --help", "hearth reproduce factbook")]
    [InlineData("forget --help", "--prove")]
    [InlineData("generate --help", "--temperature")]
    [InlineData("chat --help", "/quit")]
    [InlineData("model --help", "logits")]
    [InlineData("model tokenize --help", "--decode")]
    [InlineData("corpus check --help", "Exit code 1")]
    public void Every_command_has_help(string args, string mention) => tiny.Hearth(args.Split(' ')).ShouldExitWith(0).Output.ShouldContain(mention);
}
