// A server of tools made with the official SDK: over its standard streams, or with --http on a free port of loopback, which it prints.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';

const require = createRequire(`${process.env.HEARTH_NPM}/mcp/package.json`);
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const { StreamableHTTPServerTransport } = require('@modelcontextprotocol/sdk/server/streamableHttp.js');
const { z } = require('zod');

const text = t => ({ content: [{ type: 'text', text: t }] });

function make() {
  const server = new McpServer({ name: 'peer', version: '1.0.0' });
  server.registerTool('add', { description: 'Adds two numbers.', inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => text(`${a + b}`));
  server.registerTool('sleep', { description: 'Takes long.', inputSchema: {} }, async () => { await new Promise(r => setTimeout(r, 60_000)); return text('awake'); });
  server.registerTool('flood', { description: 'Says much.', inputSchema: { size: z.number() } }, ({ size }) => text('x'.repeat(size)));
  server.registerTool('crash', { description: 'Ends the server.', inputSchema: {} }, () => { console.error('no more'); process.exit(7); });
  server.registerTool('fail', { description: 'Fails.', inputSchema: {} }, () => ({ ...text('it is broken'), isError: true }));
  server.registerTool('steer', { description: 'Sends what steers terminals.', inputSchema: {} }, () => text('\u001b[2Jred\u0007 \u202e'));
  server.registerTool('environment', { description: 'What it was given.', inputSchema: {} }, () => text(JSON.stringify(Object.keys(process.env))));
  server.registerTool('picture', { description: 'No text.', inputSchema: {} }, () => ({ content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }] }));
  server.registerTool('number', { description: 'Its process.', inputSchema: {} }, () => text(`${process.pid}`));
  return server;
}

if (process.argv.includes('--http')) {
  const http = createServer(async (request, response) => {
    if (request.headers.authorization !== 'Bearer tool-key') { response.writeHead(401).end(); return; }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await make().connect(transport);
    await transport.handleRequest(request, response, chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined);
  });
  http.listen(0, '127.0.0.1', () => console.log(http.address().port));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
} else {
  await make().connect(new StdioServerTransport());
}
