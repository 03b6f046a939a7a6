// A real OpenID Connect issuer (oidc-provider) on a loopback port, steered by the tests:
//   node issuer.mjs PORT AUDIENCE [URL]  prints one line of JSON once it listens; port 0: a free one;
//                                        URL: where clients reach it, if not at that port
//   POST /_peer/rotate                   a new signing key; the old one stays published
//   POST /_peer/drop                     a new signing key; the old one is gone
//   POST /token                          client credentials; `claims_json` joins the token,
//                                        `alg` is RS256 or ES256
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

const [port, audience, url] = process.argv.slice(2);
let issuer, keys, answer;

function key(alg) {
  const { privateKey } =
    alg === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg };
}

function provider(keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [{
      client_id: "daemon", client_secret: "secret", grant_types: ["client_credentials"],
      redirect_uris: [], response_types: [],
    }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx) => ({
          scope: "access_as_user", audience, accessTokenTTL: 300, accessTokenFormat: "jwt",
          jwt: { sign: { alg: ctx.oidc.body?.alg ?? "RS256" } },
        }),
      },
    },
    extraParams: ["claims_json", "alg"],
    extraTokenClaims: (ctx) => JSON.parse(ctx.oidc.body?.claims_json ?? "{}"),
  }).callback();
}

function sign(next) {
  keys = next;
  answer = provider(keys);
}

const server = createServer((request, response) => {
  const next = request.method === "POST" && {
    "/_peer/rotate": () => [key("RS256"), ...keys],
    "/_peer/drop": () => [key("RS256")],
  }[request.url];
  if (!next) return answer(request, response);
  sign(next());
  response.end(JSON.stringify({ kid: keys[0].kid }));
});

server.listen(Number(port), "127.0.0.1", () => {
  issuer = url ?? `http://127.0.0.1:${server.address().port}`;
  sign([key("RS256"), key("ES256")]);
  console.log(JSON.stringify({ issuer }));
});
