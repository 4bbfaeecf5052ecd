// openai from npm: conversations, their items, and responses that go on from them.
import { all, assert, count, done, error, key, model, otherKey, require, thinker, url } from './common.mjs';

const { default: OpenAI, BadRequestError, NotFoundError } = require('openai');
const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
const other = new OpenAI({ apiKey: otherKey, baseURL: `${url}/v1`, maxRetries: 0 });

const empty = await client.conversations.create();
assert.equal(empty.object, 'conversation');
assert.deepEqual(empty.metadata, {});
assert.deepEqual(await all(client.conversations.items.list(empty.id)), []);

const items = [{ type: 'message', role: 'system', content: 'Be brief.' }, { role: 'user', content: [{ type: 'input_text', text: 'What is the capital?' }] }];
const made = await client.conversations.create({ metadata: { topic: 'places' }, items });
assert.deepEqual((await client.conversations.retrieve(made.id)).metadata, { topic: 'places' });
assert.deepEqual((await client.conversations.update(made.id, { metadata: { topic: 'capitals' } })).metadata, { topic: 'capitals' });

// Items: added, listed page by page, found, taken out.
const added = await client.conversations.items.create(made.id, {
  items: [
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Quito.' }] },
    { type: 'function_call', call_id: 'c1', name: 'count', arguments: '{"to":3}' },
    { type: 'function_call_output', call_id: 'c1', output: '1 2 3' },
    { type: 'message', role: 'user', content: 'And then?' },
  ],
});
assert.equal(added.data.length, 4);
assert.equal(added.has_more, false);
const ascending = await all(client.conversations.items.list(made.id, { order: 'asc', limit: 2 }));
assert.deepEqual(ascending.map(i => i.type), ['message', 'message', 'message', 'function_call', 'function_call_output', 'message']);
assert.deepEqual(ascending.filter(i => i.type === 'message').map(i => [i.role, i.content[0].text]),
  [['system', 'Be brief.'], ['user', 'What is the capital?'], ['assistant', 'Quito.'], ['user', 'And then?']]);
const page = await client.conversations.items.list(made.id, { limit: 4 });
assert.equal(page.data.length, 4);
assert.ok(page.hasNextPage());
assert.deepEqual((await all(page)).map(i => i.id), ascending.map(i => i.id).reverse());
const call = await client.conversations.items.retrieve(ascending[3].id, { conversation_id: made.id });
assert.deepEqual([call.name, call.arguments, call.call_id], ['count', '{"to":3}', 'c1']);
const after = await client.conversations.items.delete(ascending[2].id, { conversation_id: made.id });
assert.equal(after.id, made.id);
assert.deepEqual((await all(client.conversations.items.list(made.id, { order: 'asc' }))).map(i => i.id), ascending.filter((_, i) => i !== 2).map(i => i.id));

// A response goes on from a conversation as if all had been said again, and becomes part of it.
const talk = await client.conversations.create({ items });
const ask = { model, max_output_tokens: 12, temperature: 0, input: 'And then?' };
const said = await client.responses.create({ ...ask, conversation: talk.id });
assert.deepEqual(said.conversation, { id: talk.id });
const again = await client.responses.create({ ...ask, store: false, input: [...items, { role: 'user', content: 'And then?' }] });
assert.equal(said.output_text, again.output_text);
assert.equal(said.usage.input_tokens, again.usage.input_tokens);
let now = await all(client.conversations.items.list(talk.id, { order: 'asc' }));
assert.deepEqual(now.map(i => i.role), ['system', 'user', 'user', 'assistant']);
assert.equal(now[3].id, said.output[0].id);
assert.equal(now[3].content[0].text, said.output_text);
const streamed = await client.responses.stream({ ...ask, conversation: { id: talk.id }, input: 'More?' }).finalResponse();
now = await all(client.conversations.items.list(talk.id, { order: 'asc' }));
assert.equal(now.length, 6);
assert.equal(now[5].content[0].text, streamed.output_text);

// Calls and thoughts are items too.
const tools = [{ type: 'function', strict: true, ...count }];
const thought = await client.conversations.create({ items });
const called = await client.responses.create({
  model: thinker, conversation: thought.id, input: 'Count.', temperature: 1, seed: 3, max_output_tokens: 700, tools, tool_choice: 'required', parallel_tool_calls: false, thinking_budget: 8,
});
const kinds = (await all(client.conversations.items.list(thought.id, { order: 'asc' }))).map(i => i.type);
assert.deepEqual(kinds, ['message', 'message', 'message', 'reasoning', 'function_call']);
const { call_id } = called.output.find(o => o.type === 'function_call');
await client.responses.create({ model: thinker, conversation: thought.id, tools, max_output_tokens: 8, input: [{ type: 'function_call_output', call_id, output: '1 2 3' }] });

// Owners see their own alone.
await error(other.conversations.retrieve(made.id), NotFoundError, 404);
await error(other.conversations.update(made.id, { metadata: {} }), NotFoundError, 404);
await error(other.conversations.items.list(made.id), NotFoundError, 404);
await error(other.conversations.items.create(made.id, { items }), NotFoundError, 404);
await error(other.conversations.items.retrieve(ascending[3].id, { conversation_id: made.id }), NotFoundError, 404);
await error(other.conversations.items.delete(ascending[3].id, { conversation_id: made.id }), NotFoundError, 404);
await error(other.responses.create({ ...ask, conversation: talk.id }), NotFoundError, 404);
await error(other.conversations.delete(made.id), NotFoundError, 404);

// What is not understood is named.
const wrong = async (promise, param) => assert.equal((await error(promise, BadRequestError, 400)).param, param);
await wrong(client.conversations.create({ mood: 'bad' }), 'mood');
await wrong(client.conversations.create({ items: [{ role: 'user', content: 'x', mood: 'bad' }] }), 'items[0].mood');
await wrong(client.conversations.create({ metadata: { n: 1 } }), 'metadata.n');
await wrong(client.conversations.items.create(made.id, { items: [{ type: 'item_reference', id: 'x' }] }), 'items[0].type');
await wrong(client.conversations.items.list(made.id, { limit: 1000 }), 'limit');
await wrong(client.conversations.items.list(made.id, { mood: 'bad' }), 'mood');
await wrong(client.conversations.items.list(made.id, { after: 'none' }), 'after');
await wrong(client.responses.create({ ...ask, conversation: talk.id, previous_response_id: said.id }), 'conversation');
await error(client.responses.create({ ...ask, conversation: 'none' }), NotFoundError, 404);

const gone = await client.conversations.delete(made.id);
assert.deepEqual([gone.id, gone.deleted, gone.object], [made.id, true, 'conversation.deleted']);
await error(client.conversations.retrieve(made.id), NotFoundError, 404);
done();
