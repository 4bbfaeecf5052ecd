using Hearth.Server.State;
using Shouldly;
using Xunit;

namespace Hearth.Server.Tests.State;

public sealed class StoreTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_conversation_comes_back_with_its_branches_and_for_its_owner_alone(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var store = new ConversationStore(database.Contexts, TimeProvider.System);
        ConversationRow conversation = await store.CreateAsync("alice", "Überschrift", "tiny", "{}", Cancel);
        MessageRow question = Message(conversation, null, "user", "What is <b>a\0b</b> \ud800?");
        MessageRow first = Message(conversation, question.Id, "assistant", "One."), second = Message(conversation, question.Id, "assistant", "Two.");
        (second.Seed, second.FirstTokenMilliseconds, second.AuditSequence) = (long.MaxValue, 12.5, 7);
        foreach (MessageRow message in (MessageRow[])[question, first, second]) (await store.AddAsync("alice", message, Cancel)).ShouldBeTrue();

        (ConversationRow read, IReadOnlyList<MessageRow> messages) = (await new ConversationStore(database.Another(), TimeProvider.System).FindAsync("alice", conversation.Id, Cancel))!.Value;
        read.Leaf.ShouldBe(second.Id);
        read.Created.ShouldBe(conversation.Created);
        read.Created.Kind.ShouldBe(DateTimeKind.Utc);
        messages.Select(m => (m.Number, m.ParentId, m.Role)).ShouldBe([(1, null, "user"), (2, question.Id, "assistant"), (3, question.Id, "assistant")]);
        messages[0].Content.ShouldBe("What is <b>a\ufffdb</b> \ufffd?");
        (messages[2].Seed, messages[2].FirstTokenMilliseconds, messages[2].AuditSequence).ShouldBe((long.MaxValue, 12.5, 7));

        (await store.FindAsync("bob", conversation.Id, Cancel)).ShouldBeNull();
        (await store.ListAsync("bob", cancel: Cancel)).ShouldBeEmpty();
        (await store.AddAsync("bob", Message(conversation, null, "user", "Mine."), Cancel)).ShouldBeFalse();
        (await store.ChangeAsync("bob", conversation.Id, title: "Mine", cancel: Cancel)).ShouldBeFalse();
        (await store.DeleteAsync("bob", conversation.Id, Cancel)).ShouldBeFalse();
        (await store.DeleteAsync("alice", conversation.Id, Cancel)).ShouldBeTrue();
        await using ServerDatabase state = await database.Contexts.CreateDbContextAsync(Cancel);
        state.Messages.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_belongs_to_the_conversation_of_its_parent(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var store = new ConversationStore(database.Contexts, TimeProvider.System);
        ConversationRow one = await store.CreateAsync("alice", "one", cancel: Cancel), other = await store.CreateAsync("alice", "other", cancel: Cancel);
        MessageRow message = Message(one, null, "user", "Hello.");
        await store.AddAsync("alice", message, Cancel);
        (await store.AddAsync("alice", Message(other, message.Id, "assistant", "Hi."), Cancel)).ShouldBeFalse();
        (await store.FindAsync("alice", other.Id, Cancel))!.Value.Conversation.Leaf.ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_that_come_at_once_get_numbers_one_after_the_other(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var store = new ConversationStore(database.Contexts, TimeProvider.System);
        ConversationRow conversation = await store.CreateAsync("alice", "busy", cancel: Cancel);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => store.AddAsync("alice", Message(conversation, null, "user", $"{i}"), Cancel))));
        (await store.FindAsync("alice", conversation.Id, Cancel))!.Value.Messages.Select(m => m.Number).ShouldBe(Enumerable.Range(1, 12));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Conversations_are_found_by_title_and_by_what_was_said_whatever_the_case(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var store = new ConversationStore(database.Contexts, TimeProvider.System);
        ConversationRow one = await store.CreateAsync("alice", "Rivers of France", cancel: Cancel), other = await store.CreateAsync("alice", "100%_sure", cancel: Cancel);
        await store.AddAsync("alice", Message(one, null, "user", "How long is the LOIRE?"), Cancel);
        (await store.ListAsync("alice", "loire", cancel: Cancel)).Select(c => c.Id).ShouldBe([one.Id]);
        (await store.ListAsync("alice", "RIVERS", cancel: Cancel)).Select(c => c.Id).ShouldBe([one.Id]);
        (await store.ListAsync("alice", "%_", cancel: Cancel)).Select(c => c.Id).ShouldBe([other.Id]);
        (await store.ListAsync("alice", cancel: Cancel)).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_response_is_kept_for_its_owner_alone(bool isPostgres)
    {
        using TestDatabase database = await TestDatabase.MigratedAsync(isPostgres, postgres);
        var store = new ResponseStore(database.Contexts);
        await store.AddAsync(new ResponseRow { Id = "resp_1", Owner = "alice", Input = "[]", Body = "{}", Created = DateTime.UtcNow }, Cancel);
        (await store.FindAsync("alice", "resp_1", Cancel)).ShouldNotBeNull();
        (await store.FindAsync("bob", "resp_1", Cancel)).ShouldBeNull();
        (await store.DeleteAsync("bob", "resp_1", Cancel)).ShouldBeFalse();
        (await store.DeleteAsync("alice", "resp_1", Cancel)).ShouldBeTrue();
    }

    private static MessageRow Message(ConversationRow conversation, string? parent, string role, string content) =>
        new() { Id = ConversationStore.NewId("msg"), ConversationId = conversation.Id, ParentId = parent, Role = role, Content = content };
}
