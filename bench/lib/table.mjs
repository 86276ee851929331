import { round } from "./measure.mjs";

/** Markdown of all results: medians, and each one's difference and ratio to the case's base in the same run. */
export function tableOf({ facts, cases }) {
  const lines = [
    "# Results",
    "",
    "Written by `npm run bench`; method and noise: ../README.md. Milliseconds, medians of interleaved runs.",
    "",
    ...Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`),
  ];
  for (const [name, { title, results, base, requests }] of Object.entries(cases)) {
    lines.push(
      "",
      `## ${name}: ${title}`,
      "",
      "| what | median | min | p90 | over base | ratio | peak MiB |",
      "|---|---|---|---|---|---|---|",
    );
    for (const [subject, { median, min, p90, peakMiB }] of Object.entries(results)) {
      const against = results[base].median;
      const compared = subject === base ? ["base", "1"] : [signed(median - against), (median / against).toFixed(2)];
      lines.push(`| ${[subject, median, min, p90, ...compared, peakMiB ?? ""].join(" | ")} |`);
    }
    if (requests) {
      const total = Object.values(requests).reduce((sum, each) => sum + each, 0);
      const each = Object.entries(requests).map(([request, times]) => `${times} × \`${request}\``);
      lines.push("", `Requests of one run: ${total} (${each.join(", ")}).`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${round(Math.abs(value))}`;
}
