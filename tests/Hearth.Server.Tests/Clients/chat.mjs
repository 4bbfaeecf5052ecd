// openai from npm: chat completions, tools, schemas, errors, models, embeddings.
import { all, assert, count, done, endToken, error, key, look, model, pick, require, slowKey, thinker, url } from './common.mjs';

const { default: OpenAI, NotFoundError, AuthenticationError, BadRequestError, RateLimitError } = require('openai');
const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'What is the capital?' }];

// Chat, whole and as a stream with usage: the same text.
const ask = { model, messages, max_tokens: 24, temperature: 0.9, seed: 11 };
const whole = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 2, n: 2 });
assert.equal(whole.object, 'chat.completion');
assert.equal(whole.choices.length, 2);
assert.ok(whole.choices[0].message.content.length > 0);
assert.ok(['stop', 'length'].includes(whole.choices[0].finish_reason));
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
assert.equal(whole.choices[0].logprobs.content[0].top_logprobs.length, 2);
assert.equal(Buffer.concat(whole.choices[0].logprobs.content.map(t => Buffer.from(t.bytes))).toString().startsWith(whole.choices[0].message.content.slice(0, 3)), true);

const chunks = await all(await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } }));
assert.equal(chunks.map(c => c.choices[0]?.delta.content ?? '').join(''), whole.choices[0].message.content);
assert.equal(chunks[0].choices[0].delta.role, 'assistant');
assert.equal(chunks.at(-1).choices.length, 0);
assert.ok(chunks.at(-1).usage.completion_tokens > 0);
assert.equal(chunks.filter(c => c.choices[0]?.finish_reason).length, 1);

// The client's own accumulator of streams.
const runner = client.chat.completions.stream(ask);
let heard = '';
runner.on('content', delta => { heard += delta; });
const final = await runner.finalChatCompletion();
assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
assert.equal(heard, whole.choices[0].message.content);

// An answer held to a schema, read by the client.
const response_format = { type: 'json_schema', json_schema: { name: 'pick', strict: true, schema: pick } };
for (let seed = 0; seed < 3; seed++) {
  const parsed = await client.chat.completions.parse({ model, messages, temperature: 1, seed, response_format });
  const picked = JSON.parse(parsed.choices[0].message.content);
  assert.ok(['red', 'blue'].includes(picked.colour) && picked.sizes.every(Number.isInteger));
}
const plain = await client.chat.completions.create({ model, messages, temperature: 1, seed: 5, max_tokens: 200, response_format: { type: 'json_object' } });
if (plain.choices[0].finish_reason === 'stop') assert.equal(typeof JSON.parse(plain.choices[0].message.content), 'object');

const end = await endToken();                                            // made less likely, a random model calls more than once
// Tools: one, several at once, as a stream, and what they found given back.
for (const asked of [model, thinker]) {
  const tools = [count, look].map(f => ({ type: 'function', function: f }));
  const options = { model: asked, messages, temperature: 1, seed: 3, tools, tool_choice: 'required', max_tokens: 1500, ...(asked === thinker ? { thinking_budget: 8 } : {}) };
  const one = await client.chat.completions.create({ ...options, parallel_tool_calls: false, tool_choice: { type: 'function', function: { name: 'count' } } });
  assert.equal(one.choices[0].finish_reason, 'tool_calls');
  assert.equal(one.choices[0].message.tool_calls.length, 1);
  const [call] = one.choices[0].message.tool_calls;
  assert.equal(call.type, 'function');
  assert.equal(call.function.name, 'count');
  assert.ok(JSON.parse(call.function.arguments).to >= 1);

  let most = 0;
  for (let seed = 0; seed < 16 && most < 2; seed++) {
    const bias = { seed, logit_bias: { [end]: -4 * seed } };
    const several = await client.chat.completions.create({ ...options, ...bias });
    const calls = several.choices[0].message.tool_calls ?? [];
    if (several.choices[0].finish_reason !== 'tool_calls') continue;
    for (const c of calls) assert.ok(['count', 'look'].includes(c.function.name) && typeof JSON.parse(c.function.arguments) === 'object');
    assert.equal(new Set(calls.map(c => c.id)).size, calls.length);
    most = Math.max(most, calls.length);

    const stream = client.chat.completions.stream({ ...options, ...bias });
    const pieces = [];
    stream.on('tool_calls.function.arguments.delta', e => pieces.push(e.arguments_delta));
    const streamed = await stream.finalChatCompletion();
    assert.deepEqual(streamed.choices[0].message.tool_calls.map(c => [c.function.name, c.function.arguments]), calls.map(c => [c.function.name, c.function.arguments]));
    assert.equal(pieces.join(''), calls.map(c => c.function.arguments).join(''));
  }
  assert.ok(most >= 2, 'no seed of sixteen called several tools at once');

  const next = await client.chat.completions.create({
    model: asked, max_tokens: 8, temperature: 0,
    messages: [...messages, one.choices[0].message, { role: 'tool', tool_call_id: call.id, content: '1 2 3' }],
    tools,
  });
  assert.ok(next.usage.prompt_tokens > one.usage.prompt_tokens);
}

// The client runs tools by itself.
const asking = client.chat.completions.runTools({
  model, messages, temperature: 1, seed: 3, max_tokens: 300, tool_choice: { type: 'function', function: { name: 'count' } },
  tools: [{ type: 'function', function: { ...count, parse: JSON.parse, function: ({ to }) => `counted to ${to}` } }],
});
await asking.done();
assert.ok(asking.messages.some(m => m.role === 'tool' && m.content.startsWith('counted to')));

// Thoughts stand apart.
const thought = await client.chat.completions.create({ model: thinker, messages, temperature: 0.8, seed: 2, max_tokens: 60, thinking_budget: 10 });
assert.ok(thought.choices[0].message.reasoning_content.length > 0);
assert.ok(thought.usage.completion_tokens_details.reasoning_tokens > 0);
const without = await client.chat.completions.create({ model: thinker, messages, temperature: 0.8, seed: 2, max_tokens: 20, reasoning_effort: 'none' });
assert.equal(without.usage.completion_tokens_details.reasoning_tokens, 0);

// Models and embeddings.
assert.deepEqual((await all(client.models.list())).map(m => m.id), [model, thinker].sort());
assert.equal((await client.models.retrieve(model)).owned_by, 'hearth');
const embedded = await client.embeddings.create({ model, input: ['one', 'two two'] });
assert.ok(Math.abs(embedded.data[1].embedding.reduce((s, x) => s + x * x, 0) - 1) < 1e-5);
const floats = await client.embeddings.create({ model, input: 'one', encoding_format: 'float' });
assert.deepEqual(floats.data[0].embedding.map(Math.fround), embedded.data[0].embedding.map(Math.fround));

// Errors are the client's own, with their fields.
const wrong = await error(new OpenAI({ apiKey: 'wrong', baseURL: `${url}/v1`, maxRetries: 0 }).models.list(), AuthenticationError, 401);
assert.equal(wrong.code, 'invalid_api_key');
assert.equal(wrong.type, 'authentication_error');
const missing = await error(client.chat.completions.create({ model: 'none', messages }), NotFoundError, 404);
assert.equal(missing.code, 'model_not_found');
assert.equal(missing.param, 'model');
assert.ok(missing.requestID);
const unknown = await error(client.chat.completions.create({ model, messages, mood: 'bad' }), BadRequestError, 400);
assert.equal(unknown.code, 'unknown_parameter');
assert.equal(unknown.param, 'mood');
assert.match(unknown.message, /'mood'/);
const kept = await error(client.chat.completions.create({ model, messages, store: true }), BadRequestError, 400);
assert.equal(kept.param, 'store');
const long = await error(client.chat.completions.create({ model, messages: [{ role: 'user', content: 'long '.repeat(3000) }] }), BadRequestError, 400);
assert.equal(long.code, 'context_length_exceeded');
const early = await error(client.chat.completions.create({ model: 'none', messages, stream: true }), NotFoundError, 404);
assert.equal(early.code, 'model_not_found');
const slow = new OpenAI({ apiKey: slowKey, baseURL: `${url}/v1`, maxRetries: 0 });
await slow.models.list();
const limited = await error(slow.models.list(), RateLimitError, 429);
assert.equal(limited.code, 'rate_limit_exceeded');
assert.ok(Number(limited.headers.get('retry-after')) >= 1);

// A client that goes away in the middle is no error for the next.
const left = await client.chat.completions.create({ ...ask, max_tokens: 900, stream: true });
for await (const _ of left) break;
assert.ok((await client.chat.completions.create(ask)).choices[0].message.content.length > 0);
done();
