// openai from npm: responses, kept ones, tools and schemas.
import { all, assert, count, done, error, key, look, model, otherKey, pick, require, thinker, url } from './common.mjs';

const { default: OpenAI, BadRequestError, NotFoundError } = require('openai');
const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
const other = new OpenAI({ apiKey: otherKey, baseURL: `${url}/v1`, maxRetries: 0 });

const ask = { model, input: 'What is the capital?', instructions: 'Be brief.', max_output_tokens: 16, temperature: 0.8, seed: 4 };
const whole = await client.responses.create({ ...ask, metadata: { purpose: 'test' } });
assert.equal(whole.object, 'response');
assert.ok(['completed', 'incomplete'].includes(whole.status));
assert.ok(whole.output_text.length > 0);
assert.equal(whole.instructions, 'Be brief.');
assert.deepEqual(whole.metadata, { purpose: 'test' });
assert.equal(whole.usage.total_tokens, whole.usage.input_tokens + whole.usage.output_tokens);

// A stream, as events and through the client's accumulator.
const events = await all(await client.responses.create({ ...ask, stream: true }));
assert.equal(events[0].type, 'response.created');
assert.ok(['response.completed', 'response.incomplete'].includes(events.at(-1).type));
assert.deepEqual(events.map(e => e.sequence_number), events.map((_, i) => i));
assert.equal(events.filter(e => e.type === 'response.output_text.delta').map(e => e.delta).join(''), whole.output_text);
for (const asked of [{ ...ask }, { ...ask, model: thinker, max_output_tokens: 90, reasoning: { effort: 'low' } }]) {
  const plain = await client.responses.create(asked);
  const stream = client.responses.stream(asked);
  const final = await stream.finalResponse();
  assert.equal(final.output_text, plain.output_text);
  assert.deepEqual(final.output.map(i => i.type), plain.output.map(i => i.type));
  if (asked.model === thinker) assert.ok(plain.output[0].type === 'reasoning' && plain.output[0].content[0].text.length > 0);
}

// Kept: found again, gone on from, listed, forgotten; others do not see it.
const found = await client.responses.retrieve(whole.id);
assert.deepEqual(found.output, whole.output);
const next = await client.responses.create({ ...ask, input: 'And then?', previous_response_id: whole.id });
assert.ok(next.usage.input_tokens > whole.usage.input_tokens);
assert.equal(next.previous_response_id, whole.id);
const inputs = await all(client.responses.inputItems.list(next.id, { order: 'asc', limit: 1 }));
assert.deepEqual(inputs.map(i => i.content[0].text), ['And then?']);
await error(other.responses.retrieve(whole.id), NotFoundError, 404);
await error(other.responses.create({ ...ask, previous_response_id: whole.id }), NotFoundError, 404);
await error(other.responses.delete(whole.id), NotFoundError, 404);
await client.responses.delete(whole.id);
await error(client.responses.retrieve(whole.id), NotFoundError, 404);
const unkept = await client.responses.create({ ...ask, store: false });
await error(client.responses.retrieve(unkept.id), NotFoundError, 404);

// A schema, read by the client.
const parsed = await client.responses.parse({ ...ask, max_output_tokens: 300, text: { format: { type: 'json_schema', name: 'pick', strict: true, schema: pick } } });
assert.ok(['red', 'blue'].includes(JSON.parse(parsed.output_text).colour));
assert.equal(parsed.text.format.type, 'json_schema');

// Log-probabilities.
const likely = await client.responses.create({ ...ask, include: ['message.output_text.logprobs'], top_logprobs: 2 });
const [part] = likely.output[0].content;
assert.ok(part.logprobs.length > 0 && part.logprobs.every(p => p.logprob <= 0 && p.top_logprobs.length === 2));

// Tools, and what they found given back.
const tools = [count, look].map(f => ({ type: 'function', strict: true, ...f }));
const called = await client.responses.create({ ...ask, max_output_tokens: 300, tools, tool_choice: { type: 'function', name: 'count' }, parallel_tool_calls: false });
const call = called.output.find(o => o.type === 'function_call');
assert.equal(call.name, 'count');
assert.ok(JSON.parse(call.arguments).to >= 1);
const stream = client.responses.stream({ ...ask, max_output_tokens: 300, tools, tool_choice: { type: 'function', name: 'count' }, parallel_tool_calls: false });
let pieces = '';
stream.on('response.function_call_arguments.delta', e => { pieces += e.delta; });
const streamed = await stream.finalResponse();
assert.equal(pieces, call.arguments);
assert.equal(streamed.output.find(o => o.type === 'function_call').arguments, call.arguments);
const after = await client.responses.create({ ...ask, previous_response_id: called.id, input: [{ type: 'function_call_output', call_id: call.call_id, output: '1 2 3' }], tools });
assert.ok(after.usage.input_tokens > called.usage.input_tokens);
const again = await client.responses.create({ ...ask, input: [{ role: 'user', content: ask.input }, ...called.output, { type: 'function_call_output', call_id: call.call_id, output: '1 2 3' }], tools });
assert.equal(again.output_text, after.output_text);

for (const [field, value] of [['mood', 'bad'], ['background', true], ['truncation', 'auto'], ['include', ['web_search_call.results']]]) {
  const e = await error(client.responses.create({ ...ask, [field]: value }), BadRequestError, 400);
  assert.equal(e.param, field);
}
assert.equal((await error(client.responses.create({ ...ask, metadata: { purpose: 'x'.repeat(600) } }), BadRequestError, 400)).param, 'metadata.purpose');
done();
