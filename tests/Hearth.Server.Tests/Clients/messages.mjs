// @anthropic-ai/sdk from npm: messages, streams, tools, thoughts, errors.
import { all, assert, count, done, endToken, error, key, look, model, require, slowKey, thinker, url } from './common.mjs';

const { default: Anthropic, NotFoundError, AuthenticationError, BadRequestError, RateLimitError } = require('@anthropic-ai/sdk');
const client = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });

const ask = { model, max_tokens: 20, temperature: 0.8, seed: 4, system: 'Be brief.', messages: [{ role: 'user', content: 'What is the capital?' }] };
const whole = await client.messages.create(ask);
assert.equal(whole.type, 'message');
assert.equal(whole.role, 'assistant');
assert.ok(whole.content[0].text.length > 0);
assert.ok(['end_turn', 'max_tokens'].includes(whole.stop_reason));
assert.ok(whole.usage.input_tokens > 0 && whole.usage.output_tokens > 0);

// The system text counts, as a text or as blocks.
const blocks = await client.messages.create({ ...ask, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], messages: [{ role: 'user', content: [{ type: 'text', text: 'What is the capital?' }] }] });
assert.equal(blocks.content[0].text, whole.content[0].text);
const { system, ...without } = ask;
assert.ok((await client.messages.create(without)).usage.input_tokens < whole.usage.input_tokens);
const { input_tokens } = await client.messages.countTokens({ model, system, messages: ask.messages });
assert.equal(input_tokens, whole.usage.input_tokens);

// Streams: events, and the client's accumulator.
const events = await all(await client.messages.create({ ...ask, stream: true }));
assert.equal(events[0].type, 'message_start');
assert.equal(events.at(-1).type, 'message_stop');
assert.equal(events.filter(e => e.type === 'content_block_delta').map(e => e.delta.text).join(''), whole.content[0].text);
const stream = client.messages.stream(ask);
let heard = '';
stream.on('text', t => { heard += t; });
const final = await stream.finalMessage();
assert.equal(heard, whole.content[0].text);
assert.equal(final.content[0].text, whole.content[0].text);
assert.equal(final.stop_reason, whole.stop_reason);
assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [whole.usage.input_tokens, whole.usage.output_tokens]);

// Stop sequences.
const long = await client.messages.create({ ...ask, max_tokens: 60 });
const stop = long.content[0].text.slice(6, 9);
const stopped = await client.messages.create({ ...ask, max_tokens: 60, stop_sequences: [stop] });
assert.equal(stopped.stop_reason, 'stop_sequence');
assert.equal(stopped.stop_sequence, stop);
assert.ok(!stopped.content.some(b => b.text.includes(stop)));

// An answer that was begun is gone on with.
const begun = await client.messages.create({ ...ask, messages: [...ask.messages, { role: 'assistant', content: 'The capital' }] });
assert.equal(begun.role, 'assistant');

const end = await endToken();                                            // made less likely, a random model calls more than once
// Tools: called, several at once, as a stream, and what they found given back.
for (const asked of [model, thinker]) {
  const tools = [count, look].map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }));
  const options = { ...ask, model: asked, temperature: 1, max_tokens: 1500, tools, ...(asked === thinker ? { thinking: { type: 'enabled', budget_tokens: 8 } } : {}) };
  const one = await client.messages.create({ ...options, tool_choice: { type: 'tool', name: 'count', disable_parallel_tool_use: true } });
  assert.equal(one.stop_reason, 'tool_use');
  const used = one.content.filter(b => b.type === 'tool_use');
  assert.equal(used.length, 1);
  assert.ok(used[0].input.to >= 1);
  let most = 0;
  for (let seed = 0; seed < 16 && most < 2; seed++) {
    const bias = { seed, logit_bias: { [end]: -4 * seed } };
    const several = await client.messages.create({ ...options, ...bias, tool_choice: { type: 'any' } });
    if (several.stop_reason !== 'tool_use') continue;
    const calls = several.content.filter(b => b.type === 'tool_use').map(b => [b.name, b.input]);
    const streamed = await client.messages.stream({ ...options, ...bias, tool_choice: { type: 'any' } }).finalMessage();
    assert.deepEqual(streamed.content.filter(b => b.type === 'tool_use').map(b => [b.name, b.input]), calls);
    assert.deepEqual(streamed.content.map(b => b.type), several.content.map(b => b.type));
    most = Math.max(most, calls.length);
  }
  assert.ok(most >= 2, 'no seed of sixteen called several tools at once');
  const next = await client.messages.create({
    ...options, max_tokens: 8, tool_choice: { type: 'none' },
    messages: [...ask.messages, { role: 'assistant', content: one.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: used[0].id, content: [{ type: 'text', text: '1 2 3' }] }, { type: 'text', text: 'And?' }] }],
  });
  assert.ok(next.usage.input_tokens > one.usage.input_tokens);
}

// Thoughts are blocks of their own.
const thinking = { ...ask, model: thinker, max_tokens: 60, thinking: { type: 'enabled', budget_tokens: 10 } };
const thought = await client.messages.create(thinking);
assert.equal(thought.content[0].type, 'thinking');
assert.ok(thought.content[0].thinking.length > 0);
const streamed = await client.messages.stream(thinking).finalMessage();
assert.deepEqual(streamed.content.map(b => [b.type, b.thinking ?? b.text]), thought.content.map(b => [b.type, b.thinking ?? b.text]));
const silent = await client.messages.create({ ...thinking, thinking: { type: 'disabled' } });
assert.ok(silent.content.every(b => b.type === 'text'));

// Errors are the client's own.
const wrong = await error(new Anthropic({ apiKey: 'wrong', baseURL: url, maxRetries: 0 }).messages.create(ask), AuthenticationError, 401);
assert.equal(wrong.error.error.type, 'authentication_error');
const missing = await error(client.messages.create({ ...ask, model: 'none' }), NotFoundError, 404);
assert.equal(missing.error.error.type, 'not_found_error');
assert.ok(missing.requestID);
const unknown = await error(client.messages.create({ ...ask, mood: 'bad' }), BadRequestError, 400);
assert.match(unknown.message, /'mood'/);
const picture = { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }] };
assert.match((await error(client.messages.create({ ...ask, messages: [picture] }), BadRequestError, 400)).message, /text only/);
await error(client.messages.create({ ...ask, messages: [] }), BadRequestError, 400);
await error(client.messages.stream({ ...ask, model: 'none' }).finalMessage(), NotFoundError, 404);
const slow = new Anthropic({ apiKey: slowKey, baseURL: url, maxRetries: 0 });
await slow.messages.create(ask);
const limited = await error(slow.messages.create(ask), RateLimitError, 429);
assert.equal(limited.error.error.type, 'rate_limit_error');
assert.ok(Number(limited.headers.get('retry-after')) >= 1);
done();
