using FsCheck;
using FsCheck.Fluent;
using Hearth.Numerics;
using Hearth.Numerics.Operations;
using Hearth.Training.Loading;
using Shouldly;
using Xunit;

namespace Hearth.Training.Tests.Loading;

public sealed class PackerTests
{
    /// <summary>Contexts of 1 to 20 tokens, and micro-batches that hold at least one.</summary>
    private static Gen<PackingPlan> Plans =>
        from context in Gen.Choose(1, 20)
        from more in Gen.Choose(0, 30)
        from split in Gen.Elements(true, false)
        from cross in Gen.Elements(true, false)
        select new PackingPlan(context + more, context, split, cross);

    [Fact]
    public void An_epoch_has_every_row_of_every_document_exactly_once_and_in_order()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), Plans.ToArbitrary(), (documents, plan) =>
        {
            var order = new DocumentOrder(documents, 3);
            var packer = new Packer(order, plan);
            var position = default(DataPosition);
            var rows = new List<(string Id, int Row)>();
            while (position.Epoch == 0)
            {
                Piece[] pieces = packer.Next(ref position, withinEpoch: true);
                pieces.ShouldNotBeEmpty();
                foreach (Piece p in pieces) rows.AddRange(Enumerable.Range(p.Row, p.Count).Select(r => (p.Document.Id, r)));
            }
            position.ShouldBe(new DataPosition(1, 0, 0));
            rows.ShouldBe(Enumerable.Range(0, documents.Length).SelectMany(i => Enumerable.Range(0, order.At(0, i).Rows)
                .Select(r => (order.At(0, i).Id, r))));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Micro_batches_never_exceed_their_rows_nor_pieces_the_context()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), Plans.ToArbitrary(), (documents, plan) =>
        {
            var packer = new Packer(new DocumentOrder(documents, 3), plan);
            var position = default(DataPosition);
            for (int i = 0; i < 30; i++)
            {
                Piece[] pieces = packer.Next(ref position);
                pieces.Sum(p => p.Count).ShouldBeInRange(1, plan.Rows);
                pieces.ShouldAllBe(p => p.Count >= 1 && p.Count <= plan.Context);
                if (plan.Split) pieces.Sum(p => p.Count).ShouldBe(plan.Rows, "split documents fill a micro-batch to its end");
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_whole_document_is_cut_only_into_windows_of_the_context_and_waits_only_where_it_does_not_fit()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), Plans.ToArbitrary(), (documents, plan) =>
        {
            plan = plan with { Split = false };
            var packer = new Packer(new DocumentOrder(documents, 3), plan);
            var position = default(DataPosition);
            int freeBefore = 0;
            for (int i = 0; i < 30; i++)
            {
                Piece[] pieces = packer.Next(ref position);
                foreach (Piece p in pieces)
                {
                    (p.Row % plan.Context).ShouldBe(0);
                    p.Count.ShouldBe(Math.Min(plan.Context, p.Document.Rows - p.Row));
                }
                pieces[0].Count.ShouldBeGreaterThan(freeBefore, "the micro-batch before had no room for it");
                freeBefore = plan.Rows - pieces.Sum(p => p.Count);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_run_resumed_at_any_position_sees_the_same_micro_batches()
    {
        Prop.ForAll(Documents.Any.ToArbitrary(), Plans.ToArbitrary(), (documents, plan) =>
        {
            var packer = new Packer(new DocumentOrder(documents, 9), plan);
            var position = default(DataPosition);
            for (int i = 0; i < 25; i++)
            {
                DataPosition before = position, again = position;
                Piece[] pieces = packer.Next(ref position);
                Piece[] resumed = new Packer(new DocumentOrder([.. documents.Reverse()], 9), plan).Next(ref again);
                resumed.ShouldBe(pieces, $"from {before}");
                again.ShouldBe(position);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_micro_batch_goes_on_with_the_next_epoch_unless_told_to_end_with_its_own()
    {
        TokenDocument[] documents = [Documents.Of(0, 3), Documents.Of(1, 4)];
        var packer = new Packer(new DocumentOrder(documents, 1), new PackingPlan(20, 5, false, false));
        DataPosition on = default, end = default;
        packer.Next(ref on).Sum(p => p.Count).ShouldBeGreaterThan(7);
        packer.Next(ref end, withinEpoch: true).Sum(p => p.Count).ShouldBe(7);
        end.ShouldBe(new DataPosition(1, 0, 0));
    }

    [Fact]
    public void Each_row_predicts_the_next_token_of_its_document_and_segments_keep_documents_apart()
    {
        TokenDocument a = Documents.Of(1, 3), b = Documents.Of(2, 12);
        var packer = new Packer(new DocumentOrder([a, b], 1), new PackingPlan(20, 5, false, false));

        MicroBatch batch = packer.Lay([new Piece(a, 0, 3), new Piece(b, 0, 5), new Piece(b, 5, 5)]);

        batch.Sequences.Tokens.ShouldBe([.. a.Tokens[..3], .. b.Tokens[..10]]);
        batch.Targets.ShouldBe([.. a.Tokens[1..4], .. b.Tokens[1..11]]);
        batch.Sequences.Segments.Select(s => (s.Start, s.Count)).ShouldBe([(0, 3), (3, 5), (8, 5)]);
        batch.Sequences.Positions.ShouldBe([0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        batch.TargetCount.ShouldBe(13);
    }

    [Fact]
    public void With_attention_across_documents_segments_are_windows_of_the_context_over_all_rows()
    {
        TokenDocument a = Documents.Of(1, 3), b = Documents.Of(2, 9);
        var packer = new Packer(new DocumentOrder([a, b], 1), new PackingPlan(20, 5, false, CrossDocumentAttention: true));

        MicroBatch batch = packer.Lay([new Piece(a, 0, 3), new Piece(b, 0, 5), new Piece(b, 5, 4)]);

        batch.Sequences.Segments.Select(s => (s.Start, s.Count)).ShouldBe([(0, 5), (5, 5), (10, 2)]);
        batch.Sequences.Positions.ShouldBe([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
        batch.Targets.ShouldBe([.. a.Tokens[1..4], .. b.Tokens[1..10]]);
    }

    [Fact]
    public void Questions_with_their_answers_are_laid_as_conversations_of_up_to_so_many_turns_within_the_context()
    {
        Prop.ForAll(Gen.Choose(1, 5).ToArbitrary(), Gen.Choose(4, 40).ToArbitrary(), Gen.Choose(1, 9).ListOf().Where(l => l.Count > 0)
            .ToArbitrary(), (turns, context, lengths) =>
        {
            TokenDocument[] documents = [.. lengths.Select((n, i) => Turn(i, n, conversation: i % 4 != 3))];
            Piece[] pieces = [.. documents.Select(d => new Piece(d, 0, d.Rows))];
            var plan = new PackingPlan(1000, context, false, false, turns);

            Segment[] segments = new Packer(new DocumentOrder(documents, 1), plan).Lay(pieces).Sequences.Segments;

            int at = 0, row = 0;
            foreach (Segment segment in segments)
            {
                int first = at, count = 0;
                while (count < segment.Count) count += pieces[at++].Count;
                segment.ShouldBe(new Segment(row, count), "segments end where pieces do");
                (at - first).ShouldBeLessThanOrEqualTo(turns);
                if (at - first > 1)
                {
                    count.ShouldBeLessThanOrEqualTo(context);
                    pieces[first..at].ShouldAllBe(p => p.Document.IsConversation);
                }
                row += count;
            }
            at.ShouldBe(pieces.Length);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void How_many_turns_a_conversation_has_is_said_by_the_id_of_its_first()
    {
        TokenDocument[] documents = [.. Enumerable.Range(0, 6).Select(i => Turn(2, 3, conversation: true))];   // 1 + 2 % 4 turns
        Piece[] pieces = [.. documents.Select(d => new Piece(d, 0, d.Rows))];
        MicroBatch batch = new Packer(new DocumentOrder(documents, 1), new PackingPlan(100, 50, false, false, 4)).Lay(pieces);
        batch.Sequences.Segments.Select(s => s.Count).ShouldBe([12, 12]);
        batch.Targets[3].ShouldBe(LossOperations.Ignored);                       // the end of a turn predicts nothing of the next question
        batch.TargetCount.ShouldBe(18);
        // A piece of a document is no turn.
        new Packer(new DocumentOrder(documents, 1), new PackingPlan(100, 50, true, false, 4))
            .Lay([new Piece(documents[0], 2, 2), pieces[1]]).Sequences.Segments.Length.ShouldBe(2);
    }

    [Fact]
    public void Rows_before_the_first_target_are_not_asked_for_wherever_a_document_is_cut()
    {
        TokenDocument d = Documents.Of(1, 12, firstTarget: 6);
        var packer = new Packer(new DocumentOrder([d], 1), new PackingPlan(20, 5, false, false));
        int x = LossOperations.Ignored;

        packer.Lay([new Piece(d, 0, 5)]).Targets.ShouldBe([x, x, x, x, x]);
        packer.Lay([new Piece(d, 4, 5)]).Targets.ShouldBe([x, .. d.Tokens[6..10]]);
        packer.Lay([new Piece(d, 10, 2)]).Targets.ShouldBe(d.Tokens[11..]);
        packer.Lay([new Piece(d, 0, 5)]).TargetCount.ShouldBe(0);
    }

    [Fact]
    public void The_digest_of_a_step_changes_with_document_source_row_count_and_order()
    {
        TokenDocument a = Documents.Of(1, 3), b = Documents.Of(2, 9);
        Piece[] pieces = [new(a, 0, 3), new(b, 0, 5)];
        string[] digests =
        [
            Packer.Digest(pieces), Packer.Digest([pieces[1], pieces[0]]), Packer.Digest(pieces[..1]),
                Packer.Digest([pieces[0], new(b, 1, 5)]),
            Packer.Digest([pieces[0], new(b, 0, 4)]), Packer.Digest([pieces[0], new(b with { From = "other" }, 0, 5)]),
                Packer.Digest([pieces[0], new(b with { Id = "other" }, 0, 5)]),
        ];
        digests.Distinct().Count().ShouldBe(digests.Length);
        Packer.Digest([.. pieces]).ShouldBe(digests[0]);
    }

    private static TokenDocument Turn(int id, int tokens, bool conversation) =>
        new($"{id:x8}", "from", [.. Enumerable.Range(1, tokens + 1)], 1, 1, conversation);
}
