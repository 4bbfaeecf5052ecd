// What the scripts share: the client as npm has it, and the server that the test started.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const { HEARTH_NPM, HEARTH_URL, HEARTH_KEY, HEARTH_OTHER_KEY, HEARTH_SLOW_KEY, HEARTH_MODEL, HEARTH_THINKER } = process.env;

export const require = createRequire(`${HEARTH_NPM}/package.json`);
export const [url, key, otherKey, slowKey] = [HEARTH_URL, HEARTH_KEY, HEARTH_OTHER_KEY, HEARTH_SLOW_KEY];
export const [model, thinker] = [HEARTH_MODEL, HEARTH_THINKER];
export { assert };

export const pick = {
  type: 'object',
  properties: { colour: { enum: ['red', 'blue'] }, sizes: { type: 'array', items: { type: 'integer' }, maxItems: 3 } },
  required: ['colour', 'sizes'],
  additionalProperties: false,
};

export const count = {
  name: 'count',
  description: 'Counts.',
  parameters: { type: 'object', properties: { to: { type: 'integer', minimum: 1, maximum: 99 } }, required: ['to'], additionalProperties: false },
};

export const look = {
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: { where: { enum: ['up', 'down'] } }, required: ['where'], additionalProperties: false },
};

/** The error that a promise ends with, which must be of a class of the client's own. */
export async function error(promise, kind, status) {
  const e = await promise.then(() => assert.fail('no error'), e => e);
  assert.ok(e instanceof kind, `${e?.constructor?.name}, expected ${kind.name}: ${e?.message}`);
  assert.equal(e.status, status);
  return e;
}

/** All of an asynchronous list. */
export async function all(list) {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
}

/** The token that ends an answer. */
export async function endToken() {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/tokenize`, { method: 'POST', headers, body: JSON.stringify({ model, content: '<|end|>' }) });
  return (await answer.json()).tokens[0];
}

export const done = () => console.log('all of it holds');
