// The hook and the composable of docs/frontends.md, as they stand there, in React and in Vue
// and against a real server. Run by tests/page/test_frontends.py, which serves it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const page = readFileSync(join(here, "../../docs/frontends.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "frontends-"));
after(() => rmSync(folder, { recursive: true }));
symlinkSync(join(here, "../../static/js"), join(folder, "parallax"));
symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));
writeFileSync(join(folder, "package.json"), '{"type": "module"}');

// A module of the page, by the name in its first line.
function taken(name) {
  const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  const code = blocks.find((block) => block.startsWith(`// ${name}\n`));
  assert.ok(code, `docs/frontends.md has no ${name}`);
  writeFileSync(join(folder, name), code);
  return import(pathToFileURL(join(folder, name)));
}
const module = (name) => import(pathToFileURL(join(folder, "parallax", name)));

const { Api } = await module("api.js");
const { COMPARISON } = await module("kinds.js");
const api = new Api(process.env.PARALLAX);
const QUESTION = { query: "What happens?", models: ["demo@first=0.1,rate=200,tokens=40", "cuts"], video_id: "sample" };
const SLOW = { query: "?", models: ["demo@first=0,rate=20,tokens=2000"], video_id: "sample" };

async function until(fact) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await fact();
    if (value) return value;
    assert.ok(Date.now() < deadline, `not in time: ${fact}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const told = async (runId) => Object.values((await api.run(runId)).models).map(({ text }) => text);

const draws = (view, texts) => until(() => JSON.stringify(view.shown()) === JSON.stringify(texts));

// Renders with `useRun` and gives {shown(), draws(), store, unmount}.
async function inReact(how) {
  const React = (await import(pathToFileURL(join(folder, "node_modules/react/index.js")))).default;
  const { create } = (await import(pathToFileURL(join(folder, "node_modules/react-test-renderer/index.js")))).default;
  const { useRun } = await taken("useRun.js");
  const held = {};
  let draws = 0;
  function Run() {
    const { run, store } = useRun(api, how);
    held.store = store;
    draws += 1;
    return run.models.map((model) => React.createElement("p", { key: model.slot }, model.text));
  }
  const root = create(React.createElement(Run));
  await until(() => held.store);
  const shown = () => root.root.findAllByType("p").map(({ children }) => children.join(""));
  return { shown, draws: () => draws, store: held.store, unmount: () => root.unmount() };
}

async function inVue(how) {
  const vue = await import(pathToFileURL(join(folder, "node_modules/vue/index.mjs")));
  const { useRun } = await taken("useRun.vue.js");
  const element = (tag) => ({ tag, text: "", children: [], parent: null });
  const remove = (node) => node.parent?.children.splice(node.parent.children.indexOf(node), 1);
  const { createApp } = vue.createRenderer({
    createElement: element,
    createText: (text) => ({ ...element("#text"), text }),
    createComment: () => element("#comment"),
    setText: (node, text) => (node.text = text),
    setElementText: (node, text) => (node.text = text),
    parentNode: (node) => node.parent,
    nextSibling: (node) => node.parent?.children[node.parent.children.indexOf(node) + 1] ?? null,
    patchProp() {},
    remove,
    insert(node, parent, before) {
      const at = before ? parent.children.indexOf(before) : parent.children.length;
      parent.children.splice(at, 0, node);
      node.parent = parent;
    },
  });
  const held = {};
  let draws = 0;
  const app = createApp({
    setup() {
      const { run, store } = useRun(api, how);
      held.store = store;
      return () => {
        draws += 1;
        return run.value.models.map((model) => vue.h("p", { key: model.slot }, model.text));
      };
    },
  });
  const root = element("root");
  app.mount(root);
  const texts = (node) => (node.tag === "p" ? [node.text] : node.children.flatMap(texts));
  return { shown: () => texts(root), draws: () => draws, store: held.store, unmount: () => app.unmount() };
}

test("the buttons of the examples rest from the press on, not from the server's first word", () => {
  const buttons = page.match(/<button.*Ask<\/button>/g);
  assert.equal(buttons.length, 2);
  for (const button of buttons) assert.match(button, /disabled="?\{?run\.busy/);
});

for (const [name, mounted] of [["React", inReact], ["Vue", inVue]]) {
  test(`${name}: what the models say is drawn, whole and not once per piece`, async () => {
    const view = await mounted();
    await view.store.ask(QUESTION);
    const { runId, state } = view.store.get();
    assert.equal(state, "complete");
    await draws(view, await told(runId));
    assert.ok(view.draws() > 2 && view.draws() < 40, `${view.draws()} draws`);
    view.unmount();
  });

  test(`${name}: a run is come back to, and stopped`, async () => {
    const first = await mounted();
    first.store.ask(SLOW);
    const runId = await until(() => first.store.get().models[0]?.text && first.store.get().runId);
    first.unmount();
    const second = await mounted();
    const ended = second.store.comeBack(runId);
    await until(() => second.shown()[0]?.length > 40);
    await second.store.stop();
    await ended;
    assert.equal(second.store.get().models[0].state, "stopped");
    await draws(second, await told(runId));
    second.unmount();
  });

  test(`${name}: what is unmounted hears nothing more`, async () => {
    const view = await mounted();
    const asked = view.store.ask(SLOW);
    const runId = await until(() => view.store.get().models[0]?.text && view.store.get().runId);
    view.unmount();
    await asked; // ends when left
    const { text } = view.store.get().models[0];
    await until(async () => (await told(runId))[0].length > text.length + 20);
    assert.equal(view.store.get().models[0].text, text);
    await api.stop(runId);
  });

  test(`${name}: text models are compared`, async () => {
    const view = await mounted({ kind: COMPARISON });
    await view.store.ask({ input_data: "Why?", models: ["demo@first=0,tokens=5"] });
    await until(() => view.shown()[0] === "This is a demo model: ");
    assert.equal(view.store.get().models[0].metrics.word_count, 5);
    view.unmount();
  });

  test(`${name}: a button pressed twice asks once, and what was left can be asked again`, async () => {
    const view = await mounted();
    const query = `Twice, in ${name}?`;
    const press = () => view.store.ask({ ...QUESTION, query });
    const paid = async () => (await api.runs()).runs.filter((run) => run.query === query).length;
    const before = await paid();
    const first = press();
    assert.equal(view.store.get().busy, true);
    await Promise.all([first, press()]);
    assert.equal(await paid(), before + 1);
    assert.equal(view.store.get().busy, false);
    await press();
    assert.equal(await paid(), before + 2);
    view.unmount();
  });

  test(`${name}: a question that is refused is thrown with its reason`, async () => {
    const view = await mounted();
    await assert.rejects(view.store.ask({ ...QUESTION, models: ["nobody"] }), { code: "unknown_model" });
    view.unmount();
  });
}
