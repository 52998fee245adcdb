// The events of a comparison in the words of an analysis, which a Session understands.

const END = { done: "model_end", failed: "error", cancelled: "error" };

export function fromComparison(event) {
  const { type, model } = event;
  switch (type) {
    case "start":
      return [
        { event_type: "start", run_id: event.run_id, models: [model] },
        { event_type: "model_start", model },
      ];
    case "chunk":
      return [{ event_type: "text_generation", model, text: event.content }];
    case "error":
      return [{ ...event, event_type: "error" }];
    case "done":
      // With an error, the error has been told already.
      return event.error ? [] : [{ ...event, event_type: "model_end" }];
    case "complete":
      return complete(event.metadata);
    default:
      return [];
  }
}

// Figures come for all models together, at the end.
function complete({ models, models_successful, processing_time_ms }) {
  const told = [];
  let cancelled = 0;
  for (const [model, { state, cached, finish_reason, error, ...metrics }] of Object.entries(models)) {
    if (state === "cancelled") cancelled += 1;
    if (cached) told.push({ event_type: "model_cached", model });
    if (metrics.duration !== undefined) told.push({ event_type: "performance_metrics", model, metrics });
    // Its own end has been heard before, unless something between us lost it.
    if (END[state]) told.push({ event_type: END[state], model, finish_reason, ...error });
  }
  const asked = Object.keys(models).length;
  told.push({
    event_type: "complete",
    models_analyzed: asked,
    succeeded: models_successful,
    failed: asked - models_successful - cancelled,
    cancelled,
    total_time: processing_time_ms / 1000,
  });
  return told;
}
