// Loaded into the CDK CLI on the local AWS only: it asks for a stack's state every half second instead of every five.
// The CLI has no setting for it (its `waitFor(provider, timeout = 5e3)`), and nobody pays for requests here. Only what
// waits by a promise is hurried, no time limit.
const wait = globalThis.setTimeout;
const resolves = (callback) => Function.prototype.toString.call(callback).includes("[native code]");
globalThis.setTimeout = Object.assign(
  (callback, delay, ...rest) => wait(callback, delay === 5000 && resolves(callback) ? 500 : delay, ...rest),
  wait,
);
