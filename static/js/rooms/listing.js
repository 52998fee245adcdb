// The models to choose from, marked by what the question asks for.

const SETTLED_MS = 300; // after the last letter

export async function listModels(api, models, query, signal) {
  models.show(await api.models(query, signal));
}

export function listWhileTyping(api, models, form, tell) {
  let settling;
  let listing;
  form.element.addEventListener("words", () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      listing?.abort();
      listing = new AbortController();
      listModels(api, models, form.query, listing.signal).catch(tell);
    }, SETTLED_MS);
  });
}
