using Hearth.Training.Loading;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Loading;

public sealed class StepLoaderTests
{
    private const int RevocableFrom = 4;

    private static readonly TokenDocument[] All = [.. Enumerable.Range(0, 12)
        .Select(i => Documents.Of(i, 3) with { IsRevocable = i % 3 == 0 })];

    [Fact]
    public void Revocable_documents_are_in_no_step_before_theirs_and_all_documents_are_in_the_steps_from_then_on()
    {
        Piece[][] steps = Steps(All, 8);
        steps[..(RevocableFrom - 1)].SelectMany(s => s).ShouldAllBe(p => !p.Document.IsRevocable);
        string[] first = [.. steps[(RevocableFrom - 1)..].SelectMany(s => s).Select(p => p.Document.Id).Take(All.Length)];
        first.Order(StringComparer.Ordinal).ShouldBe(All.Select(d => d.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Taking_a_revocable_document_out_changes_no_step_before_theirs()
    {
        TokenDocument[] left = [.. All.Where(d => d.Id != "id3")];
        Piece[][] with = Steps(All, 8), without = Steps(left, 8);
        for (int step = 1; step < RevocableFrom; step++) without[step - 1].ShouldBe(with[step - 1]);
        without.SelectMany(s => s).ShouldNotContain(p => p.Document.Id == "id3");
    }

    [Fact]
    public void Steps_hang_on_the_position_alone_so_that_a_run_goes_on_from_any_of_them()
    {
        Piece[][] straight = Steps(All, 8);
        for (int stop = 0; stop < 8; stop++)
        {
            var position = default(DataPosition);
            for (int step = 1; step <= stop; step++) Loader(All).Next(step, ref position);
            StepLoader resumed = Loader(All);
            for (int step = stop + 1; step <= 8; step++) resumed.Next(step, ref position).SelectMany(p => p).ShouldBe(straight[step - 1]);
        }
    }

    private static Piece[][] Steps(TokenDocument[] documents, int count)
    {
        StepLoader loader = Loader(documents);
        var position = default(DataPosition);
        return [.. Enumerable.Range(1, count).Select(step => loader.Next(step, ref position).SelectMany(p => p).ToArray())];
    }

    private static StepLoader Loader(TokenDocument[] documents) =>
        new(new Packer(new DocumentOrder(documents, 5), new PackingPlan(6, 6, false, false)), microBatches: 2, RevocableFrom);
}
