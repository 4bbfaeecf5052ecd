// Prefill and decode of a GGUF file by llama.cpp, through npm's node-llama-cpp. Prints one line of JSON.
//   node llama.mjs MODEL --threads N --prompt N --answer N --repeats N [--sequences N]
//   node llama.mjs MODEL --threads N --text TEXT        reads the text, says one token and ends
import {createRequire} from "node:module";
import path from "node:path";
import process from "node:process";
import {pathToFileURL} from "node:url";

const [model, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(Array.from({length: rest.length / 2}, (_, i) => [rest[2 * i].slice(2), rest[2 * i + 1]]));
const {text} = options;
const [threads, prompt, answer, repeats, sequences] = [["threads", 1], ["prompt", 512], ["answer", 64], ["repeats", 3], ["sequences", 1]]
    .map(([name, otherwise]) => Number(options[name] ?? otherwise));

// The package is wherever the caller installed it: NODE_LLAMA_CPP is the folder that holds node_modules.
const base = createRequire(pathToFileURL(path.join(process.env.NODE_LLAMA_CPP ?? process.cwd(), "x.js")));
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(base.resolve("node-llama-cpp")).href);

const begin = performance.now();
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads});
const loaded = await llama.loadModel({modelPath: path.resolve(model), gpuLayers: 0});
const loadSeconds = (performance.now() - begin) / 1000;
if (text !== undefined) {
    const given = loaded.tokenize(text);
    const small = await loaded.createContext({contextSize: given.length + 64, batchSize: 512, threads, flashAttention: false});
    for await (const token of small.getSequence().evaluate(given, {temperature: 0, yieldEogToken: true})) {
        console.log(token);
        process.exit(0);
    }
}
const context = await loaded.createContext({contextSize: prompt + answer + 64, batchSize: 512, threads, flashAttention: false});
const sequence = context.getSequence();
const vocabulary = loaded.fileInfo.metadata?.tokenizer?.ggml?.tokens?.length ?? 1000;
const tokens = Array.from({length: prompt}, (_, i) => ((i + 1) * 7919) % vocabulary);

const median = values => values.toSorted((a, b) => a - b)[values.length >> 1];
const prefill = [], decode = [];
for (let r = 0; r <= repeats; r++) {
    await sequence.clearHistory();
    let start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    const prefillSeconds = (performance.now() - start) / 1000;
    let count = 0;
    start = performance.now();
    for await (const _ of sequence.evaluate([tokens[0]], {temperature: 0, yieldEogToken: true})) {
        if (++count === answer) break;
    }
    const decodeSeconds = (performance.now() - start) / 1000;
    if (r === 0) continue;                                                       // the first one warms up
    prefill.push(prompt / prefillSeconds);
    decode.push(count / decodeSeconds);
}
let batched = null;
if (sequences > 1) {
    const wide = await loaded.createContext({contextSize: answer + 64, sequences, batchSize: 512, threads, flashAttention: false});
    const all = Array.from({length: sequences}, () => wide.getSequence());
    const say = async (sequence, count) => {
        for await (const _ of sequence.evaluate([tokens[0]], {temperature: 0, yieldEogToken: true})) if (--count <= 0) break;
    };
    await Promise.all(all.map(s => say(s, 2)));                                  // warms up
    for (const s of all) await s.clearHistory();
    const start = performance.now();
    await Promise.all(all.map(s => say(s, answer)));
    batched = sequences * answer / ((performance.now() - start) / 1000);
}
console.log(JSON.stringify({engine: "llama.cpp", release: llama.llamaCppRelease?.release, threads, loadSeconds, prefill: median(prefill), decode: median(decode), batched}));
process.exit(0);
