using Hearth.Models.Bundles;
using Hearth.Models.Generation;
using Hearth.Numerics;
using Hearth.Numerics.Quantization;
using Hearth.Server.Scheduling;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.Scheduling;

public sealed class FairQueueTests
{
    private readonly FairQueue _queue = new();
    private readonly ModelBundle _bundle = SmallModels.Random();
    private long _number;

    [Fact]
    public void Owners_get_the_same_number_of_tokens_however_many_or_long_their_requests()
    {
        for (int i = 0; i < 200; i++) Enter("many short", cost: 10);
        for (int i = 0; i < 20; i++) Enter("few long", cost: 100);
        Dictionary<string, int> had = Serve(1_000);
        had["many short"].ShouldBeInRange(450, 550);
        had["few long"].ShouldBeInRange(450, 550);
    }

    [Fact]
    public void Who_was_away_does_not_save_up_and_who_comes_back_does_not_begin_anew()
    {
        for (int i = 0; i < 100; i++) Enter("there", cost: 10);
        Serve(500);
        for (int i = 0; i < 100; i++) Enter("new", cost: 10);
        Dictionary<string, int> had = Serve(400);
        had["there"].ShouldBeInRange(180, 220);
        had["new"].ShouldBeInRange(180, 220);

        Enter("greedy", cost: 600);
        Serve(630);
        Enter("greedy", cost: 10);
        Serve(200).ContainsKey("greedy").ShouldBeFalse();                        // its six hundred are not forgotten
    }

    [Fact]
    public void A_class_gets_eight_times_what_the_one_below_gets()
    {
        for (int i = 0; i < 900; i++)
        {
            Enter("a", cost: 1, RequestPriority.Low);
            Enter("a", cost: 1, RequestPriority.Normal);
            Enter("b", cost: 1, RequestPriority.High);
        }
        var classes = new int[3];
        for (int i = 0; i < 730; i++) classes[(int)ServeOne().Priority]++;
        classes[0].ShouldBeInRange(8, 12);
        classes[1].ShouldBeInRange(75, 85);
    }

    [Fact]
    public void An_owners_requests_keep_their_order_and_one_that_was_sent_back_is_first()
    {
        Request first = Enter("a", 1), second = Enter("a", 1), third = Enter("a", 1);
        _queue.Take(_queue.Next()!);
        _queue.Next().ShouldBe(second);
        _queue.Return(first);
        _queue.Next().ShouldBe(first);
        _queue.Leave(first);
        _queue.Leave(second);
        _queue.Next().ShouldBe(third);
        _queue.Count.ShouldBe(1);
        _queue.Leave(third);
        _queue.Next().ShouldBeNull();
    }

    private Dictionary<string, int> Serve(int tokens)
    {
        var had = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int left = tokens; left > 0;)
        {
            Request request = ServeOne();
            left -= request.Sequence.Unread;
            had[request.Owner] = had.GetValueOrDefault(request.Owner) + request.Sequence.Unread;
        }
        return had;
    }

    private Request ServeOne()
    {
        Request request = _queue.Next()!;
        _queue.Take(request);
        _queue.Charge(request, request.Sequence.Unread);
        _queue.Leave(request);
        return request;
    }

    private WholeRequest<float[]> Enter(string owner, int cost, RequestPriority priority = RequestPriority.Normal)
    {
        var stepper = new Stepper(_bundle.Model, WorkerPool.Alone);
        int[] tokens = SmallModels.Tokens(Math.Min(cost, 600), 1);
        EmbeddedSequence sequence = stepper.BeginEmbed(tokens, stepper.NewCache(TensorType.F32, new BlockPool(0)));
        var request = new WholeRequest<float[]>(new Caller(owner, priority, owner), sequence, sequence.Embedding, new RequestReport()) { Number = _number++ };
        _queue.Enter(request);
        return request;
    }
}
