using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Forgetting;

/// <summary>A forget line that is not true does not pass, even when the chain was mended after it.</summary>
public sealed class LineageTests : IDisposable
{
    private readonly Forgotten _forgotten = new(Forgotten.ManyRows, recipe =>
        recipe with { Tokenizer = recipe.Tokenizer with { VocabularySize = 261 } });
    private readonly RemovalPlan _plan;
    private readonly RunFolder _run;

    public LineageTests()
    {
        ParentRun parent = _forgotten.Parent;
        (_plan, _run) = _forgotten.Forget(parent, parent.Materials.Where(m => m.Name.Contains('#', StringComparison.Ordinal))
            .MaxBy(m => m.FirstStep)!);
        _plan.ReplayFrom.ShouldBe(4);
    }

    public void Dispose() => _forgotten.Dispose();

    [Fact]
    public void An_honest_one_holds()
    {
        Problem().ShouldBeNull();
        Reproduction again = _forgotten.Reproduce(_run);
        (again.Equal, again.LedgerHead).ShouldBe((true, LedgerFile.Read(_run.Ledger).Head), again.Difference);
    }

    public static TheoryData<string> Fields => ["parent", "removed", "more", "unsorted", "first use", "never", "replayed from",
        "beginning", "state", "measured", "twice", "late"];

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_forged_one_is_found(string field)
    {
        Forge(lines =>
        {
            var line = (ForgetLine)lines[1];
            string other = new('a', 64);
            if (field == "twice") lines.Insert(2, line);
            else if (field == "late") (lines[1], lines[2]) = (lines[2], lines[1]);
            else
            {
                lines[1] = field switch
                {
                    "parent" => line with { Parent = other },
                    "removed" => line with { Removed = [other] },
                    "more" => line with { Removed = [.. line.Removed, .. line.Removed] },
                    "unsorted" => line with { Removed = [] },
                    "first use" => line with { FirstUse = _plan.FirstDifference - 1 },
                    "never" => line with { FirstUse = 2 },
                    "replayed from" => line with { ReplayedFrom = 2 },
                    "beginning" => line with { ReplayedFrom = 0, State = "" },
                    "state" => line with { State = other },
                    _ => line with { Measured = !line.Measured },
                };
            }
        });
        if (field is "beginning")
        {
            // Training from the beginning gives the same lines: all that can be told is what the parent's ledger tells.
            Problem().ShouldBeNull();
            return;
        }
        Problem().ShouldNotBeNull();
        Reproduction again = _forgotten.Reproduce(_run);
        (again.Equal, again.FirstDifferentStep).ShouldBe((false, 0));
    }

    [Fact]
    public void Lines_that_the_parent_does_not_have_are_found()
    {
        Forge(lines => lines[3] = lines[3] is StepLine s ? s with { Loss = s.Loss + 1 } : lines[3]);
        Problem().ShouldNotBeNull().ShouldContain("other lines than its parent");
    }

    [Fact]
    public void A_parent_whose_ledger_is_missing_or_was_altered_is_found()
    {
        string path = _run.Ancestor(_plan.Parent.Head);
        string text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("\"tokens\":", "\"tokens\":1", StringComparison.Ordinal));
        Problem().ShouldNotBeNull().ShouldContain("altered");
        File.WriteAllText(path, text[..(text.TrimEnd('\n').LastIndexOf('\n') + 1)]);
        Problem().ShouldNotBeNull().ShouldContain("altered");
        File.Delete(path);
        Problem().ShouldNotBeNull().ShouldContain("missing");
    }

    [Fact]
    public void A_run_whose_forget_line_was_taken_out_is_found_by_its_measurements_or_passes_as_what_it_is()
    {
        // Without the line it is a run of a recipe that leaves documents out, which it is; its head is another one, so no receipt fits it.
        string head = LedgerFile.Read(_run.Ledger).Head;
        Forge(lines => lines.RemoveAt(1));
        Problem().ShouldBeNull();
        LedgerFile.Read(_run.Ledger).Head.ShouldNotBe(head);
    }

    private string? Problem() => Lineage.Problem(_run, LedgerFile.Read(_run.Ledger).Lines);

    private void Forge(Action<List<LedgerLine>> change)
    {
        List<LedgerLine> lines = [.. LedgerFile.Read(_run.Ledger).Lines];
        change(lines);
        using LedgerFile forged = LedgerFile.Create(_run.Ledger);
        foreach (LedgerLine line in lines) forged.Add(line);
    }
}
