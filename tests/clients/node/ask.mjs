// A stock OpenFeature client, as its documentation sets it up: `node ask.mjs server|web URL SECRET`.
// Each line in is {context, flags: {key: default}}; each line out is the details told of each flag.

import { createInterface } from "node:readline";

const [client, baseUrl, secret] = process.argv.slice(2);
const headers = [["Authorization", `Bearer ${secret}`]];

async function serverClient() {
  const { OpenFeature } = await import("@openfeature/server-sdk");
  const { OFREPProvider } = await import("@openfeature/ofrep-provider");
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers }));
  return async (context) => {
    const stock = OpenFeature.getClient();
    return (kind, key, fallback) => stock[`get${kind}Details`](key, fallback, context);
  };
}

async function webClient() {
  const { OpenFeature } = await import("@openfeature/web-sdk");
  const { OFREPWebProvider } = await import("@openfeature/ofrep-web-provider");
  const options = { baseUrl, headers, cacheMode: "disabled" };
  let started = false;
  return async (context) => {
    // A changed context makes the stock provider fetch every flag anew, as a page load does.
    await OpenFeature.setContext(context);
    if (!started) await OpenFeature.setProviderAndWait(new OFREPWebProvider(options));
    started = true;
    const stock = OpenFeature.getClient();
    return (kind, key, fallback) => stock[`get${kind}Details`](key, fallback);
  };
}

const lookWith = await { server: serverClient, web: webClient }[client]();

for await (const line of createInterface({ input: process.stdin })) {
  const { context, flags } = JSON.parse(line);
  const look = await lookWith(context);
  const told = {};
  for (const [key, fallback] of Object.entries(flags)) {
    told[key] = await look(typeof fallback === "string" ? "String" : "Boolean", key, fallback);
  }
  console.log(JSON.stringify(told));
}
process.exit(0);
