// Node-RED with its defaults, without what a production set-up switches off anyway: no editor, no debug, quiet log.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.BENCH_PORT),
  userDir: process.env.BENCH_FOLDER,
  flowFile: process.env.BENCH_FLOWS,
  credentialSecret: false,
  disableEditor: true,
  httpAdminRoot: false,
  httpNodeRoot: "/",
  functionGlobalContext: { crypto: require("crypto") },
  telemetry: { enabled: false },
  logging: { console: { level: "warn", metrics: false, audit: false } },
};
