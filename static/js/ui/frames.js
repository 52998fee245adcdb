// Calls `render` once per animation frame at the most, however often it is asked for, and
// less often where a frame is dear: what it costs to render, lay out and paint is at most a
// third of the time, so that there is always room to scroll, press and type.

const REST = 2; // times as long as the frame before took

export function oncePerFrame(render) {
  let asked = false;
  let resting = 0; // until when
  return () => {
    if (asked) return;
    asked = true;
    const draw = () => {
      const began = performance.now();
      if (began < resting) return void requestAnimationFrame(draw);
      asked = false;
      render();
      // The next task is after this frame's layout and paint.
      setTimeout(() => (resting = performance.now() + REST * (performance.now() - began)));
    };
    requestAnimationFrame(draw);
  };
}
