using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hearth.Training.Loading;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Loading;

public sealed class DocumentOrderTests
{
    [Fact]
    public void The_order_is_that_of_a_digest_of_seed_epoch_and_ids()
    {
        TokenDocument[] documents = [.. Enumerable.Range(0, 20).Select(i => Documents.Of(i, 1))];
        string[] expected = [.. documents
            .OrderBy(d => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"-7\n3\n{d.Id}\n{d.From}"))), StringComparer.Ordinal)
                .Select(d => d.Id)];
        Ids(new DocumentOrder(documents, -7), 3).ShouldBe(expected);
    }

    [Fact]
    public void The_order_documents_are_given_in_does_not_matter()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<PositiveInt>(),
            (documents, seed, epoch) =>
        {
            TokenDocument[] shuffled = [.. documents.OrderByDescending(d => d.Id, StringComparer.Ordinal)];
            Ids(new DocumentOrder(shuffled, seed), epoch.Get).ShouldBe(Ids(new DocumentOrder(documents, seed), epoch.Get));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Taking_documents_out_moves_no_other_one()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<int>(), (documents, seed, mask) =>
        {
            TokenDocument[] left = [.. documents.Where((_, i) => (mask >> i & 1) == 0)];
            var gone = documents.Except(left).Select(d => d.Id).ToHashSet(StringComparer.Ordinal);
            for (int epoch = 0; epoch < 3; epoch++)
            {
                Ids(new DocumentOrder(left, seed), epoch).ShouldBe(Ids(new DocumentOrder(documents, seed), epoch)
                    .Where(id => !gone.Contains(id)));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Seeds_and_epochs_have_orders_of_their_own_each_with_every_document_once()
    {
        TokenDocument[] documents = [.. Enumerable.Range(0, 30).Select(i => Documents.Of(i, 1))];
        var order = new DocumentOrder(documents, 1);
        string[] zero = Ids(order, 0), one = Ids(order, 1);
        Ids(order, 0).ShouldBe(zero);                                            // going back gives the same again
        one.ShouldNotBe(zero);
        Ids(new DocumentOrder(documents, 2), 0).ShouldNotBe(zero);
        one.Order(StringComparer.Ordinal).ShouldBe(documents.Select(d => d.Id).Order(StringComparer.Ordinal));
        order.Count(0).ShouldBe(30);
    }

    [Fact]
    public void The_same_text_from_two_sources_has_a_place_for_each()
    {
        TokenDocument[] documents = [.. Enumerable.Range(0, 8).Select(i => new TokenDocument("same", $"from{i}", [1, 2], 1, 1))];
        var forward = new DocumentOrder(documents, 5);
        var backward = new DocumentOrder([.. documents.Reverse()], 5);
        for (int i = 0; i < 8; i++) backward.At(0, i).From.ShouldBe(forward.At(0, i).From);
    }

    private static string[] Ids(DocumentOrder order, int epoch) => [.. Enumerable.Range(0, order.Count(epoch)).Select(i => order.At(epoch, i).Id)];
}
