// The official SDK's client: connects to HEARTH_URL with HEARTH_KEY, or to the program that its arguments name, makes the calls of HEARTH_CALLS and prints what came.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.HEARTH_NPM}/mcp/package.json`);
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { StreamableHTTPClientTransport } = require('@modelcontextprotocol/sdk/client/streamableHttp.js');

const client = new Client({ name: 'peer', version: '1.0.0' });
const [command, ...args] = process.argv.slice(2);
const transport = command
  ? new StdioClientTransport({ command, args, env: process.env, stderr: 'inherit' })
  : new StreamableHTTPClientTransport(new URL(process.env.HEARTH_URL), { requestInit: { headers: { authorization: `Bearer ${process.env.HEARTH_KEY}` } } });
try {
  await client.connect(transport);
  const tools = (await client.listTools()).tools.map(t => ({ name: t.name, schema: t.inputSchema }));
  const results = [];
  for (const call of JSON.parse(process.env.HEARTH_CALLS)) results.push(await client.callTool(call).catch(e => ({ thrown: e.message })));
  console.log(JSON.stringify({ server: client.getServerVersion(), tools, results }));
  await client.close();
} catch (e) {
  console.log(JSON.stringify({ failed: `${e.message}` }));
  process.exit(0);
}
