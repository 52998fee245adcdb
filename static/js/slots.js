// How an address names slots: `?models=gemini,demo@rate=50,tokens=20` are two of them.

// A comma also separates a slot's options, so what reads `name=value` belongs to the one before.
export function readSlots(text) {
  const slots = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (!part) continue;
    const option = /^[\w-]+=[^@]*$/.test(part) && slots.at(-1)?.includes("@");
    if (option) slots.push(`${slots.pop()},${part}`);
    else if (!slots.includes(part)) slots.push(part);
  }
  return slots;
}

export const modelOf = (slot) => slot.split("@")[0];
