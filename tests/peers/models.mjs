// Azure OpenAI: chat (aimock) whose answers cite, and embeddings that know words.
//   node models.mjs PORT            prints one line of JSON once it listens; port 0: a free one
//   PEERS_MODEL_MS=800              every chat call takes so long before its first word
//   POST /__aimock/chaos            faults of every chat call; DELETE ends them
//   a question with peer:NAME in it is answered as NAME below says
import { createHash } from "node:crypto";
import { LLMock } from "@copilotkit/aimock";

const DIMENSIONS = 1536;
const words = (text) => text.toLowerCase().match(/\p{L}{3,}|\d+/gu) ?? [];
const tokens = (text) => Math.ceil(text.length / 4);

/** The user message's JSON: question, answer_in, passages. */
function asked(request) {
  const content = request.messages.at(-1).content;
  return JSON.parse(typeof content === "string" ? content : content.map((one) => one.text).join(""));
}

/** Up to three sentences of the passages, those that share most words with the question. */
function cited(request) {
  const { question, passages } = asked(request);
  const wanted = new Set(words(question));
  return passages
    .flatMap(({ number, text }) =>
      text.split(/(?<=[.!?])\s+|\n{2,}/).filter(Boolean).map((quote) => ({
        passage: number, quote, shared: new Set(words(quote).filter((word) => wanted.has(word))).size,
      })))
    .filter((one) => one.shared > 0)
    .sort((one, other) => other.shared - one.shared)
    .slice(0, 3)
    .map(({ passage, quote }) => ({ text: quote.replaceAll(/\s+/g, " "), citations: [{ passage, quote }] }));
}

function reply(request, sentences, more = {}) {
  const content = typeof sentences === "string" ? sentences : JSON.stringify({ sentences });
  const prompt_tokens = tokens(JSON.stringify(request.messages));
  return { content, usage: { prompt_tokens, completion_tokens: tokens(content) }, ...more };
}

const failed = (status, code, more = {}) => ({ error: { message: code, type: code, code }, status, ...more });
const lie = (quote, passage = 1) => [{ text: "It says so there.", citations: [{ passage, quote }] }];
const half = (request) => JSON.stringify({ sentences: cited(request) }).slice(0, -2);

const PEER = {
  "throttled": () => failed(429, "rate_limit_exceeded", { retryAfter: 7 }),
  "broken": () => failed(500, "server_error"),
  "filtered": () => failed(400, "content_filter"),
  "unauthorised": () => failed(401, "invalid_api_key"),
  "cut-off": (request) => reply(request, half(request), { finishReason: "length" }),
  "stopped": (request) => reply(request, half(request), { finishReason: "content_filter" }),
  "unfinished": (request) => reply(request, half(request)),
  "prose": (request) => reply(request, "Loans last three weeks."),
  "page": (request) => reply(request, "<!doctype html><title>502</title>"),
  "other-form": (request) => reply(request, [{ text: "A sentence.", citations: "1" }]),
  "endless": (request) => reply(request, [{ text: "x".repeat(100_000), citations: [] }]),
  "silent": (request) => reply(request, []),
  "liar": (request) => reply(request, lie("what no passage ever said")),
  "stray": (request) => reply(request, lie("what no passage ever said", 99)),
  "uncited": (request) => reply(request, [{ text: "So I was told.", citations: [] }]),
  "respaced": (request) => reply(request, cited(request).map(({ text, citations: [one] }) => (
    { text, citations: [{ ...one, quote: one.quote.replaceAll(" ", "\n ") }] }))),
  "smuggler": (request) => reply(request, [{ text: "See ![x](https://evil.example/?q=1) here.", citations: [] }]),
};
const PACE = { "slow": { latency: 100 }, "torn": { truncateAfterChunks: 6 } };

function vector(text, dimensions) {
  const made = new Float32Array(dimensions);
  for (const word of words(text)) {
    const hash = createHash("sha256").update(word).digest();
    made[hash.readUInt32BE(0) % dimensions] += hash[4] & 1 ? 1 : -1;
  }
  const length = Math.hypot(...made);
  if (length === 0) made[0] = 1;
  return length === 0 ? made : made.map((one) => one / length);
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

const embeddings = {
  async handleRequest(request, response) {
    const { input, model, dimensions = DIMENSIONS, encoding_format } = await body(request);
    const texts = Array.isArray(input) ? input : [input];
    const data = texts.map((text, index) => {
      const made = vector(text, dimensions);
      const embedding = encoding_format === "base64"
        ? Buffer.from(made.buffer).toString("base64") : Array.from(made);
      return { object: "embedding", index, embedding };
    });
    const used = texts.reduce((sum, text) => sum + tokens(text), 0);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({
      object: "list", model, data, usage: { prompt_tokens: used, total_tokens: used },
    }));
    return true;
  },
};

const mock = new LLMock({ port: Number(process.argv[2] ?? 0), host: "127.0.0.1", strict: true });
mock.mount("/openai/v1/embeddings", embeddings);
for (const [name, answer] of Object.entries(PEER)) mock.onMessage(new RegExp(`peer:${name}`), answer);
for (const [name, pace] of Object.entries(PACE))
  mock.onMessage(new RegExp(`peer:${name}`), (request) => reply(request, cited(request)), pace);
mock.onMessage(/.*/s, (request) => reply(request, cited(request)));
if (process.env.PEERS_MODEL_MS) mock.setChaos({ latencyMs: Number(process.env.PEERS_MODEL_MS) });
await mock.start();
console.log(JSON.stringify({ models: mock.url }));
process.on("SIGTERM", () => process.exit(0));
