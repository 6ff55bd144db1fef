// The body of n8n's Code node: verify the raw bytes, decide by one constant program, say which way the item goes.
// require() works here because the instance was started with NODE_FUNCTION_ALLOW_BUILTIN=crypto.
const crypto = require("crypto");
const { headers } = $input.first().json;
const body = await this.helpers.getBinaryDataBuffer(0, "data");
const stamp = headers["x-sandbox-timestamp"];
const expected = "v1=" + crypto.createHmac("sha256", $env.BENCH_SECRET).update(stamp + ".").update(body).digest("hex");
const given = headers["x-sandbox-signature"] || "";
if (given.length !== expected.length || !crypto.timingSafeEqual(Buffer.from(given), Buffer.from(expected))) {
  return [{ json: { way: 2 } }];
}
const event = JSON.parse(body);
const program = { key: "support-pilot", stage: "first_interview", titles: [/^.*customer support.*$/i], share: 1.0 };
const application = {
  id: event.application_id, stage: "first_interview", disposition: null, emails: 1,
  job: { title: "Customer Support Specialist", status: "open" }, open: 0, finished: 0,
};
const hash = crypto.createHash("sha256").update(program.key + "\n" + application.id).digest();
const starts = application.disposition === null && application.stage === program.stage
  && program.titles.some((title) => title.test(application.job.title)) && application.job.status === "open"
  && application.emails > 0 && application.open === 0 && application.finished === 0
  && Number(hash.readBigUInt64BE(0)) / 2 ** 64 < program.share;
const sent = { application_id: event.application_id, event_id: event.id, program: program.key, verdict: "start" };
return [{ json: starts ? { way: 0, post: sent } : { way: 1 } }];
