// The turns of a conversation before a run: which were they, and what did each model say?

export const MAX_TURNS = 20; // looked back; further ones are still told to the models

// Oldest first; `load(id)` gives a run as JSON. One that is forgotten ends the look back.
export async function turnsBefore(run, load) {
  const turns = [];
  for (let id = run.follow_up_of; id && turns.length < MAX_TURNS; ) {
    let past;
    try {
      past = await load(id);
    } catch (error) {
      if (error.status === 404) break;
      throw error;
    }
    turns.unshift(turnOf(past));
    id = past.follow_up_of;
  }
  return turns;
}

export function turnOf({ query, models }) {
  const answered = Object.entries(models).filter(([, { text }]) => text);
  return { query, answers: answered.map(([slot, { label, text }]) => ({ slot, label, text })) };
}
