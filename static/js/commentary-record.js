// A commentary as a plain object, to be kept: what was asked for and what is said when.

export function commentaryRecord(commentary, { file, title = null, options }, at = new Date()) {
  const { runId, state, problem, inOrder, result } = commentary;
  return {
    format: "parallax-run",
    exported: at.toISOString(),
    run_id: runId,
    kind: "commentary",
    state,
    video: file,
    title,
    options,
    problem,
    warnings: result?.warnings ?? [],
    film: result?.final_video ?? null,
    lines: inOrder.map(({ index, start, end, text, speaker, state: fared, message }) => {
      return { index, start, end, speaker, text, failed: fared === "failed", message };
    }),
  };
}
