// Answers side by side: tokens a second over all of them and the time to the first token. Prints one line of JSON.
//   node streams.mjs --url http://127.0.0.1:PORT --model NAME --streams 1,4,8,16 --answer N      any server with OpenAI's /v1/completions
//   node streams.mjs --file MODEL.gguf --threads N --streams 1,4,8,16 --answer N                   llama.cpp's continuous batching, in this process
import {createRequire} from "node:module";
import path from "node:path";
import process from "node:process";
import {pathToFileURL} from "node:url";

const rest = process.argv.slice(2);
const options = Object.fromEntries(Array.from({length: rest.length / 2}, (_, i) => [rest[2 * i].slice(2), rest[2 * i + 1]]));
const answer = Number(options.answer ?? 64), threads = Number(options.threads ?? 2);
const counts = (options.streams ?? "1,4,8,16").split(",").map(Number);

// Small letters are a token each in the random models; no two prompts begin alike, so that no engine reads one for another.
const prompt = (run, i) => `${String.fromCharCode(97 + (i % 26), 97 + (run % 26))} ${"the oven is warm and the bread is good ".repeat(3)}`.slice(0, 120);

/** A server: each answer is a stream of its own connection. */
async function overHttp() {
    return {
        engine: "server",
        ask: async (text, onFirst) => {
            const response = await fetch(`${options.url}/v1/completions`, {
                method: "POST",
                headers: {"content-type": "application/json"},
                body: JSON.stringify({model: options.model, prompt: text, max_tokens: answer, temperature: 0, stream: true, stream_options: {include_usage: true}})
            });
            if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
            let rest = "", tokens = 0, seen = false;
            for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
                const lines = (rest + bytes).split("\n");
                rest = lines.pop();
                for (const line of lines) {
                    if (!line.startsWith("data: {")) continue;
                    const chunk = JSON.parse(line.slice(6));
                    if (!seen && chunk.choices?.length) { seen = true; onFirst(); }
                    tokens = chunk.usage?.completion_tokens ?? tokens;
                }
            }
            return tokens;
        }
    };
}

/** llama.cpp with as many sequences as the most streams; its package shares passes among all that wait. */
async function inProcess() {
    const base = createRequire(pathToFileURL(path.join(process.env.NODE_LLAMA_CPP ?? process.cwd(), "x.js")));
    const {getLlama, LlamaLogLevel} = await import(pathToFileURL(base.resolve("node-llama-cpp")).href);
    const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: threads});
    const model = await llama.loadModel({modelPath: path.resolve(options.file), gpuLayers: 0});
    const context = await model.createContext({contextSize: 120 + answer + 64, sequences: Math.max(...counts), batchSize: 512, threads, flashAttention: false});
    const free = Array.from({length: Math.max(...counts)}, () => context.getSequence());
    return {
        engine: `llama.cpp ${llama.llamaCppRelease?.release}`,
        ask: async (text, onFirst) => {
            const sequence = free.pop();
            await sequence.clearHistory();
            let tokens = 0;
            for await (const _ of sequence.evaluate(model.tokenize(text), {temperature: 0, yieldEogToken: true})) {
                if (tokens++ === 0) onFirst();
                if (tokens === answer) break;
            }
            free.push(sequence);
            return tokens;
        }
    };
}

const {engine, ask} = await (options.url ? overHttp() : inProcess());
for (let i = 0; i < 3; i++) await ask(prompt(25, i), () => {});              // both compile or place what they need
const rows = [];
for (const [run, streams] of counts.entries()) {
    const begin = performance.now(), first = [];
    const tokens = await Promise.all(Array.from({length: streams}, (_, i) => ask(prompt(run, i), () => first.push(performance.now() - begin))));
    const seconds = (performance.now() - begin) / 1000;
    first.sort((a, b) => a - b);
    rows.push({streams, tokens: tokens.reduce((a, b) => a + b), tokensPerSecond: tokens.reduce((a, b) => a + b) / seconds, firstP50: first[streams >> 1], firstP95: first[Math.floor(streams * 0.95)]});
}
console.log(JSON.stringify({engine, threads, rows}));
process.exit(0);
