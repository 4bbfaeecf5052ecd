using System.Text.Json.Nodes;
using Hearth.Models.Signing;
using Hearth.Training.Forgetting;
using Hearth.Training.Ledger;
using Hearth.Training.Runs;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Forgetting;

public sealed class ReceiptTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(2));

    private readonly Forgotten _forgotten = new(["sky,blue", "grass,green", "sun,gold", "snow,white", "coal,black"]);
    private readonly SigningKey _key = SigningKey.Generate(KeyCurve.P256);
    private readonly RemovalPlan _plan;
    private readonly RunFolder _run;
    private readonly string _path;

    public ReceiptTests()
    {
        ParentRun parent = _forgotten.Parent;
        (_plan, _run) = _forgotten.Forget(parent, Forgotten.Document(parent, "sun"));
        (_path, _) = Receipt.Of(_run, Time, proved: null).Write(_run, _key);
    }

    public void Dispose()
    {
        _key.Dispose();
        _forgotten.Dispose();
    }

    [Fact]
    public void A_receipt_says_what_the_ledgers_say_and_its_subject_is_the_new_weights()
    {
        _path.ShouldStartWith(Path.Combine(_run.Model, "provenance", "receipts", "forget-"));
        Statement statement = SignatureBundle.Read(_path).Verify(_key.Public);
        string after = Forgotten.Course(_run)[^1], before = _plan.Parent.Weights;
        statement.PredicateType.ShouldBe("urn:hearth:removal:v1");
        statement.Subjects.ShouldHaveSingleItem().Name.ShouldBe("model.safetensors");
        after.ShouldContain(statement.Subjects[0].Digests["sha256"]);
        JsonObject p = statement.Predicate;
        p.Select(x => x.Key).ShouldBe(["removed", "firstUse", "replayedFrom", "tokenizerDiffers", "weightsDigestBefore",
            "weightsDigestAfter", "ledgerHeadBefore",
            "ledgerHeadAfter", "numericsVersion", "time"]);
        p["removed"]!.AsArray().Select(x => x!.GetValue<string>()).ShouldBe(_plan.Ids);
        p["firstUse"]!.GetValue<int>().ShouldBe(_plan.FirstUse);
        p["replayedFrom"]!.GetValue<int>().ShouldBe(_plan.ReplayFrom);
        p["weightsDigestBefore"]!.GetValue<string>().ShouldBe(before);
        p["ledgerHeadBefore"]!.GetValue<string>().ShouldBe(_plan.Parent.Head);
        p["ledgerHeadAfter"]!.GetValue<string>().ShouldBe(LedgerFile.Read(_run.Ledger).Head);
        p["time"]!.GetValue<string>().ShouldBe("2026-02-03T02:05:06Z");
        Check().Problems.ShouldBeEmpty();
        Check().Receipts.ShouldHaveSingleItem().Removed.ShouldBe(_plan.Ids);
    }

    [Fact]
    public void Any_altered_byte_of_a_receipt_is_refused()
    {
        byte[] good = File.ReadAllBytes(_path);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= i % 3 == 0 ? (byte)1 : (byte)0x20;
            File.WriteAllBytes(_path, bad);
            Check().Problems.ShouldNotBeEmpty($"byte {i}");
        }
        File.WriteAllBytes(_path, [.. good, (byte)'\n']);
        Check().Problems.ShouldNotBeEmpty();
        File.WriteAllBytes(_path, good[..^1]);
        Check().Problems.ShouldNotBeEmpty();
        File.WriteAllBytes(_path, [0xef, 0xbb, 0xbf, .. good]);
        Check().Problems.ShouldNotBeEmpty();
        File.WriteAllBytes(_path, good);
        Check().Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_receipt_of_another_key_or_for_other_weights_or_ledgers_is_refused_and_a_missing_one_missed()
    {
        using SigningKey other = SigningKey.Generate(KeyCurve.P256);
        ReceiptCheck.Of(_run.Model, other.Public).Problems.ShouldNotBeEmpty();

        Altered(Path.Combine(_run.Model, "model.safetensors"), () => Check().Problems.ShouldNotBeEmpty());
        RunFolder carried = RunFolder.OfModel(_run.Model);
        Altered(carried.Ledger, () => Check().Problems.ShouldNotBeEmpty());
        Altered(carried.Ancestor(_plan.Parent.Head), () => Check().Problems.ShouldNotBeEmpty());
        Check().Problems.ShouldBeEmpty();
        File.Delete(_path);
        Check().Problems.ShouldHaveSingleItem().ShouldContain("has no receipt");
    }

    public static TheoryData<string> Claims => ["removed", "firstUse", "replayedFrom", "tokenizerDiffers", "weightsDigestBefore",
        "ledgerHeadBefore", "ledgerHeadAfter", "numericsVersion", "provedDigest"];

    [Theory]
    [MemberData(nameof(Claims))]
    public void A_signed_receipt_that_says_something_else_than_the_ledgers_is_refused(string claim)
    {
        var honest = Receipt.Read(_path, _key.Public);
        string digest = new('a', 64);
        (claim switch
        {
            "removed" => honest with { Removed = [digest] },
            "firstUse" => honest with { FirstUse = honest.FirstUse + 1 },
            "replayedFrom" => honest with { ReplayedFrom = honest.ReplayedFrom + 1 },
            "tokenizerDiffers" => honest with { TokenizerDiffers = !honest.TokenizerDiffers },
            "weightsDigestBefore" => honest with { WeightsDigestBefore = digest },
            "ledgerHeadBefore" => honest with { LedgerHeadBefore = digest },
            "ledgerHeadAfter" => honest with { LedgerHeadAfter = digest },
            "numericsVersion" => honest with { NumericsVersion = honest.NumericsVersion + 1 },
            _ => honest with { ProvedDigest = digest },
        }).Write(_run, _key);
        Check().Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public void Receipts_of_earlier_removals_are_carried_along_and_lead_up_to_the_newest()
    {
        ParentRun child = ParentRun.Read(_run, RunAbout.Recipe(_run));
        (_, RunFolder again) = _forgotten.Forget(child, Forgotten.Document(child, "coal"));
        Check(again).Problems.ShouldHaveSingleItem().ShouldContain("has no receipt");
        Receipt.Of(again, Time, proved: null).Write(again, _key);
        ReceiptCheck check = Check(again);
        check.Problems.ShouldBeEmpty();
        check.Receipts.Count.ShouldBe(2);
        check.Receipts[0].WeightsDigestBefore.ShouldBe(check.Receipts[1].WeightsDigestAfter);

        string earlier = Path.Combine(RunFolder.OfModel(again.Model).Receipts, Path.GetFileName(_path));
        Altered(earlier, () => Check(again).Problems.ShouldNotBeEmpty());
        File.Copy(earlier, earlier + ".json");
        Check(again).Problems.ShouldHaveSingleItem().ShouldContain("second receipt");
    }

    [Fact]
    public void A_model_that_nothing_was_taken_out_of_has_no_receipt_and_no_problem()
    {
        ReceiptCheck none = ReceiptCheck.Of(_forgotten.Run.Model, _key.Public);
        (none.Receipts.Count, none.Problems.Count).ShouldBe((0, 0));
        string receipts = RunFolder.OfModel(_forgotten.Run.Model).Receipts;
        Directory.CreateDirectory(receipts);
        File.Copy(_path, Path.Combine(receipts, "forget-00000000.json"));
        ReceiptCheck.Of(_forgotten.Run.Model, _key.Public).Problems.ShouldHaveSingleItem()
            .ShouldContain("no removal in this model's history");
    }

    private ReceiptCheck Check(RunFolder? run = null) => ReceiptCheck.Of((run ?? _run).Model, _key.Public);

    private static void Altered(string path, Action check)
    {
        byte[] good = File.ReadAllBytes(path), bad = [.. good];
        bad[good.Length / 2] ^= 1;
        File.WriteAllBytes(path, bad);
        check();
        File.WriteAllBytes(path, good);
    }
}
