// Logits after each of some tokens, and the most likely tokens that follow, by llama.cpp through npm's node-llama-cpp. Prints one line of JSON.
//   node llama-logits.mjs MODEL --tokens 1,2,3 --answer N --out FILE [--cache F32|F16]
// FILE: little-endian float32, [tokens, vocabulary].
import {writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import path from "node:path";
import process from "node:process";
import {pathToFileURL} from "node:url";

const [model, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(Array.from({length: rest.length / 2}, (_, i) => [rest[2 * i].slice(2), rest[2 * i + 1]]));
const tokens = options.tokens.split(",").map(Number), answer = Number(options.answer ?? 0), cache = options.cache ?? "F32";

// The package is wherever the caller installed it: NODE_LLAMA_CPP is the folder that holds node_modules.
const base = createRequire(pathToFileURL(path.join(process.env.NODE_LLAMA_CPP ?? process.cwd(), "x.js")));
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(base.resolve("node-llama-cpp")).href);

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});
const loaded = await llama.loadModel({modelPath: path.resolve(model), gpuLayers: 0});
const context = await loaded.createContext({
    contextSize: tokens.length + answer + 8, threads: 1, flashAttention: false, experimentalKvCacheKeyType: cache, experimentalKvCacheValueType: cache
});
const sequence = context.getSequence();

const results = await sequence.controlledEvaluate(tokens.map(token => [token, {generateNext: {logits: true, options: {temperature: 0}}}]));
const rows = results.map(result => result.next.logits);
const vocabulary = rows[0].size;
const logits = new Float32Array(rows.length * vocabulary);
rows.forEach((row, i) => row.forEach((logit, token) => (logits[i * vocabulary + token] = logit)));
writeFileSync(options.out, logits);

await sequence.clearHistory();
const said = [];
for await (const token of sequence.evaluate(tokens, {temperature: 0, yieldEogToken: true})) {
    if (said.push(token) >= answer) break;
}
console.log(JSON.stringify({vocabulary, tokens: said, text: loaded.detokenize(said, false), release: llama.llamaCppRelease?.release}));
process.exit(0);
