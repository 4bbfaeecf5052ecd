// openai from npm: completions with log-probabilities and echo.
import { all, assert, done, error, key, model, require, url } from './common.mjs';

const { default: OpenAI, BadRequestError } = require('openai');
const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });

const ask = { model, prompt: 'The capital is', max_tokens: 12, temperature: 0.8, seed: 4 };
const whole = await client.completions.create({ ...ask, logprobs: 3, echo: true });
assert.equal(whole.object, 'text_completion');
const { logprobs, text } = whole.choices[0];
assert.ok(text.startsWith('The capital is'));
assert.equal(logprobs.tokens.length, logprobs.token_logprobs.length);
assert.equal(logprobs.token_logprobs[0], null);
assert.equal(logprobs.top_logprobs[0], null);
assert.ok(logprobs.token_logprobs.slice(1).every(p => p <= 0));
assert.ok(Object.keys(logprobs.top_logprobs[1]).length >= 3);
assert.equal(logprobs.text_offset[0], 0);

const pieces = await all(await client.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } }));
assert.equal('The capital is' + pieces.map(p => p.choices[0]?.text ?? '').join(''), text);
assert.ok(pieces.at(-1).usage.completion_tokens > 0);

const scored = await client.completions.create({ model, prompt: ['one two', 'three'], max_tokens: 0, echo: true, logprobs: 1 });
assert.deepEqual(scored.choices.map(c => [c.index, c.text]), [[0, 'one two'], [1, 'three']]);
assert.equal(scored.usage.completion_tokens, 0);

const several = await client.completions.create({ ...ask, n: 3, prompt: ['one', 'two'] });
assert.deepEqual(several.choices.map(c => c.index), [0, 1, 2, 3, 4, 5]);
const stopped = await client.completions.create({ ...ask, max_tokens: 60, stop: [text.slice(20, 22)] });
assert.ok(!stopped.choices[0].text.includes(text.slice(20, 22)));
assert.equal((await error(client.completions.create({ ...ask, suffix: 'x' }), BadRequestError, 400)).param, 'suffix');
assert.equal((await error(client.completions.create({ ...ask, prompt: [99999] }), BadRequestError, 400)).param, 'prompt');
done();
