// The stock web client with a stream, as a page uses it: `node watch.mjs URL SECRET FLAG KEY`.
// Nothing polls. A line is written for the first value and for every one that follows.

import { EventSource } from "eventsource";
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

const [baseUrl, secret, flag, targetingKey] = process.argv.slice(2);
globalThis.EventSource = EventSource;

const client = OpenFeature.getClient();
const tell = () => {
  const told = client.getBooleanDetails(flag, false);
  console.log(JSON.stringify({ value: told.value, reason: told.reason, variant: told.variant }));
};
OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, tell);
await OpenFeature.setContext({ targetingKey });
await OpenFeature.setProviderAndWait(
  new OFREPWebProvider({
    baseUrl,
    headers: [["Authorization", `Bearer ${secret}`]],
    cacheMode: "disabled",
    pollInterval: 0,
  }),
);
tell();
process.stdin.on("end", () => process.exit(0)).resume();
